#!/usr/bin/env bash
# `softeuicc pki` and TLS: clients that have nothing but the CI believe servers whose certificates hang on sub-CAs; who cannot use such a PKI
# says so; what is wrong with a server's certificate is said when it starts.
set -u
. "$(dirname "$0")/lib.sh"
need curl openssl

mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid 8988211000000000025 --name Demo --operator softeuicc --metadata >/dev/null
for variant in O A B C; do
    "$softeuicc" pki init --dir "$work/$variant" --variant "$variant" >"$work/pki.log" 2>&1 || not_ok "pki init --variant $variant" "$work/pki.log"
done

# serve CERT KEY: an SM-DP+ with these for TLS, on $port.
serve() {
    port=$(free_port)
    fresh "$work/smdpp.out"
    "$softeuicc" smdpp --pki "$work/O" --tls-cert "$1" --tls-key "$2" --profiles "$work/profiles" --listen "127.0.0.1:$port" \
        --address "localhost:$port" --state "$work/$port.db" >"$work/smdpp.out" 2>"$work/smdpp.log" &
    server=$!
    processes+=("$server")
    wait_until 10 grep -q '^listening on' "$work/smdpp.out" || not_ok "the SM-DP+ starts" "$work/smdpp.log"
}

# --- chains -------------------------------------------------------------------------------------------------------------
for variant in O A B C; do
    dir=$work/$variant
    serve "$dir/p256/dp-tls.cert.pem" "$dir/p256/dp-tls.key.pem"
    is "variant $variant: nothing is wrong with its certificate" '' "$(grep warning "$work/smdpp.log")"
    # shellcheck disable=SC2016
    check "variant $variant: openssl with only the CI" sh -c 'timeout 10 openssl s_client -connect "localhost:$1" -CAfile "$2/ci.pem" -verify_return_error \
        -verify_hostname localhost -x509_strict -showcerts </dev/null >"$2/sent" 2>&1' sh "$port" "$dir"
    is "variant $variant: the server sends its file" "$(grep -c BEGIN "$dir/p256/dp-tls.cert.pem")" "$(grep -c BEGIN "$dir/sent")"
    check "variant $variant: curl with only the CI" curl -sf --cacert "$dir/ci.pem" "https://localhost:$port/"
    [ "$variant" = O ] || check "variant $variant: curl with another CI" not curl -sf --cacert "$work/O/ci.pem" "https://localhost:$port/"
    end_process "$server"
    # What a client like rustls, which knows no policies, would refuse a certificate for.
    is "variant $variant: critical are usage and constraints only" '' "$(for cert in "$dir"/p256/{dp-tls,ds-tls,eim-tls,*p-subca,ci-subca}.cert.pem; do
        [ ! -e "$cert" ] || openssl x509 -in "$cert" -noout -text | grep ': critical' | grep -Ev 'Key Usage|Basic Constraints'
    done)"
done

# --- who needs one without sub-CAs ----------------------------------------------------------------------------------------

# refused NAME COMMAND…: fails with one line that names the reason.
refused() {
    local name=$1
    shift
    if timeout 20 "$softeuicc" "$@" >"$work/out" 2>"$work/err"; then not_ok "$name"; else ok "$name"; fi
    is "$name: one line" 1 "$(wc -l <"$work/err")"
    matches "$name: why" 'is a PKI of variant [ABC]: its certificates hang on sub-CAs' "$(cat "$work/err")"
}
refused "a card of variant A" create --card "$work/card.db" --pki "$work/A"
refused "an SM-DP+ of variant B" smdpp --pki "$work/B" --profiles "$work/profiles" --listen "127.0.0.1:$(free_port)"
refused "an eIM of variant C" eim --pki "$work/C" --listen "127.0.0.1:$(free_port)" --state "$work/eim.db"
check "no card is left" not test -e "$work/card.db"

# --- what clients will mind -----------------------------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout "$work/bare.key" -out "$work/bare.pem" 2>/dev/null
chmod 600 "$work/bare.key"
serve "$work/bare.pem" "$work/bare.key"
is "a certificate without a host's name" "softeuicc smdpp: warning: $work/bare.pem: the TLS certificate has no host's name or address\
 (subjectAltName): clients will refuse it" "$(grep warning "$work/smdpp.log")"
end_process "$server"
if timeout 20 "$softeuicc" eim --pki "$work/O" --listen "127.0.0.1:$(free_port)" --state "$work/eim.db" --tls-cert "$work/bare.pem" \
    --tls-key "$work/O/p256/eim-tls.key.pem" >/dev/null 2>"$work/err"; then
    not_ok "an eIM with another's key"
else
    is "an eIM with another's key" "softeuicc eim: $work/O/p256/eim-tls.key.pem is not the private key of $work/bare.pem" "$(cat "$work/err")"
fi
if has_coap; then
    if timeout 20 "$softeuicc" eim --pki "$work/O" --plain --listen "127.0.0.1:$(free_port)" --coap "127.0.0.1:$(free_port)" --state "$work/eim2.db" \
        --tls-cert "$work/bare.pem" --tls-key "$work/O/p256/eim-tls.key.pem" >/dev/null 2>"$work/err"; then
        not_ok "an eIM with another's key for CoAP"
    else
        is "an eIM with another's key for CoAP" "softeuicc eim: $work/O/p256/eim-tls.key.pem is not the private key of $work/bare.pem" "$(cat "$work/err")"
    fi
fi
finish
