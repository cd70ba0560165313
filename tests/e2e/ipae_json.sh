#!/usr/bin/env bash
# The card's own IPA and the test eIM in ESipa's JSON binding (SGP.32 6.4), by the card's setting `json`: a poll, an order with rollback and one that
# is rolled back, a download through the eIM, and another eIM that is asked in ASN.1 as ever. In virtual time, without pcscd.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts device smdpp eim ipa lpa ctl
"$softeuicc" pki init --dir "$work/pki" --host localhost --host eim.example >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

a=8988211000000000025
b=8988211000000000033
loaded=8988211000000000058
port=$(free_port)
smdpp_port=$(free_port)
url=https://localhost:$port
card=$work/card.db

mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/a.der" --iccid $a --name A --operator op >/dev/null
"$softeuicc" profile make --out "$work/b.der" --iccid $b --name B --operator op >/dev/null
"$softeuicc" profile make --out "$work/profiles/loaded.der" --iccid $loaded --name Loaded --operator op --metadata \
    --notify "localhost:$smdpp_port" >/dev/null
"$softeuicc" eim config --pki "$work/pki" --fqdn eim.example --indirect --out "$work/eim.der" >/dev/null
"$softeuicc" smdpp --pki "$work/pki" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" --state "$work/smdpp.db" \
    --profiles "$work/profiles" >"$work/smdpp.out" 2>"$work/smdpp.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/smdpp.out" || not_ok "the SM-DP+ starts" "$work/smdpp.log"
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" --log debug >"$work/eim.out" 2>"$work/eim.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"

eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --ipae-set json=on --profile "$work/a.der" \
    --profile "$work/b.der" | jq -r .eid)
"$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
"$softeuicc" lpa --card "$card" enable "$a" >"$work/lpa.log" 2>&1 || not_ok "the first profile is enabled" "$work/lpa.log"

# lives NAME [LINE…]: an hour of the device on this network; $asked is how often the eIM was asked in JSON and in ASN.1 meanwhile.
lives() {
    local lines name=$1
    shift
    printf '%s\n' "preset lan" "host eim.example 192.0.2.1" "route 192.0.2.1:443 127.0.0.1:$port" "$@" >"$work/net"
    lines=$(wc -l <"$work/eim.log")
    if timeout 60 "$softeuicc" device --card "$card" --virtual --network "$work/net" --quiet --for 1h >"$work/device.out" 2>&1; then
        ok "$name"
    else
        not_ok "$name" "$work/device.out" "$work/eim.log"
    fi
    tail -n "+$((lines + 1))" "$work/eim.log" >"$work/heard"
    asked="$(grep -c 'POST /gsma/rsp2/esipa/' "$work/heard") $(grep -c 'POST /gsma/rsp2/asn1' "$work/heard")"
}
order() {
    "$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err" ||
        not_ok "order $*" "$work/order.err"
}
order_state() {
    curl -s --cacert "$work/pki/ci.pem" "$url/v1/orders/$(jq .id "$work/order.json")" | jq -r 'if .state == "failed" then .error else .state end'
}
fact() {
    "$softeuicc" ctl --card "$card" show --json | jq -cr "$1"
}

lives "it polls"
is "it has reached the eIM, which knows it" "0 2" "$(fact .ipae.counts.polls_failed) $(curl -s --cacert "$work/pki/ci.pem" "$url/v1/euiccs/$eid" |
    jq -r '.profiles | length')"
matches "in JSON alone" '^[1-9][0-9]* 0$' "$asked"
matches "that is: what getEimPackage asked was answered by provideEimPackageResult" "esipa/getEimPackage.*esipa/provideEimPackageResult" \
    "$(tr '\n' ' ' <"$work/heard")"

order enable --iccid "$b" --rollback
lives "it enables a profile"
is "which is done, and told" "done $b" "$(order_state) $(fact .enabled)"
order enable --iccid "$a" --rollback
lives "it enables one that no network lets in" "reject iccid $a cause 11"
matches "which is rolled back, and told" "^rolledBack: .* $b\$" "$(order_state) $(fact .enabled)"
order download --activation-code "1\$localhost:$smdpp_port\$loaded"
lives "it downloads"
is "through the eIM" "done 3" "$(order_state) $(fact '.profiles | length')"
matches "all of it in JSON" '^[1-9][0-9]* 0$' "$asked"
is "with these functions, and provideEimPackageResult" "authenticateClient getBoundProfilePackage getEimPackage initiateAuthentication" \
    "$(grep -o 'esipa/[a-zA-Z]*' "$work/heard" | grep -v provide | cut -d / -f 2 | sort -u | paste -sd ' ')"
order download --activation-code "1\$localhost:$smdpp_port\$nothing"
lives "it is to download what is not there"
matches "and the eIM hears why" "AuthenticateClient|8\.2\.6|undefinedError" "$(order_state)"

"$softeuicc" ctl --card "$card" ipae json=off >"$work/set.log" 2>&1 || not_ok "json=off" "$work/set.log"
lives "without the setting"
matches "it polls in ASN.1" '^0 [1-9][0-9]*$' "$asked"
finish
