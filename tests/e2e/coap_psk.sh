#!/usr/bin/env bash
# ESipa over DTLS by pre-shared key: `softeuicc eim --coap-psk` polled by `softeuicc ipa --psk`, by openssl s_client and by
# coap-client-openssl; wrong keys, unknown identities, keys that are for another EID, and certificates at the same port. Needs no reader.
set -u
. "$(dirname "$0")/lib.sh"
need jq openssl
need_parts eim ipa
has_coap || skip_all "softeuicc is built without libcoap"

eid=89049032000000000000000000000163
other_eid=89049032000000000000000000000262
key=00112233445566778899aabbccddeeff
wrong_key=ff112233445566778899aabbccddeeff
port=$(free_port)
coap_port=$(free_port)
plain_port=$(free_port)
plain_coap_port=$(free_port)
coaps=coaps://localhost:$coap_port

# start_eim NAME PORT OPTION…
start_eim() {
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$2" --state "$work/$1.db" "${@:3}" >"$work/$1.out" 2>"$work/$1.log" &
    processes+=("$!")
    wait_until 10 grep -q '^listening on coaps' "$work/$1.out" || {
        not_ok "the eIM starts" "$work/$1.log"
        exit 1
    }
}

# ipa FILE WORD…: with the key in FILE; what it says is in $work/ipa.log.
ipa() {
    "$softeuicc" ipa --card "$work/card.db" --psk "$work/$1" "${@:2}" >"$work/ipa.log" 2>&1
}

# refused NAME PATTERN FILE [OPTION…]: a poll fails with one line.
refused() {
    ipa "${@:3}" poll
    is "$1: it fails" 1 "$?"
    matches "$1: it is said" "$2" "$(cat "$work/ipa.log")"
}

# wrong_usage NAME PATTERN WORD…
wrong_usage() {
    "$softeuicc" "${@:3}" >"$work/usage.log" 2>&1
    is "$1: wrong usage" 2 "$?"
    matches "$1: it is said" "$2" "$(cat "$work/usage.log")"
}

# not_started NAME PATTERN TEXT: no eIM with this file.
not_started() {
    printf '%b' "$3" >"$work/bad.txt"
    "$softeuicc" eim --pki "$work/pki" --listen 127.0.0.1:0 --coap 127.0.0.1:0 --coap-psk "$work/bad.txt" >"$work/bad.log" 2>&1
    is "$1: no eIM" 1 "$?"
    matches "$1: it is said" "$2" "$(cat "$work/bad.log")"
}

# s_client IDENTITY KEY [OPTION…]: a handshake of OpenSSL's own client, by a key alone; what it says is in $work/s_client.log.
s_client() {
    timeout 5 openssl s_client -dtls1_2 -connect "127.0.0.1:$coap_port" -psk_identity "$1" -psk "$2" -cipher PSK "${@:3}" \
        </dev/null >"$work/s_client.log" 2>&1
}

umask 077
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
"$softeuicc" create --card "$work/card.db" --pki "$work/pki" --eid "$eid" >"$work/create.log" 2>&1 || not_ok "create" "$work/create.log"
printf '# the bench\n\n%s:%s\nbench:0102030405060708\n%s:0a0b0c\n' "$eid" "$key" "$other_eid" >"$work/keys.txt"
printf '%s:%s\n' "$eid" "$key" >"$work/key.txt"
printf '%s:%s\n' "$eid" "$wrong_key" >"$work/wrong.txt"
printf 'bench:0102030405060708\n' >"$work/bench.txt"
printf '%s:0a0b0c\n' "$other_eid" >"$work/other.txt"
printf 'nobody:%s\n' "$key" >"$work/nobody.txt"
start_eim eim "$port" --coap "127.0.0.1:$coap_port" --coap-psk "$work/keys.txt"
start_eim plain "$plain_port" --coap "127.0.0.1:$plain_coap_port"
"$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$coap_port" --protocol coaps --out "$work/eim.der" >"$work/config.log" 2>&1
check "the card is associated" ipa key.txt add-eim "$work/eim.der"

# What does not decrypt has no answer, so that this takes its minute: beside the others.
"$softeuicc" create --card "$work/slow.db" --pki "$work/pki" --eid "$eid" >"$work/create.log" 2>&1
"$softeuicc" ipa --card "$work/slow.db" add-eim "$work/eim.der" >"$work/slow.log" 2>&1
"$softeuicc" ipa --card "$work/slow.db" --psk "$work/wrong.txt" poll >"$work/slow.log" 2>&1 &
slow_pid=$!
processes+=("$slow_pid")

# --- a device and its key -----------------------------------------------------------------------------------------------
check "it polls by its key" ipa key.txt poll
matches "the eIM is given what it asks for" 'eUICC data given' "$(cat "$work/ipa.log")"
"$softeuicc" eim list --url "https://localhost:$port" --cacert "$work/pki/ci.pem" --token-file "$work/eim.db.token" --eid "$eid" \
    --wait 30 >"$work/list.log" 2>&1 &
list_pid=$!
processes+=("$list_pid")
wait_until 10 sh -c "'$softeuicc' eim orders --url https://localhost:$port --cacert '$work/pki/ci.pem' --json |
    jq -e '[.. | objects | select(.state? == \"queued\")] | length > 0'" >/dev/null 2>&1
check "it runs a package" ipa key.txt poll
matches "that lists profiles" 'package run, .*listProfileInfo ok' "$(cat "$work/ipa.log")"
check "the order that waits is told of the result" wait "$list_pid"
check "another name than its EID does as well" ipa bench.txt poll
check "the first key of a file counts" ipa keys.txt poll

# --- those who are not meant --------------------------------------------------------------------------------------------
refused "an unknown identity" "no DTLS connection \(the server has no key for the identity 'nobody'\)" nobody.txt
check "the eIM logs it" grep -q "CoAP: a client with the unknown identity 'nobody'" "$work/eim.log"
refused "the key of another EID" 'CoAP response 4\.03' other.txt
check "the eIM logs it too" grep -q "CoAP: the client with the key of $other_eid sent a message of $eid" "$work/eim.log"
refused "an eIM that takes no keys" 'no DTLS connection \(the server takes no pre-shared keys' key.txt --eim "coaps://localhost:$plain_coap_port"
check "certificates are taken at the same port" env SOFTEUICC_CACERT="$work/pki/ci.pem" "$softeuicc" ipa --card "$work/card.db" poll

# --- clients of others --------------------------------------------------------------------------------------------------
check "openssl's client with the key" s_client "$eid" "$key"
matches "has a suite by key" 'Cipher is (ECDHE-|DHE-)?PSK-' "$(cat "$work/s_client.log")"
check "a client that has a key and takes certificates too" s_client "$eid" "$key" -cipher ALL -CAfile "$work/pki/ci.pem" \
    -verify_return_error
check "a wrong key" not s_client "$eid" "$wrong_key"
check "an unknown identity" not s_client nobody "$key"
matches "has its alert" 'alert number 115|unknown psk identity' "$(cat "$work/s_client.log")"
check "an identity that would spoil the log" not s_client "$(printf 'x\033[2J')" "$key"
check "is logged without" grep -q "unknown identity 'x?\[2J'" "$work/eim.log"
if command -v coap-client-openssl >/dev/null; then
    printf '\277\117\000' >"$work/message" # GetEimPackage without eidValue: missingEid(4)
    coap-client-openssl -m post -f "$work/message" -u "$eid" -k "$(printf '\12\13\14')" -B 3 -o "$work/coap.out" "coaps://127.0.0.1:$coap_port/gsma/rsp2/asn1" \
        >"$work/coap.log" 2>&1
    check "libcoap's client with a wrong key has no answer" not test -s "$work/coap.out"
    coap-client-openssl -m post -f "$work/message" -u "$other_eid" -k "$(printf '\12\13\14')" -B 20 -o "$work/coap.out" \
        "coaps://127.0.0.1:$coap_port/gsma/rsp2/asn1" >"$work/coap.log" 2>&1
    is "libcoap's client with its key has" BF4F03020104 "$(hex_of "$work/coap.out")"
else
    skip "libcoap's client: coap-client-openssl is not installed"
fi

# --- files and options --------------------------------------------------------------------------------------------------
not_started "a key that is none" 'bad\.txt:3 has a key that is not hexadecimal' '# x\na:00\nb:0x\n'
not_started "an identity twice" 'bad\.txt:2 has an identity that an earlier line has' 'a:00\na:01\n'
not_started "an empty file" 'bad\.txt has no key' ''
chmod 644 "$work/key.txt"
check "others may read the key" ipa key.txt status
matches "which is said" 'warning: others may read the secret in .*key\.txt' "$(cat "$work/ipa.log")"
refused "no file" 'cannot open .*nothing\.txt' nothing.txt
wrong_usage "--coap-psk without --coap" '--coap-psk needs --coap' eim --pki "$work/pki" --coap-psk "$work/keys.txt"
wrong_usage "--psk by HTTPS" '--psk needs --protocol coap' ipa --card "$work/card.db" --psk "$work/key.txt" --protocol https poll
wrong_usage "--psk and an https URL" '--psk needs --eim coaps' ipa --card "$work/card.db" --psk "$work/key.txt" --eim https://localhost:1 poll
wrong_usage "--psk in JSON" '--psk and --json-binding exclude' ipa --card "$work/card.db" --psk "$work/key.txt" --json-binding poll
"$softeuicc" create --card "$work/https.db" --pki "$work/pki" --eid "$eid" >"$work/create.log" 2>&1
"$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$port" --out "$work/https.der" >"$work/config.log" 2>&1
"$softeuicc" ipa --card "$work/https.db" add-eim "$work/https.der" >"$work/config.log" 2>&1
"$softeuicc" ipa --card "$work/https.db" --psk "$work/key.txt" poll >"$work/ipa.log" 2>&1
is "an eIM that is asked by HTTPS: it fails" 1 "$?"
matches "an eIM that is asked by HTTPS: it is said" 'asked by HTTPS, which takes no pre-shared key' "$(cat "$work/ipa.log")"

wait "$slow_pid"
is "a wrong key: it fails" 1 "$?"
matches "a wrong key: it is said" "the server seems to have another key for the identity '$eid'" "$(cat "$work/slow.log")"
finish
