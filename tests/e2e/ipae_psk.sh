#!/usr/bin/env bash
# The card's own IPA over CoAP by a pre-shared key (RFC 7925), against other people's servers: OpenSSL's for the handshake, libcoap's for
# messages as well. Another key, a server without one, two eIMs of which one has a key, and that nobody is shown it. In virtual time, without pcscd.
set -u
. "$(dirname "$0")/lib.sh"
need jq openssl
need_parts device eim ipa lpa ctl
has_coap || skip_all "softeuicc is built without libcoap"
"$softeuicc" pki init --dir "$work/pki" --host localhost --host eim.example >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

key=000102030405060708090a0b0c0d0e0f
port=$(free_port)
a=8988211000000000025
"$softeuicc" profile make --out "$work/a.der" --iccid $a --name A --operator op >/dev/null
"$softeuicc" eim config --pki "$work/pki" --fqdn eim.example --protocol coaps --out "$work/eim.der" >/dev/null

# new_card [OPTION…]: $card, which polls eim.example over CoAP.
new_card() {
    card=$work/card.db
    rm -rf "$card" "$work/state"
    "$softeuicc" create --card "$card" --pki "$work/pki" --ipae "$@" --profile "$work/a.der" >"$work/create.log" 2>&1 || not_ok "create" "$work/create.log"
    "$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
    "$softeuicc" lpa --card "$card" enable "$a" >"$work/lpa.log" 2>&1 || not_ok "the profile is enabled" "$work/lpa.log"
}
set_psk() {
    "$softeuicc" ctl --card "$card" ipae "$@" >"$work/set.log" 2>&1 || not_ok "ctl ipae" "$work/set.log"
}
fact() {
    "$softeuicc" ctl --card "$card" show --json | jq -cr "$1"
}

# lives NAME FOR: the device on a network in which the eIM is at $port; $failure is why its last poll has failed.
lives() {
    printf '%s\n' "preset lan" "host eim.example 192.0.2.1" "route 192.0.2.1:5684 127.0.0.1:$port" >"$work/net"
    timeout 60 "$softeuicc" device --card "$card" --virtual --network "$work/net" --quiet --for "$2" >"$work/device.out" 2>&1 ||
        not_ok "$1" "$work/device.out"
    failure=$(fact '.ipae.eims[0].failure')
}

# serve OPTION…: openssl s_server at $port; what it says is in $work/server.out. Its input stays open: at the end of it, it ends.
server=
serve() {
    end_server
    rm -f "$work/input"
    mkfifo "$work/input"
    openssl s_server -dtls1_2 -accept "127.0.0.1:$port" "$@" <"$work/input" >"$work/server.out" 2>&1 &
    server=$!
    processes+=("$server")
    exec 8>"$work/input"
    wait_until 10 grep -q '^ACCEPT' "$work/server.out" || not_ok "openssl s_server starts" "$work/server.out"
}
end_server() {
    [ -z "$server" ] && return
    end_process "$server"
    exec 8>&-
    server=
}

# --- nobody is shown it ------------------------------------------------------------------------------------------------------
new_card --ipae-set "psk@2.999.20=device-7:$key"
"$softeuicc" ctl --card "$card" ipae >"$work/shown"
"$softeuicc" ctl --card "$card" ipae --eim 2.999.20 >>"$work/shown"
"$softeuicc" ctl --card "$card" ipae --json >>"$work/shown"
"$softeuicc" ctl --card "$card" show >>"$work/shown"
"$softeuicc" ctl --card "$card" show --json >>"$work/shown"
matches "the identity is shown" 'device-7:\*\*\*' "$(cat "$work/shown")"
check "and the key is not, anywhere" not grep -qi "$key" "$work/shown"
"$softeuicc" ctl --card "$card" ipae "psk=$key" >"$work/refused" 2>&1
is "what is none is refused in one line" "1 softeuicc ctl: psk is IDENTITY:KEY, the key in hexadecimal; this has no ':' between identity and key" \
    "$(wc -l <"$work/refused") $(cat "$work/refused")"
check "that does not tell it either" not grep -qi "$key" "$work/refused"
"$softeuicc" ctl --card "$card" ipae "psk@2.999.20=a=b:$key" >"$work/refused" 2>&1
isnt "of one eIM, an identity with '=' is refused" 0 $?

# --- OpenSSL's server --------------------------------------------------------------------------------------------------------
for cipher in PSK-AES128-CCM8 ECDHE-PSK-AES128-CBC-SHA256; do
    serve -nocert -psk "$key" -psk_identity device-7 -psk_hint anybody -cipher "$cipher@SECLEVEL=0"
    set_psk retry-limit=1s
    lives "$cipher: a poll" 30s
    end_server
    matches "$cipher: OpenSSL and the card agree" "CIPHER is $cipher" "$(tr '\0' ' ' <"$work/server.out")"
    check "$cipher: OpenSSL knows the identity" not grep -q 'client identity not what we expected' "$work/server.out"
    check "$cipher: and the card has asked over CoAP" grep -qa 'gsma' "$work/server.out"
done

set_psk "psk@2.999.20=device-7:ff$key"
serve -nocert -psk "$key" -psk_identity device-7
lives "another key" 90s # of one poll: this server hears nobody else meanwhile
end_server
is "another key: the poll ends, and says so" \
    "coaps://eim.example:5684: the server is silent since the pre-shared key is used: it may have another key" "$failure"
check "another key: nothing was said" not grep -qa gsma "$work/server.out"

tls=$work/pki/p256/eim-tls
serve -cert "$tls.cert.pem" -key "$tls.key.pem"
lives "a server without keys" 3m
is "a server without keys: the poll ends, and says so" "coaps://eim.example:5684: the server takes no pre-shared key" "$failure"
set_psk "psk@2.999.20=default" "psk@another=device-7:$key"
lives "the key of another eIM" 3m
end_server
check "the key of another eIM is not used: the certificate counts" grep -qa gsma "$work/server.out"

# --- libcoap's server --------------------------------------------------------------------------------------------------------
if command -v coap-server-openssl >/dev/null; then
    # It takes its keys as text, and DTLS one port above its own.
    printf 'CoAP,device-7,secret-of-seven\n' >"$work/identities"
    port=$((port + 1))
    coap-server-openssl -A 127.0.0.1 -p $((port - 1)) -k another-secret -i "$work/identities" -v 7 >"$work/coap.out" 2>&1 &
    processes+=("$!")
    new_card --ipae-set "psk=device-7:$(printf secret-of-seven | od -An -v -tx1 | tr -d ' \n')"
    sleep 0.5
    lives "libcoap" 1m
    is "libcoap hears a message, and answers" "coaps://eim.example:5684: CoAP response 4.04: Not Found" "$failure"
    check "libcoap knows the identity" grep -q "got psk_identity: 'device-7'" "$work/coap.out"
else
    skip "libcoap: coap-server-openssl (Debian: libcoap3-bin) is not installed"
fi

# --- the test eIM ------------------------------------------------------------------------------------------------------------
if "$softeuicc" eim --help | grep -q coap-psk; then
    port=$(free_port)
    printf 'device-7:%s\n' "$key" >"$work/keys"
    chmod 600 "$work/keys"
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$(free_port)" --coap "127.0.0.1:$port" --coap-psk "$work/keys" --state "$work/eim.db" \
        >"$work/eim.out" 2>"$work/eim.log" &
    processes+=("$!")
    wait_until 10 grep -q '^listening on coaps' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"
    new_card --ipae-set "psk=device-7:$key"
    lives "the test eIM" 1h
    matches "the test eIM is polled by the key" '^[1-9][0-9]* 0$' "$(fact '"\(.ipae.counts.polls) \(.ipae.counts.polls_failed)"')"
else
    skip "the test eIM: it has no --coap-psk"
fi

finish
