#!/usr/bin/env bash
# What an order costs a device whose card has an IPA of its own (create --ipae), by the card's own counts of the round in which it was carried
# out (`ctl show`: ipae.last_round): a poll that brings nothing, a package that enables a profile with a REFRESH, and a download: from the SM-DP+
# itself, through the eIM, and so in the compact forms. Over HTTPS, to addresses, in virtual time. Prints the table of docs/device.md.
# Usage: tests/bench/device_orders.sh BUILD-DIRECTORY [PROFILE.der]: downloads this one, else one of `softeuicc profile make`. Status 77 when it
# cannot be measured.
set -u
build=$(cd "$1" && pwd)
SOFTEUICC=$build/softeuicc
profile=${2:+$(cd "$(dirname "$2")" && pwd)/${2##*/}}
. "$(dirname "$0")/../e2e/lib.sh"
need jq sqlite3
for part in device eim smdpp ipa lpa ctl; do
    "$softeuicc" $part --help >/dev/null 2>&1 || skip_all "softeuicc is built without $part"
done

a=8988211000000000025
b=8988211000000000033
round=14m # one round of polls, and not the next one

fail() {
    printf 'device_orders.sh: %s\n' "$1" >&2
    cat "$work/log" >&2
    exit 1
}

try() {
    "$softeuicc" "$@" >"$work/log" 2>&1 || fail "softeuicc $1 fails"
}

figure() {
    "$softeuicc" ctl --card "$card" show --json | jq -r ".ipae.$1"
}

# make_iot_card NAME COMPACT OPTION…: a card that the eIM of `eim config OPTION…` has met; sets $card and $eid.
make_iot_card() {
    card=$work/$1.db
    local compact=$2
    shift 2
    try create --card "$card" --pki "$work/pki" --ipae --profile "$work/a.der" --profile "$work/b.der"
    eid=$("$softeuicc" ctl --card "$card" show --json | jq -r .eid)
    try ctl --card "$card" ipae "compact=$compact"
    try eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "127.0.0.1:$port" "$@"
    try ipa --card "$card" --state "$work/state" add-eim "$work/eim.der"
    try lpa --card "$card" enable "$a"
}

# run NETWORK: a round of polls, which is due at once.
run() {
    local before
    sqlite3 "$card" 'update ipae_eim set next_poll = 0'
    before=$(figure counts.polls)
    try device --card "$card" --network "$1" --virtual --for "$round" --quiet
    [ "$(figure counts.polls)" = $((before + 1)) ] || fail "that was not one round"
}

row() {
    figure "last_round | \"| $1 | \`$2\` | \\(.sent) | \\(.received) | \\(.proactive_commands) | \\(.commands) | \\(.channel_ms / 1000 | round) s |\""
}

# order NAME NETWORK WORD…
order() {
    local name=$1 network=$2
    shift 2
    try eim order --url "https://127.0.0.1:$port" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@"
    jq .id "$work/log" >"$work/order"
    run "$network"
    [ "$(curl -s --cacert "$work/pki/ci.pem" "https://127.0.0.1:$port/v1/orders/$(cat "$work/order")" | jq -r .state)" = done ] ||
        fail "the order is not done: $*"
    row "$name" "$network"
}

# --- an eIM and an SM-DP+ ----------------------------------------------------------------------------------------------------------
port=$(free_port)
smdpp_port=$(free_port)
try pki init --dir "$work/pki" --host 127.0.0.1
try profile make --out "$work/a.der" --iccid "$a"
try profile make --out "$work/b.der" --iccid "$b"
mkdir "$work/profiles"
if [ -n "$profile" ]; then
    cp "$profile" "$work/profiles/c.der"
else
    try profile make --out "$work/profiles/c.der" --iccid 8988211000000000058 --metadata
fi
"$softeuicc" create --card "$work/none.db" --pki "$work/pki" --ipae >"$work/log" 2>&1 || {
    grep -q "no IPAe" "$work/log" || fail "softeuicc create fails"
    skip_all "softeuicc is built without the IPAe"
}
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" >"$work/eim.out" 2>"$work/log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || fail "the eIM does not start"
"$softeuicc" smdpp --pki "$work/pki" --listen "127.0.0.1:$smdpp_port" --address "127.0.0.1:$smdpp_port" --state "$work/smdpp.db" \
    --profiles "$work/profiles" >"$work/smdpp.out" 2>"$work/log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/smdpp.out" || fail "the SM-DP+ does not start"

# --- the table ---------------------------------------------------------------------------------------------------------------------
matching="1\$127.0.0.1:$smdpp_port\$c"
printf '| | network | sent | received | proactive commands | commands | channel open |\n| --- | --- | --- | --- | --- | --- | --- |\n'
for network in lan nbiot; do
    make_iot_card "direct-$network" off
    run "$network"
    run "$network"
    row "a poll that brings nothing" "$network"
    order "a profile is enabled" "$network" enable "$b"
    order "a download, from the SM-DP+" "$network" download "$matching"
    make_iot_card "indirect-$network" off --indirect
    run "$network"
    order "through the eIM" "$network" download "$matching" --indirect
    make_iot_card "compact-$network" on --indirect
    run "$network"
    order "through the eIM, compact" "$network" download "$matching" --indirect
done
for pid in "${processes[@]}"; do
    end_process "$pid"
done
