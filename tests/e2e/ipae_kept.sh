#!/usr/bin/env bash
# A card whose IPAe leaves its CoAP association with the eIM open between polls (setting keep-association): what a poll costs then, and that a server which
# has forgotten the association, a change of profiles and a reset are no more than another handshake. In virtual time, without pcscd.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts device eim ipa lpa ctl
has_coap || skip_all "softeuicc is built without CoAP"
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

a=8988211000000000025
b=8988211000000000033
port=$(free_port)
coap_port=$(free_port)
url=https://localhost:$port
card=$work/card.db

for profile in "a $a" "b $b"; do
    "$softeuicc" profile make --out "$work/${profile% *}.der" --iccid "${profile#* }" --name "Born ${profile% *}" --operator op >/dev/null
done
"$softeuicc" eim config --pki "$work/pki" --fqdn "127.0.0.1:$coap_port" --protocol coaps --out "$work/eim.der" >/dev/null
start_eim() {
    fresh "$work/eim.out"
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --coap "127.0.0.1:$coap_port" --state "$work/eim.db" --log debug >"$work/eim.out" \
        2>"$work/eim.log" &
    eim_pid=$!
    processes+=("$eim_pid")
    wait_until 10 grep -q '^listening on coaps' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"
}
start_eim
eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --ipae-set keep-association=on --profile "$work/a.der" \
    --profile "$work/b.der" | jq -r .eid)
"$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
"$softeuicc" lpa --card "$card" enable $a >"$work/lpa.log" 2>&1 || not_ok "the first profile is enabled" "$work/lpa.log"

# device NAME OPTION…: the device ends as asked; its log is $work/device.json.
device() {
    if timeout 60 "$softeuicc" device --card "$card" --virtual --json "${@:2}" >"$work/device.json" 2>"$work/device.err"; then
        ok "$1"
    else
        not_ok "$1" "$work/device.json" "$work/device.err" "$work/eim.log"
    fi
}
# times NAME: how many commands of this name the device has fetched.
times() {
    jq -s --arg name "$1" '[.[] | select(.event == "proactive" and .text == $name)] | length' "$work/device.json"
}
fact() {
    "$softeuicc" ctl --card "$card" show --json | jq -c "$1"
}

device "a device begins" --for 20m
before=$(fact '.ipae.counts | [.polls, .polls_failed]')
device "it lives for six hours" --for 6h
is "in which no poll has failed" 0 "$(fact '.ipae.counts.polls_failed')"
check "every quarter of an hour it polls" test "$(fact '.ipae.counts.polls')" -ge $(($(jq '.[0]' <<<"$before") + 23))
is "over one channel" "1 0" "$(times "OPEN CHANNEL") $(times "CLOSE CHANNEL")"
octets=$(fact '.ipae.last_round | .sent + .received')
check "a poll takes 150 octets at most, and is one: $octets" test "$octets" -le 150 -a "$octets" -ge 60
check "and four proactive commands: $(fact .ipae.last_round.proactive_commands)" test "$(fact .ipae.last_round.proactive_commands)" -le 4

# --- what ends it ------------------------------------------------------------------------------------------------------------
"$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" enable --iccid $b --rollback >"$work/order.log" 2>&1 ||
    not_ok "an order" "$work/order.log"
device "a profile is enabled" --for 2h
is "and told over a channel of its own" "[\"$b\",0]" "$(fact '[.enabled, .ipae.counts.polls_failed]')"
is "which is kept then" 2 "$(times "OPEN CHANNEL")"

# An eIM that is killed and begins anew knows of nothing: it is silent, and is met anew.
fresh "$work/device.json"
"$softeuicc" device --card "$card" --virtual --json --for 90y >"$work/device.json" 2>"$work/device.err" &
device_pid=$!
processes+=("$device_pid")
wait_until 10 grep -q RECEIVE "$work/device.json"
end_process "$eim_pid" KILL
start_eim
asked_often() {
    [ "$(grep -c 'CoAP request' "$work/eim.log")" -ge 20 ]
}
wait_until 30 asked_often && ok "a device outlives its eIM, and polls it on" || not_ok "a device outlives its eIM, and polls it on" "$work/device.err" "$work/eim.log"
end_process "$device_pid" TERM
is "it ends in order" 0 "$status"
check "it has met its eIM anew" test "$(times "OPEN CHANNEL")" -ge 2
is "which has answered since" 0 "$(fact '.ipae.eims[0].failures')"

"$softeuicc" ctl --card "$card" ipae keep-association=off >"$work/set.log" 2>&1 || not_ok "keep-association=off" "$work/set.log"
device "without the setting" --for 2h
check "each poll has its channel: $(times "OPEN CHANNEL")" test "$(times "OPEN CHANNEL")" -ge 8
is "which it closes" "$(times "OPEN CHANNEL")" "$(times "CLOSE CHANNEL")"
finish
