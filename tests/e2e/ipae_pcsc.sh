#!/usr/bin/env bash
# The managed life of a device as `softeuicc demo` tells it, with the card behind PC/SC and in real time: a card with an IPA of its own in pcscd's reader, a
# device with a modem that reaches it there (`softeuicc device --reader`), an eIM and an SM-DP+, each a process of its own. First contact, a download, a
# profile that no network lets in, the network lost, and back. The card's clock is moved on where a person would wait.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts run device smdpp eim ipa lpa ctl
command -v pcscd >/dev/null && vpcd_driver >/dev/null || skip_all "pcscd or vpcd is not installed"
"$softeuicc" pki init --dir "$work/pki" --host localhost --host eim.example >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

bootstrap=8988211000000000025
dark=8988211000000000033
operator=8988211000000000058
port=$(free_port)
smdpp_port=$(free_port)
url=https://localhost:$port
card=$work/card.db

# --- the world around it ---------------------------------------------------------------------------------------------------
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/bootstrap.der" --iccid $bootstrap --name Bootstrap --operator op >/dev/null
"$softeuicc" profile make --out "$work/dark.der" --iccid $dark --name Dark --operator op >/dev/null
"$softeuicc" profile make --out "$work/profiles/operator.der" --iccid $operator --name Operator --operator op --metadata >/dev/null
"$softeuicc" eim config --pki "$work/pki" --fqdn eim.example --indirect --out "$work/eim.der" >/dev/null
"$softeuicc" smdpp --pki "$work/pki" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" --state "$work/smdpp.db" \
    --profiles "$work/profiles" >"$work/smdpp.out" 2>"$work/smdpp.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/smdpp.out" || not_ok "the SM-DP+ starts" "$work/smdpp.log"
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" >"$work/eim.out" 2>"$work/eim.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"
eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --ipae-set poll-interval=15m --ipae-set report-within=1m \
    --ipae-set fallback-after=30m --ipae-set return-after=30m --profile "$work/bootstrap.der" --fallback-allowed --profile "$work/dark.der" | jq -r .eid)
"$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
"$softeuicc" lpa --card "$card" enable $bootstrap >"$work/lpa.log" 2>&1 || not_ok "the first profile is enabled" "$work/lpa.log"

order() {
    "$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err" ||
        not_ok "order $*" "$work/order.err"
}
order_state() {
    curl -s --cacert "$work/pki/ci.pem" "$url/v1/orders/$(jq .id "$work/order.json")" | jq -r 'if .state == "failed" then .error else .state end'
}
order_is() {
    [[ "$(order_state)" == $1 ]]
}
fact() {
    "$softeuicc" ctl --card "$card" show --json | jq -cr "$1"
}
enabled_is() {
    [ "$(fact .enabled)" = "$1" ]
}
later() {
    "$softeuicc" ctl --card "$card" time set "+$1" >"$work/time.log" 2>&1 || not_ok "the card's clock is moved on" "$work/time.log"
}

# network LINE…: a network of these rules, on which the eIM is found.
network() {
    printf '%s\n' "preset lan" "retry 2s" "host eim.example 192.0.2.1" "route 192.0.2.1:443 127.0.0.1:$port" "$@" >"$work/net"
}
# device: a device with a modem begins, with the card behind PC/SC; its log is $work/device.json.
device() {
    fresh "$work/device.json"
    "$softeuicc" device --reader "$(reader_name)" --network "$work/net" --status 1s --json >"$work/device.json" 2>"$work/device.err" &
    device_pid=$!
    processes+=("$device_pid")
    wait_until 10 test -s "$work/device.json" || not_ok "the device begins" "$work/device.err"
}
off() {
    end_process "$device_pid" TERM
    is "the device ends in order" 0 "$status"
}
# comes NAME SECONDS COMMAND…: within this time.
comes() {
    if wait_until "$2" "${@:3}"; then
        ok "$1"
    else
        not_ok "$1" "$work/device.json" "$work/device.err" "$work/eim.log" "$work/run.log"
    fi
}
fetched() {
    jq -s --arg name "$1" '[.[] | select(.event == "proactive" and .text == $name)] | length' "$work/device.json"
}

# --- the life -----------------------------------------------------------------------------------------------------------------
start_pcscd
start_cards --card "$card"
network
order list
device
comes "first contact: the eIM's order is done" 20 order_is "done"
order download --activation-code "1\$localhost:$smdpp_port\$operator"
later 900
comes "a profile comes through the eIM" 30 order_is "done"
is "the card has it" "$operator" "$(fact '.profiles[].iccid' | grep $operator)"
order fallback set --iccid $bootstrap
later 900
comes "the bootstrap profile is what is fallen back to" 20 order_is "done"
order enable --iccid $operator --rollback
later 900
comes "the operator's profile is enabled, and tells so over its own network" 30 order_is "done"
is "by a REFRESH" "true $operator" "$([ "$(fetched REFRESH)" -ge 1 ] && echo true) $(fact .enabled)"
off

network "reject iccid $dark cause 11"
order enable --iccid $dark --rollback
later 900
device
comes "a profile that no network lets in is enabled" 30 enabled_is $dark
later 61
comes "and rolled back" 30 enabled_is $operator
comes "which the eIM hears over the old network" 30 order_is "rolledBack*"
off

network "reject iccid $operator cause 11"
device
sleep 1
later 1800
comes "without a network it falls back" 30 enabled_is $bootstrap
order list
later 900
comes "and the eIM has the device again" 30 order_is "done"
off

network
device
later 1800
comes "the operator's network is there again: it returns" 40 enabled_is $operator
order list
later 900
comes "and the eIM has it where it was" 30 order_is "done"
is "which is what the eIM knows" enabled "$(curl -s --cacert "$work/pki/ci.pem" "$url/v1/euiccs/$eid" | jq -r --arg iccid $operator \
    '.profiles[] | select(.iccid == $iccid).state')"
off
stop_cards
finish
