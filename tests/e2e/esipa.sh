#!/usr/bin/env bash
# ESipa at `softeuicc eim` over HTTPS (curl) and CoAP with DTLS (coap-client-openssl): every bad request, messages that are relayed to the
# real `softeuicc smdpp`, blocks both ways, answers that come late, whole downloads by `softeuicc ipa` in full and compact form, an SM-DP+
# that is away, slow clients and octets that are nothing.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl openssl sqlite3

port=$(free_port)
coap_port=$(free_port)
smdp_port=$(free_port)
url=https://localhost:$port
esipa=$url/gsma/rsp2/asn1
asn1=(-H 'Content-Type: application/x-gsma-rsp-asn1')
v2=(-H 'X-Admin-Protocol: gsma/rsp/v2.1.0')

octets() {
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# http NAME CODE CURL OPTION…
http() {
    local name=$1 code=$2
    shift 2
    is "$name" "$code" "$(curl -s -o "$work/answer" -w '%{http_code}' --cacert "$work/pki/ci.pem" "$@")"
}

# esipa NAME HEX EXPECTED-HEX: one message over HTTPS.
esipa() {
    octets "$2" >"$work/message"
    http "$1" 200 "${v2[@]}" "${asn1[@]}" --data-binary "@$work/message" "$esipa"
    is "$1: the answer" "$3" "$(hex_of "$work/answer")"
}

start_smdpp() {
    fresh "$work/smdpp.out"
    "$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$smdp_port" --address "localhost:$smdp_port" \
        --state "$work/smdpp.db" >"$work/smdpp.out" 2>>"$work/smdpp.log" &
    smdpp_pid=$!
    processes+=("$smdpp_pid")
    wait_until 10 grep -q '^listening on' "$work/smdpp.out" || {
        not_ok "the test SM-DP+ starts" "$work/smdpp.log"
        exit 1
    }
}

start_eim() {
    fresh "$work/eim.out"
    "$softeuicc" eim --pki "$work/pki" --listen "localhost:$port" --coap "localhost:$coap_port" --state "$work/eim.db" --log debug \
        --relay-to "localhost:$smdp_port" \
        >"$work/eim.out" 2>>"$work/eim.log" &
    eim_pid=$!
    processes+=("$eim_pid")
    wait_until 10 grep -q '^listening on coaps' "$work/eim.out" || {
        not_ok "the test eIM starts" "$work/eim.log"
        exit 1
    }
}

mkdir "$work/profiles"
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
"$softeuicc" pki init --dir "$work/other-pki" >"$work/pki.log" 2>&1 || not_ok "another PKI" "$work/pki.log"
for i in 1 2 3; do
    "$softeuicc" profile make --out "$work/profiles/p$i.der" --iccid "898821100000000002$i" --name "P$i" --operator softeuicc --metadata \
        >/dev/null || not_ok "profile make"
done
start_smdpp
start_eim
is "the ready lines" "https://localhost:$port coaps://localhost:$coap_port" "$(awk '{ print $3 }' "$work/eim.out" | paste -sd ' ')"

# --- HTTPS --------------------------------------------------------------------------------------------------------------
octets BF4F00 >"$work/message"
post=(--data-binary "@$work/message" "$esipa")
http "no X-Admin-Protocol" 400 "${asn1[@]}" "${post[@]}"
http "X-Admin-Protocol of version 3: the eIM answers with its own" 200 -H 'X-Admin-Protocol: gsma/rsp/v3.0.0' "${asn1[@]}" "${post[@]}"
http "X-Admin-Protocol of version 4" 400 -H 'X-Admin-Protocol: gsma/rsp/v4.0.0' "${asn1[@]}" "${post[@]}"
http "X-Admin-Protocol of any version 2" 200 -H 'X-Admin-Protocol: gsma/rsp/v2.9.9' "${asn1[@]}" "${post[@]}"
http "another content type" 415 "${v2[@]}" -H 'Content-Type: application/json' "${post[@]}"
http "GET" 405 "${v2[@]}" "${asn1[@]}" "$esipa"
http "PUT" 405 -X PUT "${v2[@]}" "${asn1[@]}" "${post[@]}"
http "another path" 404 "${v2[@]}" "${asn1[@]}" --data-binary "@$work/message" "$url/gsma/rsp2/nothing"
http "an empty body" 400 "${v2[@]}" "${asn1[@]}" --data-binary '' "$esipa"
http "a body that is no message" 400 "${v2[@]}" "${asn1[@]}" --data-binary 'hello' "$esipa"
octets BF4E020500 >"$work/transfer"
http "a message of inject mode" 501 "${v2[@]}" "${asn1[@]}" --data-binary "@$work/transfer" "$esipa"
head -c 300000 /dev/zero >"$work/large"
http "a body that is too large" 413 "${v2[@]}" "${asn1[@]}" -H Expect: --data-binary "@$work/large" "$esipa"
matches "every answer names the protocol's version" 'X-Admin-Protocol: gsma/rsp/v2\.' \
    "$(curl -s -D - -o /dev/null --cacert "$work/pki/ci.pem" "${v2[@]}" "${asn1[@]}" "${post[@]}")"
check "TLS 1.1 is refused" not curl -s --cacert "$work/pki/ci.pem" --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 "$url/"
check "a client that does not know the CI hangs up" not curl -s "$url/"
esipa "a poll without EID" BF4F00 BF4F03020104
esipa "a poll with half an EID" BF4F045A028904 BF4F03020103

# --- relayed messages ---------------------------------------------------------------------------------------------------
ci=$(curl -s --cacert "$work/pki/ci.pem" "https://localhost:$smdp_port/" | jq -r '.ciPKIds[0]')

# initiate ADDRESS: InitiateAuthenticationRequestEsipa.
initiate() {
    local address content
    address=$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')
    content=811000112233445566778899AABBCCDDEEFF$(printf '83%02x%s' "${#1}" "$address")BF20358203020202A9160414${ci}AA160414$ci
    printf 'BF39%02X%s' $((${#content} / 2)) "$content"
}
good=$(initiate "localhost:$smdp_port")
octets "$good" >"$work/initiate"
http "InitiateAuthentication reaches the SM-DP+" 200 "${v2[@]}" "${asn1[@]}" --data-binary "@$work/initiate" "$esipa"
matches "its answer is an Ok with the same challenge" '^BF3982....A08.*811000112233445566778899AABBCCDDEEFF' "$(hex_of "$work/answer")"
esipa "an address that is none" "$(initiate 'a/b')" BF3903810101
esipa "a transactionId that nobody knows" BF3A08800101BF21028100 BF3A0381015F
esipa "an eimTransactionId that nobody knows" "BF3915811000112233445566778899AABBCCDDEEFF820101" BF3903810134

# --- CoAP ---------------------------------------------------------------------------------------------------------------
if command -v coap-client-openssl >/dev/null; then
    coaps=coaps://localhost:$coap_port/gsma/rsp2/asn1

    # coap_client OPTION…: the answer's octets in hexadecimal, or its code.
    coap_client() {
        rm -f "$work/coap.out"
        coap-client-openssl -o "$work/coap.out" -B 20 "$@" >"$work/coap.log" 2>&1
        if [ -s "$work/coap.out" ]; then hex_of "$work/coap.out"; else grep -oE '^[45]\.[0-9]{2}' "$work/coap.log"; fi
    }

    # coap FILE [OPTION…]: a message.
    coap() {
        local file=$1
        shift
        coap_client -m post -f "$file" -R "$work/pki/ci.pem" "$@" "$coaps"
    }

    octets BF4F00 >"$work/message"

    is "CoAP: a poll" BF4F03020104 "$(coap "$work/message")"
    is "CoAP: a poll that is not confirmable" BF4F03020104 "$(coap "$work/message" -N)"
    octets 00 >"$work/bad"
    is "CoAP: no message" 4.00 "$(coap "$work/bad")"
    is "CoAP: a message of inject mode" 5.01 "$(coap "$work/transfer")"
    is "CoAP: GET" 4.05 "$(coap_client -m get -R "$work/pki/ci.pem" "$coaps")"
    is "CoAP: another path" 4.04 "$(coap_client -m post -f "$work/message" -R "$work/pki/ci.pem" "coaps://localhost:$coap_port/x")"
    matches "CoAP: InitiateAuthentication" '^BF3982....A08' "$(coap "$work/initiate")"
    matches "CoAP: in blocks of 64 octets, both ways" '^BF3982....A08' "$(coap "$work/initiate" -b 64)"
    is "CoAP: all blocks came" "$(hex_of "$work/coap.out" | cut -c 7-10)" "$(printf %04X $(($(wc -c <"$work/coap.out") - 5)))"
    is "CoAP: a request that is too large" 4.13 "$(coap "$work/large" -b 1024)"
    # With the SM-DP+ stopped for a while the request is acknowledged and the answer comes by itself.
    kill -STOP "$smdpp_pid"
    (sleep 2.5 && kill -CONT "$smdpp_pid") &
    matches "CoAP: an answer that comes late" '^BF3982....A08' "$(coap "$work/initiate")"
    wait $!
    # The same datagram twice: the SM-DP+ hears of it once, and both answers name the same transaction.
    {
        octets "40021234B4$(printf gsma | od -An -tx1 | tr -d ' ')04$(printf rsp2 | od -An -tx1 | tr -d ' ')04$(printf asn1 | od -An -tx1 | tr -d ' ')FF"
        cat "$work/initiate"
    } >"$work/datagram"
    {
        head -c 100 /dev/urandom
        sleep 0.3
        cat "$work/datagram"
        sleep 1
        cat "$work/datagram"
        sleep 1
    } | timeout 5 openssl s_client -dtls1_2 -quiet -CAfile "$work/pki/ci.pem" -connect "localhost:$coap_port" >"$work/twice" 2>/dev/null
    # Before them there may be a reset of what was nothing.
    twice=$(hex_of "$work/twice")
    first=${twice#*60441234}
    # Content-Format 42, the payload's marker, and the answer.
    matches "CoAP: an answer after octets that are nothing" '^C12AFFBF3982....A08' "$first"
    is "CoAP: a request that comes twice is run once" "${first%60441234*}" "${first##*60441234}"
    matches "CoAP: it is answered twice" '60441234.*60441234' "$twice"
    is "CoAP: a client that does not know the CI hangs up" '' \
        "$(coap_client -m post -f "$work/message" -B 3 -R "$work/other-pki/ci.pem" "$coaps")"
else
    skip "coap-client-openssl (Debian: libcoap3-bin) is not installed"
fi

# A session goes on by its id: a ticket would be in every hello.
if has_coap; then
    for session in -sess_out -sess_in; do
        (sleep 1) | timeout 5 openssl s_client -dtls1_2 -CAfile "$work/pki/ci.pem" -connect "localhost:$coap_port" $session "$work/session" \
            >"$work/s_client$session.log" 2>&1
    done
    matches "CoAP: a first handshake, without a ticket" '^New, no$' \
        "$(grep -o '^New' "$work/s_client-sess_out.log"), $(grep -q 'TLS session ticket:' "$work/s_client-sess_out.log" && echo yes || echo no)"
    matches "CoAP: a session goes on" '^Reused' "$(grep -E '^(New|Reused),' "$work/s_client-sess_in.log")"
fi

# --- what is nothing ----------------------------------------------------------------------------------------------------
for i in 1 2 3 4 5 6 7 8; do
    head -c $((i * 150)) /dev/urandom >"/dev/udp/127.0.0.1/$coap_port" 2>/dev/null
    head -c $((i * 150)) /dev/urandom 2>/dev/null >"/dev/tcp/127.0.0.1/$port" 2>/dev/null
done
# A client that sends half a request and then nothing, and one that stops in the middle of the handshake.
{
    printf 'POST /gsma/rsp2/asn1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf'
    sleep 3
} | openssl s_client -quiet -connect "localhost:$port" >/dev/null 2>&1 &
processes+=($!)
exec 9<>"/dev/tcp/127.0.0.1/$port"
printf '\x16\x03\x01\x02\x00' >&9
esipa "others are served while some are slow" BF4F00 BF4F03020104
exec 9>&-

# --- whole downloads ----------------------------------------------------------------------------------------------------
make_card card
"$softeuicc" eim config --pki "$work/pki" --out "$work/eim.cfg" --fqdn "localhost:$port" --protocol https,coaps --indirect >/dev/null
ipa() {
    "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" "$@" >"$work/ipa.log" 2>&1
}
check "ipa add-eim" ipa add-eim "$work/eim.cfg"
check "the first contact" ipa poll
eid=$("$softeuicc" ipa --card "$work/card.db" status --json | jq -r .eid)
order() {
    "$softeuicc" eim download --eid "$eid" --url "$url" --cacert "$work/pki/ci.pem" --indirect --activation-code "1\$localhost:$smdp_port\$$1" >/dev/null
}
delivered() {
    [ "$(sqlite3 "$work/eim.db" 'select count(*) from notification where forward = 2')" = "$1" ]
}
order p1
check "a download over HTTPS" ipa poll
matches "it is done" 'profile 8988211000000000021 downloaded' "$(cat "$work/ipa.log")"
order p2
check "a download over HTTPS in compact form" ipa --compact poll
matches "it is done" 'profile 8988211000000000022 downloaded' "$(cat "$work/ipa.log")"
wait_until 10 delivered 2 || :
is "the SM-DP+ has both results" 2 "$(curl -s --cacert "$work/pki/ci.pem" "https://localhost:$smdp_port/notifications" | jq length)"
order p3
check "a download over CoAP" ipa --eim "coaps://localhost:$coap_port" poll
matches "it is done" 'profile 8988211000000000023 downloaded' "$(cat "$work/ipa.log")"

# --- an SM-DP+ that is away ---------------------------------------------------------------------------------------------
wait_until 10 delivered 3 || :
check "the SM-DP+ has the third result too" delivered 3
end_process "$smdpp_pid"
esipa "InitiateAuthentication without an SM-DP+" "$good" BF390381017F

# --- the end ------------------------------------------------------------------------------------------------------------
start_smdpp
kill -STOP "$smdpp_pid"
curl -s -o /dev/null --cacert "$work/pki/ci.pem" "${v2[@]}" "${asn1[@]}" --data-binary "@$work/initiate" "$esipa" &
sleep 0.5
end_process "$eim_pid"
is "it ends in the middle of a relayed message" 0 "$status"
kill -CONT "$smdpp_pid"
is "nothing worse than errors was logged" 0 "$(grep -cE 'AddressSanitizer|runtime error|LeakSanitizer' "$work/eim.log")"
finish
