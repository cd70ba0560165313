#!/usr/bin/env bash
# Orders that a card finds by way of an SM-DS: the SM-DP+ registers events (ES12), a card discovers them (ES11), with softeuicc lpa and
# with an IPA on its eIM's order; the event goes when the order is over, also when the SM-DS was away at that time.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts smdpp smds eim ipa lpa

smdpp_port=$(free_port)
smds_port=$(free_port)
es12_port=$(free_port)
eim_port=$(free_port)
smdpp=localhost:$smdpp_port
smds=localhost:$smds_port

start_server() {
    local name=$1
    shift
    fresh "$work/$name.log"
    "$softeuicc" "$name" --pki "$work/pki" "$@" >"$work/$name.log" 2>&1 &
    server_pid=$!
    processes+=("$server_pid")
    wait_until 20 grep -q '^listening on' "$work/$name.log" || {
        not_ok "softeuicc $name starts" "$work/$name.log"
        exit 1
    }
}

# The SM-DS knows who registers events by the certificate that is shown.
start_smds() {
    start_server smds --listen "127.0.0.1:$smds_port" --address "$smds" --state "$work/smds.state" \
        --es12-listen "127.0.0.1:$es12_port" --client-ca "$work/pki/ci.pem"
    smds_pid=$server_pid
}

start_smdpp() {
    start_server smdpp --profiles "$work/profiles" --listen "127.0.0.1:$smdpp_port" --address "$smdpp" --state "$work/smdpp.state" \
        --es12 "$smds=localhost:$es12_port"
    smdpp_pid=$server_pid
}

# order PROFILE [OPTION…]: for the card $eid.
order() {
    "$softeuicc" smdpp order --url "https://$smdpp" --cacert "$work/pki/ci.pem" --profile "$1" --eid "$eid" --smds "$smds" --json "${@:2}" \
        >"$work/order.json" 2>"$work/order.log"
}

of_server() {
    curl -s --cacert "$work/pki/ci.pem" "https://$1"
}

order_state() {
    of_server "$smdpp/orders" | jq -r --arg profile "$1" '.[] | select(.profile == $profile) | .state'
}

# What the SM-DP+ knows of its events, and how many wait for a card.
events() {
    of_server "$smdpp/events" | jq -r 'map(.state) | join(" ")'
}

waiting() {
    discover | jq length
}

no_events() {
    [ "$(events)" = "" ]
}

discover() {
    "$softeuicc" lpa --card "$card" --cacert "$work/pki/ci.pem" discover --smds "$smds" --json
}

make_card lpa
make_card ipa
mkdir "$work/profiles"
number=0
for name in one two three four; do
    number=$((number + 1))
    "$softeuicc" profile make --out "$work/profiles/$name.der" --iccid "898821100000000000$number" --name "$name" --metadata \
        >"$work/make.log" 2>&1 || not_ok "profile make" "$work/make.log"
done
start_smds
start_smdpp

# --- order, discover, download ------------------------------------------------------------------------------------------
card=$work/lpa.db
eid=$("$softeuicc" lpa --card "$card" info --json | jq -r .eid)
is "nothing waits at first" 0 "$(waiting)"
check "an order with an SM-DS" order one
is "it is released" released "$(order_state one)"
is "its event is registered" registered "$(events)"
found=$(discover)
is "the card finds it" "$smdpp" "$(jq -r '.[0].rsp_server_address' <<<"$found")"
matching_id=$(jq -r '.[0].event_id' <<<"$found")
is "by the order's matchingId" "$(jq -r .matching_id "$work/order.json")" "$matching_id"
check "the card downloads it" "$softeuicc" lpa --card "$card" --cacert "$work/pki/ci.pem" download "LPA:1\$$smdpp\$$matching_id"
is "it is installed" installed "$(order_state one)"
check "its event goes" wait_until 10 no_events
is "also at the SM-DS" 0 "$(waiting)"

# --- without the SM-DS --------------------------------------------------------------------------------------------------
check "an order before the SM-DS goes" order two
end_process "$smds_pid"
check "no order without the SM-DS" not order three
matches "and it says why" '8\.9-5\.1' "$(cat "$work/order.log")"
is "which changes nothing" linked "$(order_state three)"
check "an order is taken back without the SM-DS" "$softeuicc" smdpp cancel --url "https://$smdpp" --cacert "$work/pki/ci.pem" \
    --iccid 8988211000000000002 --eid "$eid"
matches "its event is to be deleted" deleting "$(events)"
end_process "$smdpp_pid"
start_smds
is "the SM-DS has it still" 1 "$(waiting)"
start_smdpp
check "after its restart the SM-DP+ deletes it" wait_until 15 no_events
is "now it is gone" 0 "$(waiting)"
check "the order that was refused can be taken back" "$softeuicc" smdpp cancel --url "https://$smdpp" --cacert "$work/pki/ci.pem" \
    --iccid 8988211000000000003 --eid "$eid"

# --- an IPA, on its eIM's order -----------------------------------------------------------------------------------------
# by_smds NAME PROFILE OPTION…: the eIM names the SM-DS, the IPA finds the profile there.
by_smds() {
    local name=$1 profile=$2
    shift 2
    check "$name: order" order "$profile"
    check "$name: the eIM's order" "$softeuicc" eim order --url "https://localhost:$eim_port" --cacert "$work/pki/ci.pem" --eid "$eid" \
        --json download --smds "$smds"
    check "$name: poll" "$softeuicc" ipa --card "$card" --cacert "$work/pki/ci.pem" "$@" poll
    is "$name: it is installed" installed "$(order_state "$profile")"
    check "$name: its event goes" wait_until 10 no_events
    is "$name: the eIM knows" done "$(of_server "localhost:$eim_port/v1/orders" | jq -r '.[-1].state // .orders[-1].state')"
}

start_server eim --listen "127.0.0.1:$eim_port"
card=$work/ipa.db
"$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "localhost:$eim_port" --indirect >"$work/config.log" 2>&1
check "add-eim" "$softeuicc" ipa --card "$card" add-eim "$work/eim.der"
check "the first poll" "$softeuicc" ipa --card "$card" poll
eid=$("$softeuicc" lpa --card "$card" info --json | jq -r .eid)
by_smds "IPA, directly" three --direct
by_smds "IPA, through the eIM" four
finish
