#!/usr/bin/env bash
# Logical channels that `softeuicc lpa` and `softeuicc ipa` open on a card in a reader: closed at every end, by signals too; all nineteen are used,
# and a card that has none left is named, with what helps. SIGKILL is what leaves one open.
set -u
. "$(dirname "$0")/lib.sh"
need jq opensc-tool
need_parts smdpp eim lpa ipa run ctl

start_pcscd
make_card card
dead_port=$(free_port)
mkdir "$work/profiles"
check "the eIM's configuration" "$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$dead_port" --out "$work/eim.der"
check "is on the card" "$softeuicc" ipa --card "$work/card.db" add-eim "$work/eim.der"
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$dead_port" >"$work/dead.log" 2>&1 &
dead=$!
processes+=("$dead")
wait_until 10 grep -q '^listening on' "$work/dead.log"
kill -STOP "$dead" # its kernel takes connections, nobody answers
start_cards --card "$work/card.db"

open_channels() {
    "$softeuicc" ctl --card "$work/card.db" --json show | jq '[.channels[] | select(.channel > 0)] | length'
}
has_channels() {
    [ "$(open_channels)" = "$1" ]
}

# begin SUBCOMMAND…: and waits until it has its channel. $pid
begin() {
    local before
    before=$(open_channels)
    perl -e '$SIG{$_} = "DEFAULT" for "INT", "HUP"; exec @ARGV' "$softeuicc" "$@" >"$work/tool.log" 2>"$work/tool.err" &
    pid=$!
    processes+=("$pid")
    wait_until 10 has_channels $((before + 1)) || not_ok "$1 opens a channel" "$work/tool.err"
}
lpa_waits() {
    begin lpa --cacert "$work/pki/ci.pem" download "1\$localhost:$dead_port\$demo"
}
ipa_waits() {
    begin ipa --cacert "$work/pki/ci.pem" poll
}
ipa_runs() {
    begin ipa --cacert "$work/pki/ci.pem" --every 1 run
}

is "at first no channel is open" 0 "$(open_channels)"
for tool in lpa_waits ipa_waits ipa_runs; do
    for signal in INT TERM HUP; do
        $tool
        end_process "$pid" "$signal"
        is "$tool: after SIG$signal no channel is open" 0 "$(open_channels)"
    done
done
check "an error" not "$softeuicc" lpa enable 8988211000000000012
is "leaves none" 0 "$(open_channels)"
check "a server that is not there" not "$softeuicc" lpa download '1$localhost:1$demo'
is "leaves none" 0 "$(open_channels)"

for ((channel = 1; channel <= 19; channel++)); do
    check "channel $channel is opened" "$softeuicc" lpa info
    [ "$channel" -le 4 ] || check "channel $channel is opened by an IPA" "$softeuicc" ipa status
    lpa_waits
    end_process "$pid" KILL
done
is "killed ones leave theirs" 19 "$(open_channels)"
for tool in "lpa info" "lpa --reader Virtual info" "ipa status"; do
    # shellcheck disable=SC2086 # words
    is "then '$tool' says what it is" \
        "softeuicc ${tool%% *}: $(reader_name 0): the card opened no logical channel (6A81): other programs have them all, or left them open; end those, or reset the card ('softeuicc ctl power-cycle', or out of the reader and in again)" \
        "$("$softeuicc" $tool 2>&1)"
done
check "and that helps" "$softeuicc" ctl --card "$work/card.db" power-cycle
wait_until 10 has_card 0
check "it is an eUICC again" "$softeuicc" lpa info
kill -CONT "$dead"
finish
