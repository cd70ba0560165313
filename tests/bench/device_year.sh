#!/usr/bin/env bash
# What a year of polls takes a device in virtual time, and what a poll costs that brings nothing: a card with an IPA of its own (create --ipae) in
# `softeuicc device`, over HTTPS and over CoAP, against a `softeuicc eim` whose address it knows, so that no name is looked up. Figures are
# differences between a run of a week and one of a day of the same card, which begins and ends are not part of: a poll is what a channel is opened for.
# Usage: tests/bench/device_year.sh BUILD-DIRECTORY. Status 77 when it cannot be measured.
set -u
build=$(cd "$1" && pwd)
SOFTEUICC=$build/softeuicc
. "$(dirname "$0")/../e2e/lib.sh"
need jq
for part in device eim ipa lpa; do
    "$softeuicc" $part --help >/dev/null 2>&1 || skip_all "softeuicc is built without $part"
done

year=31536000 # seconds
goal=60       # of them for a year of polls
iccid=8988211000000000025
memory=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$memory"; clean_up' EXIT

fail() {
    printf 'device_year.sh: %s\n' "$1" >&2
    cat "$work/log" >&2
    exit 1
}

try() {
    "$softeuicc" "$@" >"$work/log" 2>&1 || fail "softeuicc $1 fails"
}

# figure NAME VALUE UNIT [GOAL]
figure() {
    jq -nc --arg name "$1" --argjson value "$2" --arg unit "$3" --argjson goal "${4:-null}" \
        '{figure: $name, value: ($value * 1000 | round / 1000), unit: $unit} + if $goal then {goal: $goal, met: ($value <= $goal)} else {} end'
}

# ticks: of the processor that the eIM has used.
ticks() {
    awk '{ print $14 + $15 }' "/proc/$eim_pid/stat"
}

# run CARD NETWORK TIME DIRECTORY: its summary, with the seconds that it took and those of the processor, of both ends, on standard output.
run() {
    local TIMEFORMAT='%R %U %S' before
    rm -f "$4/run.db"*
    cp "$work/$1.db" "$4/run.db"
    before=$(ticks)
    { time "$softeuicc" device --card "$4/run.db" --network "$2" --virtual --for "$3" --quiet --json >"$work/summary" 2>"$work/log"; } 2>"$work/time" ||
        fail "softeuicc device fails"
    jq -c --arg time "$(cat "$work/time")" --argjson eim "$(($(ticks) - before))" --argjson hz "$(getconf CLK_TCK)" \
        '($time | split(" ") | map(tonumber)) as $t | . + {real: $t[0], processor: ($t[1] + $t[2] + $eim / $hz)}' "$work/summary"
}

# measure CARD NETWORK DIRECTORY: a week less a day into $work/poll, by poll. The first run is for the eIM, which asks a card that it meets for all
# that it wants to know.
measure() {
    run "$1" "$2" 1d "$3" >"$work/day" || exit 1
    cp "$3/run.db" "$work/$1.db"
    run "$1" "$2" 1d "$3" >"$work/day" || exit 1
    run "$1" "$2" 7d "$3" >"$work/week" || exit 1
    jq -sc '(.[1].channels - .[0].channels) as $polls
        | (.[1] | to_entries | map(select(.value | type == "number"))) as $week | .[0] as $day
        | $week | map(.value -= $day[.key] | .value /= $polls) | from_entries' "$work/day" "$work/week" >"$work/poll"
}

poll() {
    jq "$1" "$work/poll"
}

# time_of NAME [GOAL]: a year is as many polls as are made in it.
time_of() {
    figure "device_year_$1" "$(poll ".real * $year * 1000 / .time")" s "${2:-}"
    figure "device_year_$1_processor" "$(poll ".processor * $year * 1000 / .time")" s
    figure "device_poll_$1_rate" "$(poll '1 / .real')" 1/s
}

cost_of() {
    figure "device_poll_$1_sent" "$(poll .sent)" octets
    figure "device_poll_$1_received" "$(poll .received)" octets
    figure "device_poll_$1_proactive_commands" "$(poll .proactive_commands)" times
    figure "device_poll_$1_commands" "$(poll '.commands - .status_commands')" times
    figure "device_poll_$1_status_commands" "$(poll .status_commands)" times
    figure "device_poll_$1_channel" "$(poll '.channel_ms / 1000')" s
}

# --- an eIM, and a card for each of its protocols --------------------------------------------------------------------------------
port=$(free_port)
coap_port=$(free_port)
protocols=(https)
listen=()
if has_coap; then
    protocols+=(coap)
    listen=(--coap "127.0.0.1:$coap_port")
fi
try pki init --dir "$work/pki" --host 127.0.0.1
try profile make --out "$work/profile.der" --iccid "$iccid"
"$softeuicc" create --card "$work/https.db" --pki "$work/pki" --ipae --profile "$work/profile.der" >"$work/log" 2>&1 || {
    grep -q "no IPAe" "$work/log" || fail "softeuicc create fails"
    skip_all "softeuicc is built without the IPAe"
}
[ ${#protocols[@]} -eq 1 ] || try create --card "$work/coap.db" --pki "$work/pki" --ipae --profile "$work/profile.der"
try eim config --pki "$work/pki" --out "$work/https.der" --fqdn "127.0.0.1:$port"
try eim config --pki "$work/pki" --out "$work/coap.der" --fqdn "127.0.0.1:$coap_port" --protocol coaps
for protocol in "${protocols[@]}"; do
    try ipa --card "$work/$protocol.db" --state "$work/state" add-eim "$work/$protocol.der"
    try lpa --card "$work/$protocol.db" --keep-notifications enable "$iccid"
done
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" "${listen[@]}" --state "$memory/eim.db" >"$work/eim.out" 2>"$work/eim.log" &
eim_pid=$!
processes+=("$eim_pid")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || fail "the eIM does not start"

# --- figures ---------------------------------------------------------------------------------------------------------------------
# On a disk the time of syncs comes to it, of which a poll has one.
measure https lan "$work"
time_of https_with_syncs
for protocol in "${protocols[@]}"; do
    measure "$protocol" lan "$memory"
    time_of "$protocol" "$goal"
    cost_of "${protocol}_lan"
    measure "$protocol" nbiot "$memory"
    cost_of "${protocol}_nbiot"
done
end_process "$eim_pid"
