#!/usr/bin/env bash
# What the servers' listeners let in: operators by their certificate, certificates by name and curve, more connections than there are
# descriptors, clients that are slow, and the headers of every error.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl openssl

mkdir "$work/profiles"
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid 8988211000000000025 --name Demo --operator softeuicc --metadata >/dev/null
ca=$work/pki/ci.pem

# start_server NAME OPTION…: its process is $pid, its files $work/NAME.{out,log}.
start_server() {
    fresh "$work/$1.out" "$work/$1.log"
    "$softeuicc" "$1" --pki "$work/pki" "${@:2}" >"$work/$1.out" 2>"$work/$1.log" &
    pid=$!
    processes+=("$pid")
    wait_until 20 grep -q '^listening on' "$work/$1.out" || not_ok "$1 starts" "$work/$1.log"
}
start_smdpp() {
    start_server smdpp --profiles "$work/profiles" "$@"
}

# --- operators ----------------------------------------------------------------------------------------------------------

# certificate NAME [OPTION of openssl x509…]: $work/NAME.{pem,key}, of an operator under a CA of the test's own.
certificate() {
    local name=$1
    shift
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$work/$name.key" -out "$work/$name.csr" \
        2>/dev/null
    openssl x509 -req -in "$work/$name.csr" -CA "$work/operators.pem" -CAkey "$work/operators.key" -CAcreateserial \
        -out "$work/$name.pem" "$@" 2>/dev/null
}
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -days 30 -keyout "$work/$1.key" \
        -out "$work/$1.pem" 2>/dev/null
}
authority operators
authority others
certificate operator -days 30
certificate expired -not_before 20200101000000Z -not_after 20200102000000Z 2>/dev/null
[ -s "$work/expired.pem" ] || certificate expired -days -1

order=(-H 'Content-Type: application/json' -H 'X-Admin-Protocol: gsma/rsp/v2.2.2' --data-binary
    '{"header":{"functionRequesterIdentifier":"e2e","functionCallIdentifier":"1"},"profileType":"none"}')
# status URL [OPTION of curl…]: of the HTTP answer; 000 without one.
status() {
    local url=$1
    shift
    curl -s -m 20 -o "$work/body" -w '%{http_code}' --cacert "$ca" "$@" "$url"
}

port=$(free_port)
es2_port=$(free_port)
start_smdpp --listen "127.0.0.1:$port" --address "localhost:$port" --es2-listen "localhost:$es2_port" \
    --es2-client-ca "$work/operators.pem"
matches "it says where operators are let in" "listening for operators on https://localhost:$es2_port" "$(cat "$work/smdpp.out")"
es2=https://localhost:$es2_port
lpas=https://localhost:$port
is "an operator is let in" 200 "$(status "$es2/gsma/rsp2/es2plus/downloadOrder" --cert "$work/operator.pem" --key "$work/operator.key" "${order[@]}")"
is "without a certificate: nobody" 000 "$(status "$es2/gsma/rsp2/es2plus/downloadOrder" "${order[@]}")"
is "of another CA: nobody" 000 "$(status "$es2/gsma/rsp2/es2plus/downloadOrder" --cert "$work/others.pem" --key "$work/others.key" "${order[@]}")"
is "an expired one: nobody" 000 "$(status "$es2/gsma/rsp2/es2plus/downloadOrder" --cert "$work/expired.pem" --key "$work/expired.key" "${order[@]}")"
is "also with TLS 1.2: nobody without a certificate" 000 "$(status "$es2/" --tls-max 1.2)"
refused='client (127\.0\.0\.1|::1) is refused in the TLS handshake: '
for why in 'it shows no certificate' 'self.signed certificate' 'certificate has expired'; do
    matches "the log names the client and says: $why" "$refused$why" "$(cat "$work/smdpp.log")"
done
is "the refused get one line each" 4 "$(grep -cE "$refused" "$work/smdpp.log")"
is "ES9+ is not at the operators' listener" 404 \
    "$(status "$es2/gsma/rsp2/es9plus/initiateAuthentication" --cert "$work/operator.pem" --key "$work/operator.key" "${order[@]}")"
is "the other binding neither" 404 "$(status "$es2/gsma/rsp2/asn1" --cert "$work/operator.pem" --key "$work/operator.key" "${order[@]}")"
is "ES2+ is not at the LPAs' listener" 403 "$(status "$lpas/gsma/rsp2/es2plus/downloadOrder" "${order[@]}")"
matches "and it says where" "listener for operators" "$(cat "$work/body")"
is "the orders neither" 403 "$(status "$lpas/orders")"
is "ES9+ is" 200 "$(status "$lpas/gsma/rsp2/es9plus/initiateAuthentication" "${order[@]}")"
client=(--url "$es2" --cacert "$ca" --cert "$work/operator.pem" --key "$work/operator.key")
matches "softeuicc smdpp order with a certificate" '^LPA:1\$' "$("$softeuicc" smdpp order "${client[@]}" --profile demo 2>&1)"
check "softeuicc smdpp cancel too" "$softeuicc" smdpp cancel "${client[@]}" --iccid 8988211000000000025
"$softeuicc" smdpp order --url "$es2" --cacert "$ca" --profile demo >"$work/order.log" 2>&1
matches "without one it says what is missing" 'wants a certificate of the client' "$(cat "$work/order.log")"
"$softeuicc" smdpp order --url "$es2" --cacert "$ca" --profile demo --cert "$work/none.pem" --key "$work/operator.key" >"$work/order.log" 2>&1
matches "one that is not there is named" 'none\.pem: No such file' "$(cat "$work/order.log")"
end_process "$pid"

# --- sessions -------------------------------------------------------------------------------------------------------------
# asks_again PORT [OPTION of s_client…]: "New", or "Reused" when the second connection has resumed the session of the first.
asks_again() {
    local port=$1
    shift
    fresh "$work/session.pem"
    for with in -sess_out -sess_in; do
        printf 'GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
            timeout 10 openssl s_client -connect "localhost:$port" -ign_eof $with "$work/session.pem" "$@" >"$work/session.log" 2>/dev/null
    done
    sed -nE 's/^(New|Reused), TLSv.*/\1/p' "$work/session.log" | tail -n 1
}
start_smdpp --listen "127.0.0.1:$port" --address "localhost:$port" --es2-listen "localhost:$es2_port" \
    --es2-client-ca "$work/operators.pem"
is "TLS 1.3: a client's session goes on" Reused "$(asks_again "$port" -tls1_3)"
ticket=$(openssl sess_id -in "$work/session.pem" -noout -text 2>/dev/null | grep -cE '^ +[0-9a-f]{4} - ')
is "its ticket is but a name, 32 octets" 2 "$ticket"
is "TLS 1.2: it goes on as well" Reused "$(asks_again "$port" -tls1_2)"
asks_again "$es2_port" -cert "$work/operator.pem" -key "$work/operator.key" >/dev/null
is "an operator has none, and shows a certificate each time" 0 "$(wc -c <"$work/session.pem")"
end_process "$pid"

start_smdpp --listen 127.0.0.1:0 --es2-listen "127.0.0.1:$es2_port" --address localhost
tls=(--cert "$work/pki/p256/dp-tls.cert.pem" --key "$work/pki/p256/dp-tls.key.pem")
is "without --es2-client-ca the CI of the PKI counts" 200 "$(status "$es2/orders" "${tls[@]}")"
is "and no other" 000 "$(status "$es2/orders" --cert "$work/operator.pem" --key "$work/operator.key")"
end_process "$pid"

for words in "--address a\$b" "--root-smds a/b" "--es12 smds=a/b" "--es12 smds" "--es2-client-ca $ca" "--smds-cert x" "--tls-cert x"; do
    # shellcheck disable=SC2086 # words
    timeout 10 "$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen 127.0.0.1:0 $words >"$work/words.log" 2>&1
    is "refused: $words" "2 1" "$? $(grep -c . "$work/words.log")"
done

# --- who the server is --------------------------------------------------------------------------------------------------
for name in one two; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -addext "subjectAltName=DNS:$name.test" \
        -days 30 -keyout "$work/$name.key" -out "$work/$name.pem" 2>/dev/null
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1 -nodes -subj /CN=bp -addext "subjectAltName=DNS:two.test" -days 30 \
    -keyout "$work/bp.key" -out "$work/bp.pem" 2>/dev/null
# shown [OPTION of s_client…]: the subject of the certificate that the server shows.
shown() {
    openssl s_client -connect "localhost:$port" "$@" </dev/null 2>/dev/null | openssl x509 -noout -subject 2>/dev/null | sed 's/.*CN *= *//'
}
shows_by_name_and_curve() {
    is "$1: a client that asks for no name is shown the first certificate" one "$(shown -noservername)"
    is "$1: a name of none too" one "$(shown -servername three.test)"
    is "$1: the name of the second gets the second" two "$(shown -servername two.test)"
    is "$1: a client with brainpool alone gets that of its curve" bp "$(shown -noservername -tls1_2 -groups brainpoolP256r1)"
    is "$1: that of its curve and name" bp "$(shown -servername two.test -tls1_2 -groups brainpoolP256r1)"
    is "$1: a client with both gets the first" two "$(shown -servername two.test -groups P-256:brainpoolP256r1)"
}
who=(--listen "localhost:$port" --address one.test --address "two.test:$port" --tls-cert "$work/one.pem" --tls-key "$work/one.key"
    --tls-cert "$work/two.pem" --tls-key "$work/two.key" --tls-cert "$work/bp.pem" --tls-key "$work/bp.key")
for server in smdpp smds eim; do
    options=()
    [ $server != smdpp ] || options=(--profiles "$work/profiles")
    start_server $server "${options[@]}" "${who[@]}"
    shows_by_name_and_curve $server
    end_process "$pid"
    start_server $server "${options[@]}" --listen "localhost:$port"
    is "$server: a PKI of both curves: brainpool for who asks for it" brainpoolP256r1 "$(openssl s_client -connect "localhost:$port" -tls1_2 \
        -groups brainpoolP256r1 </dev/null 2>/dev/null | openssl x509 -noout -text | sed -n 's/.*ASN1 OID: //p')"
    end_process "$pid"
done

start_smdpp --listen "0.0.0.0:$port"
isnt "a server on every address is called something that leads to it" '' "$(grep -v ' as 0\.0\.0\.0' "$work/smdpp.out")"
matches "and warns that everybody may order" 'takes orders from everybody' "$(cat "$work/smdpp.log")"
end_process "$pid"

# --- more connections than descriptors ----------------------------------------------------------------------------------
ticks() {
    awk '{ print $14 + $15 }' "/proc/$pid/stat"
}
fresh "$work/smdpp.out" "$work/smdpp.log"
(ulimit -n 64 && exec "$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address localhost) \
    >"$work/smdpp.out" 2>"$work/smdpp.log" &
pid=$!
processes+=("$pid")
wait_until 20 grep -q '^listening on' "$work/smdpp.out"
idle=()
for ((i = 0; i < 80; i++)); do
    exec {fd}<>"/dev/tcp/127.0.0.1/$port" && idle+=("$fd")
done 2>/dev/null
sleep 1
before=$(ticks)
sleep 3
used=$(($(ticks) - before))
check "80 connections on 64 descriptors cost no time ($used ticks in 3 s)" test "$used" -lt 100
is "and a client who asks for something is served" 200 "$(status "$lpas/")"
for fd in "${idle[@]}"; do exec {fd}>&-; done
is "and when they have gone, too" 200 "$(status "$lpas/")"
end_process "$pid"

# --- errors -------------------------------------------------------------------------------------------------------------
long=$(printf '%020000d' 0)
smdpp_port=$port
eim_port=$(free_port)
start_server eim --listen "localhost:$eim_port"
start_smdpp --listen "localhost:$smdpp_port"

# raw PORT TEXT: what a server answers to these octets.
raw() {
    { printf '%b' "$2"; sleep 0.3; } | timeout 5 openssl s_client -connect "localhost:$1" -quiet -no_ign_eof 2>/dev/null
}
# errors_are_whole NAME PORT PROTOCOL: every answer that is an error has the version in its header, and a type when it has a body.
errors_are_whole() {
    local name=$1 port=$2 protocol=$3 text answers=0 bad='' codes=''
    local host='Host: localhost' v="X-Admin-Protocol: $3"
    local texts=(
        'nonsense\r\n\r\n' 'GET\r\n\r\n' 'GET / HTTP/9.9\r\n\r\n' 'GET / HTTP/1.1\r\nno colon\r\n\r\n' "FROB / HTTP/1.1\\r\\n$host\\r\\n\\r\\n"
        "CONNECT localhost:1 HTTP/1.1\\r\\n$host\\r\\n\\r\\n" "GET /none HTTP/1.1\\r\\n$host\\r\\n\\r\\n" "GET http://[/ HTTP/1.1\\r\\n\\r\\n"
        "DELETE / HTTP/1.1\\r\\n$host\\r\\n\\r\\n" "TRACE / HTTP/1.1\\r\\n$host\\r\\n\\r\\n" "GET / HTTP/1.1\\r\\nX: $long\\r\\n\\r\\n"
        "GET /$long HTTP/1.1\\r\\n\\r\\n" "POST /gsma/rsp2/es9plus/x HTTP/1.1\\r\\n$v\\r\\nContent-Type: application/json\\r\\n\\r\\n"
        'POST /gsma/rsp2/asn1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n' 'POST /gsma/rsp2/asn1 HTTP/1.1\r\nContent-Length: x\r\n\r\n'
        'POST /gsma/rsp2/asn1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n' "POST /gsma/rsp2/asn1 HTTP/1.1\\r\\nExpect: more\\r\\n$v\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
        'POST /gsma/rsp2/asn1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}' "POST /gsma/rsp2/asn1 HTTP/1.1\\r\\n$v\\r\\nContent-Type: text/plain\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
        "POST /gsma/rsp2/asn1 HTTP/1.1\\r\\n$v\\r\\nContent-Type: application/x-gsma-rsp-asn1\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
        'POST /v1/orders HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{' 'PUT /v1/orders HTTP/1.1\r\n\r\n'
    )
    for text in "${texts[@]}"; do
        raw "$port" "$text" | tr -d '\r\0' >"$work/raw"
        code=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$work/raw")
        case $code in '' | [123]*) continue ;; esac
        answers=$((answers + 1))
        codes+=" $code"
        sed '/^$/q' "$work/raw" >"$work/head"
        sed '1,/^$/d' "$work/raw" >"$work/rest"
        grep -qiF "X-Admin-Protocol: $protocol" "$work/head" || bad+=" $code(version)"
        [ "$(grep -ci '^X-Admin-Protocol' "$work/head")" = 1 ] || bad+=" $code(twice)"
        [ ! -s "$work/rest" ] || grep -qi '^Content-Type: ' "$work/head" || bad+=" $code(type)"
    done
    is "$name: every error has the protocol's headers (of$codes)" '' "$bad"
    check "$name: they were provoked" test "$answers" -ge 14
}
errors_are_whole "SM-DP+" "$smdpp_port" gsma/rsp/v2.2.2
errors_are_whole eIM "$eim_port" gsma/rsp/v2.1.0
is "a body that is too large is refused so, too" "413 gsma/rsp/v2.2.2" "$(head -c 400000 /dev/zero | curl -s -o /dev/null --cacert "$ca" \
    -w '%{http_code} %header{x-admin-protocol}' -H 'Expect:' --data-binary @- "https://localhost:$smdpp_port/gsma/rsp2/asn1")"
end_process "$pid"
is "it ends in order" 0 "$status"
finish
