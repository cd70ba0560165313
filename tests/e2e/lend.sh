#!/usr/bin/env bash
# A card whose IPAe lives on a network that its host lends it, in a device that has that network by a script: it polls over it, orders a
# change that the modem refreshes for, tells where it is as the terminal has told it, and falls back when the network is lost, without
# pcscd and in virtual time.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts device eim ipa lpa ctl
"$softeuicc" pki init --dir "$work/pki" --host localhost --host eim.example >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

a=8988211000000000025 # what is fallen back to
b=8988211000000000033 # what the card lives with
port=$(free_port)
url=https://localhost:$port
card=$work/card.db
events=$work/device.json # of the last run
net=$work/net

# --- the world around it ---------------------------------------------------------------------------------------------------
for profile in "a $a" "b $b"; do
    "$softeuicc" profile make --out "$work/${profile% *}.der" --iccid "${profile#* }" --name "Born ${profile% *}" --operator op >/dev/null
done
"$softeuicc" eim config --pki "$work/pki" --fqdn eim.example --out "$work/eim.der" >/dev/null
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" --log debug >"$work/eim.out" 2>"$work/eim.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"
eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --profile "$work/a.der" --fallback-allowed \
    --profile "$work/b.der" | jq -r .eid)
"$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
"$softeuicc" lpa --card "$card" enable "$a" >"$work/lpa.log" 2>&1 || not_ok "the first profile is enabled" "$work/lpa.log"

# network LINE…: the network has these lines, and the eIM is found on it.
network() {
    printf '%s\n' "preset nbiot" "latency 1s" "host eim.example 192.0.2.1" "route 192.0.2.1:443 127.0.0.1:$port" "$@" >"$net"
}

# ran NAME OPTION…: the device ends as asked.
ran() {
    lines=$(wc -l <"$work/eim.log")
    timeout 60 "$softeuicc" device --card "$card" --virtual --json --network "$net" "${@:2}" >"$events" 2>"$work/device.err"
    check "$1" test $? -eq 0
}

fact() {
    "$softeuicc" ctl --card "$card" show --json | jq -cr "$1"
}
rest() {
    curl -s --cacert "$work/pki/ci.pem" "$url$1"
}
euicc() {
    rest "/v1/euiccs/$eid" | jq -r "$1"
}
told() {
    jq -rs "$1" "$events"
}
# fetched NAME: how many commands of this name the device has fetched.
fetched() {
    told "[.[] | select(.text == \"$1\")] | length"
}
# changes: the profiles that the device has seen after its start, with the minute.
changes() {
    told '[.[] | select(.event == "profile" and .time > 0) | "\(.time / 60000 | floor) \(.iccid)"] | join(", ")'
}
polls_heard() {
    tail -n "+$((lines + 1))" "$work/eim.log" | grep -c 'POST /gsma/rsp2/asn1$'
}
order() {
    "$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err" ||
        not_ok "order $*" "$work/order.err"
}
order_state() {
    rest "/v1/orders/$(jq .id "$work/order.json")" | jq -r 'if .state == "failed" then .error else .state end'
}

# --- without and with --------------------------------------------------------------------------------------------------------
network
ran "over the modem's channels" --for 5m
isnt "a channel is asked for" 0 "$(fetched "OPEN CHANNEL")"
ran "over a network that is lent" --lend --for 1h
matches "the eIM is polled every quarter of an hour" "^[45]\$" "$(polls_heard)"
is "no channel is asked for" 0 "$(fetched "OPEN CHANNEL")"
is "nor a timer" 0 "$(fetched "TIMER MANAGEMENT")"
check "the device tells what went over it" test "$(told '.[] | select(.event == "summary").sent')" -gt 1000
isnt "the terminal is asked where it is" 0 "$(fetched "PROVIDE LOCAL INFORMATION")"
is "the eIM knows where it is" 00F110 "$(euicc .rPLMN)"
ran "until it has polled" --lend --until polled --for 1h

# --- an order ------------------------------------------------------------------------------------------------------------------
network
order enable --iccid "$b" --rollback then fallback set --iccid "$a"
ran "an order comes" --lend --for 30m
is "it is done" "done" "$(order_state)"
isnt "with a REFRESH" 0 "$(fetched REFRESH)"
is "without a channel" 0 "$(fetched "OPEN CHANNEL")"
is "it lives with B, and has A to fall back to" "$b $a" "$(fact '[.enabled, .fallback_profile] | join(" ")')"

# --- where it is ---------------------------------------------------------------------------------------------------------------
network "cell home 001-01 nbiot to 20m" "cell abroad 208-01 ltem area 7 from 20m"
ran "it travels" --lend --for 40m
is "the eIM knows where it is now" 02F810 "$(euicc .rPLMN)"
network
ran "it is moved into another device" --lend --imei 351234567890128 --for 30m
is "the eIM is told" "deviceChange(6)" "$(euicc .stateChangeCause)"

# --- the network is lost -------------------------------------------------------------------------------------------------------
network "reject iccid $b cause 11 from 2h"
ran "two hours, then there is no network for B" --lend --for 4h
is "an hour later it has fallen back" "180 $a" "$(changes)"
is "the eIM is told of it" "fallback(1) $a" "$(euicc '"\(.stateChangeCause) \([.profiles[] | select(.state == "enabled").iccid] | join(" "))"')"

# --- a device that cannot be asked ---------------------------------------------------------------------------------------------
network
ran "a device that says nothing of itself" --lend --plain --for 30m
isnt "it polls all the same" 0 "$(polls_heard)"
is "it is asked nothing" 0 "$(told '[.[] | select(.event == "proactive")] | length')"
finish
