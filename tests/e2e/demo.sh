#!/usr/bin/env bash
# softeuicc demo: the managed life of a device in one command, over the modem's channels and over a network that a host lends; what it says for
# programs; that it fails where the device does not do its part; and that it leaves nothing behind.
set -u
. "$(dirname "$0")/lib.sh"
need jq
"$softeuicc" demo --help >/dev/null 2>&1 || skip_all "softeuicc is built without demo"

export TMPDIR=$work/tmp
mkdir "$TMPDIR"

# left: what is in the place for temporary files.
left() {
    ls -A "$TMPDIR" 2>"$work/ls.err"
}

# demo NAME STATUS OPTION…: it ends with this status, and leaves nothing; what it printed is in $work/demo.out.
demo() {
    local status
    timeout 120 "$softeuicc" demo "${@:3}" >"$work/demo.out" 2>"$work/demo.err"
    status=$?
    if [ "$status" -eq "$2" ] && [ -z "$(left)" ]; then
        ok "$1"
    else
        printf 'status %s, expected %s; left behind: %s\n' "$status" "$2" "$(left)" >"$work/check.log"
        jq -c '.steps[] | .name as $step | (.card, .device, .eim, .smdpp).facts[]? | select(.ok | not) | [$step, .]' "$work/demo.out" \
            >>"$work/check.log" 2>/dev/null
        not_ok "$1" "$work/check.log" "$work/demo.err" "$work/demo.out"
    fi
}

said() {
    jq -r "$1" "$work/demo.out"
}

# confirmed BEARER: every step by all four, each with something to say.
confirmed() {
    is "$1: it is of this bearer, and well" "$1 true" "$(said '"\(.bearer) \(.ok)"')"
    is "$1: nine steps, in order" "contact download rollback switch fallback return roaming home peace" "$(said '[.steps[].name] | join(" ")')"
    is "$1: card, device, eIM and SM-DP+ confirm each" 36 \
        "$(said '[.steps[] | .card, .device, .eim, .smdpp | select(.ok and (.facts | length > 0) and all(.facts[]; .ok))] | length')"
    is "$1: two downloads, a rollback, a fallback and a return" "2 1 1 1 7" \
        "$(said '.summary | [.downloads, .rollbacks, .fallbacks, .returns, .profile_changes | tostring] | join(" ")')"
}

demo "over the modem's channels" 0 --json --junit "$work/demo.xml"
confirmed bip
check "bip: its octets are proactive commands" test "$(said .summary.proactive_commands)" -gt 1000
is "JUnit: a case for each step and each of the four, and none has failed" "36 0" \
    "$(grep -c '<testcase ' "$work/demo.xml") $(grep -c '<failure' "$work/demo.xml")"
matches "JUnit: the suite says so" 'tests="36" failures="0"' "$(cat "$work/demo.xml")"

demo "over a network that a host lends" 0 --json --bearer host
confirmed host
check "host: the terminal is asked for little but its place" test "$(said .summary.proactive_commands)" -lt 100

# What a person sees, not at a terminal.
demo "for people" 0 --seed 2 --facts
matches "each step is told" "9\. And so it stays.*All 9 steps were confirmed by the card, the device, the eIM and the SM-DP\+\." \
    "$(tr '\n' ' ' <"$work/demo.out")"
matches "with the facts" "ok +eIM +order: rolledBack" "$(cat "$work/demo.out")"
is "nothing is said beside it" "" "$(cat "$work/demo.err")"

# A device that does not do its part is found out.
demo "a device that ignores each REFRESH" 1 --json --habit ignores-refresh --junit "$work/demo.xml"
is "it is found out by card, device, eIM and SM-DP+" "rollback false false false false" \
    "$(said '[.steps[] | select(.begun and (.ok | not))][0] | "\(.name) \(.card.ok) \(.device.ok) \(.eim.ok) \(.smdpp.ok)"')"
is "it says where it ended" "softeuicc demo: step 3 of 9, 'rollback', was not confirmed by all" "$(cat "$work/demo.err")"
is "what was not come to is not passed either" "8 28" \
    "$(grep -c '<testcase .*/>' "$work/demo.xml") $(grep -c '<failure' "$work/demo.xml")"
demo "a device whose channels do not work after a REFRESH" 1 --json --habit fails-channels
is "it rolls back where it should not" "rollback switch" "$(said '[.steps[] | select(.begun).name][-2:] | join(" ")')"
demo "a device that hides its channels" 1 --habit hides-status
matches "a person sees which facts are missing" "FAILED card +packages: \+0 \(expected \+1\.\.\)" "$(cat "$work/demo.out")"

# --- the world that stays --------------------------------------------------------------------------------------------------
kept=$work/kept
demo "its world is kept" 0 --json --keep "$kept"
is "the card is in it" "operator 3" \
    "$("$softeuicc" ctl --card "$kept/card.db" show --json | jq -r '"\(.profiles[] | select(.state == "enabled").name) \(.profiles | length)"')"
check "and states and network" test -s "$kept/eim.db" -a -s "$kept/smdpp.db" -a -s "$kept/network"
is "nobody else may look into it" 700 "$(stat -c %a "$kept")"
demo "where something is, nothing is made" 1 --keep "$kept"
matches "which it says" "cannot make $kept: File exists" "$(cat "$work/demo.err")"
(ulimit -f 16 && trap '' XFSZ && exec "$softeuicc" demo --keep "$work/half") >"$work/demo.out" 2>"$work/demo.err"
is "one that cannot be made whole is not left" "1 1" "$? $(test -e "$work/half"; echo $?)"

# The commands that made it make it once more.
mkdir "$work/bin"
ln -s "$softeuicc" "$work/bin/softeuicc"
sed "s|$kept|$work/again|g" "$kept/commands" >"$work/commands"
mkdir "$work/again"
if PATH=$work/bin:$PATH bash -eu "$work/commands" >"$work/commands.out" 2>&1; then
    is "the commands of that file make such a world" bootstrap \
        "$("$softeuicc" ctl --card "$work/again/card.db" show --json | jq -r '.profiles[] | select(.state == "enabled").name')"
else
    not_ok "the commands of that file make such a world" "$work/commands.out"
fi

# And with those that follow it goes on, in the world that was kept. run_again SUBCOMMAND: becomes it, in a shell of its own.
run_again() {
    local line
    line=$(grep "^# softeuicc $1 " "$kept/commands")
    exec env "PATH=$work/bin:$PATH" bash -c "exec ${line#\# }" >"$work/$1.out" 2>"$work/$1.err"
}
for server in smdpp eim; do
    run_again "$server" &
    processes+=("$!")
    wait_until 10 grep -q '^listening on https' "$work/$server.out" || not_ok "$server is back" "$work/$server.err"
done
polls() {
    "$softeuicc" ctl --card "$kept/card.db" show --json | jq .ipae.counts.polls
}
before=$(polls)
if (run_again device); then ok "the device goes on"; else not_ok "the device goes on" "$work/device.out" "$work/device.err"; fi
check "and polls its eIM" test "$(polls)" -gt "$before"

# --- its ends ----------------------------------------------------------------------------------------------------------------
"$softeuicc" demo --speed 0.5 >"$work/demo.out" 2>"$work/demo.err" &
pid=$!
processes+=("$pid")
wait_until 20 grep -q '^1\. ' "$work/demo.out" || not_ok "the story begins" "$work/demo.err"
kill -INT "$pid"
wait "$pid"
is "an interruption is one, in order" "130 softeuicc demo: ended by SIGINT " "$? $(cat "$work/demo.err") $(left)"

refused() {
    "$softeuicc" demo "${@:2}" >"$work/demo.out" 2>"$work/demo.err"
    is "usage: ${*:2}" "2 $1" "$? $(sed "s/ (see 'softeuicc demo --help')//" "$work/demo.err")"
}
refused "softeuicc demo: --speed is not a number from 0.01 to 100, nor max: 0" --speed 0
refused "softeuicc demo: --speed is not a number from 0.01 to 100, nor max: 1x" --speed 1x
refused "softeuicc demo: --speed is not a number from 0.01 to 100, nor max: 1.2.3" --speed 1.2.3
refused "softeuicc demo: --bearer is not bip or host: lan" --bearer lan
refused "softeuicc demo: --keep has no name" --keep ""
refused "softeuicc demo: --junit has no name" --junit ""
refused "softeuicc demo: 'x' is one argument too many" x
TMPDIR=$work/none demo "without a place for it" 1
matches "it says so" "cannot make $work/none/softeuicc-demo-[A-Za-z0-9]+: No such file" "$(cat "$work/demo.err")"
finish
