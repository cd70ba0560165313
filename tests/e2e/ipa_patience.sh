#!/usr/bin/env bash
# `softeuicc ipa run` without its eIM, or with one that takes connections and never answers: it has patience for as long as --fallback-after says,
# and only then enables the Fallback Profile (SGP.32 3.4.6); a new profile has its --rollback-after (3.3.2); and a signal ends it at once.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts eim ipa profile

a=8988211000000000017
b=8988211000000000025
port=$(free_port)
coap_port=$(free_port)
second_port=$(free_port)
coap=
! has_coap || coap=yes

ipa() {
    "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" "$@"
}

order() {
    "$softeuicc" eim order --url "https://localhost:$port" --cacert "$work/pki/ci.pem" --eid "$eid" "$@" >"$work/order.log"
}

polls() {
    wc -l <"$work/run.log"
}

has_polled() {
    [ "$(polls)" -ge "$1" ]
}

# in_background WORD…: its process is in $pid.
in_background() {
    fresh "$work/run.log"
    "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" "$@" >"$work/run.log" 2>"$work/run.err" &
    pid=$!
    processes+=("$pid")
}

# run SECONDS OPTION…: with that patience.
run() {
    in_background --every 1 --fallback-after "$1" "${@:2}" --json run
}

# start_eim NAME PORT OPTION…: its process is in $eim.
start_eim() {
    local name=$1 at=$2
    shift 2
    fresh "$work/$name.log"
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$at" --state "$work/$name.db" "$@" >"$work/$name.log" 2>&1 &
    eim=$!
    processes+=("$eim")
    wait_until 10 grep -q '^listening on https' "$work/$name.log" || {
        not_ok "the eIM $name starts" "$work/$name.log"
        exit 1
    }
}

falls_back() {
    wait_until "$1" grep -q '"event": *"fallback", *"result": *"ok(0)"' "$work/run.log"
}

enabled() {
    ipa status --json | jq -r .enabled
}

# has_called: `run` has a socket, which its event loop alone has not.
has_called() {
    [ "$(find "/proc/$pid/fd" -lname 'socket:*' | wc -l)" -gt 0 ]
}

order_is() {
    [ "$(curl -s --cacert "$work/pki/ci.pem" "https://localhost:$port/v1/orders" | jq -r '.[-1].state')" = "$1" ]
}

# ends_at_once NAME SIGNAL: `run` ends with status 0 within a second.
ends_at_once() {
    local begun=${EPOCHREALTIME/[.,]/}
    end_process "$pid" "$2"
    is "$1: it ends well" 0 "$status"
    check "$1: and at once" [ $((${EPOCHREALTIME/[.,]/} - begun)) -lt 1000000 ]
}

mkdir "$work/profiles"
for profile in "a $a" "b $b"; do
    # shellcheck disable=SC2086 # a name and an ICCID
    set -- $profile
    check "a profile $1" "$softeuicc" profile make --out "$work/profiles/$1.der" --iccid "$2" --name "$1" --metadata --fallback-allowed
done
make_card card --profile "$work/profiles/a.der" --fallback-allowed --profile "$work/profiles/b.der" --fallback-allowed
start_eim eim "$port"
check "its configuration" "$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "localhost:$port" --tls key
check "which the card takes" ipa add-eim "$work/eim.der"
eid=$(ipa status --json | jq -r .eid)
ipa poll >"$work/poll.log" 2>&1
order enable --iccid "$a"
check "A is enabled" ipa poll
order fallback set --iccid "$b"
check "B is the Fallback Profile" ipa poll
is "A is" "$a" "$(enabled)"
end_process "$eim"

run 60
check "four polls without an answer" wait_until 30 has_polled 4
end_process "$pid"
check "are no fallback" not grep -q fallback "$work/run.log"
is "A is enabled still" "$a" "$(enabled)"

run 2
check "but when its time has come it falls back" falls_back 30
end_process "$pid"
is "to B" "$b" "$(enabled)"

timeout 20 "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --every 1 --json run 2>"$work/run.err" | head -n 1 >"$work/run.log"
is "when nobody reads any more it ends" 1 "${PIPESTATUS[0]}"

# --- an eIM that hangs --------------------------------------------------------------------------------------------------
# Its kernel takes connections and datagrams; it does nothing with them. One message may take a minute (BEARER_TIMEOUT).
start_eim eim "$port" ${coap:+--coap "127.0.0.1:$coap_port"}
check "the eIM is back, and told" ipa poll

# hangs WHERE SIGNAL OPTION…
hangs() {
    local where=$1 signal=$2
    shift 2
    check "$where: a return" ipa return
    check "$where: the eIM is told" ipa "$@" poll
    kill -STOP "$eim"
    run 0 "$@"
    check "$where: the eIM is called" wait_until 10 has_called
    ends_at_once "$where, in the middle of a message" "$signal"
    is "$where: it says so" '["unreachable","interrupted"]' "$(jq -c '.[0] | [.outcome, .why]' "$work/run.log")"

    run 6 "$@"
    check "$where: not before its time" not falls_back 2
    check "$where: but then it falls back though the eIM hangs" falls_back 15
    is "$where: its poll was given up" unreachable "$(head -n 1 "$work/run.log" | jq -r '.[0].outcome')"
    ends_at_once "$where, after the fallback" TERM
    is "$where: B is enabled" "$b" "$(enabled)"

    run 0 --return-every 2 "$@"
    check "$where: it returns though the eIM hangs" wait_until 15 grep -q '"event": *"return from fallback", *"result": *"ok(0)"' "$work/run.log"
    end_process "$pid"
    is "$where: A is enabled" "$a" "$(enabled)"
    check "$where: and falls back" ipa fallback
    kill -CONT "$eim"
    check "$where: nothing is lost" ipa "$@" poll
}
hangs HTTPS TERM
if [ -n "$coap" ]; then
    hangs CoAP INT --eim "coaps://localhost:$coap_port"
fi

# --- a new profile ------------------------------------------------------------------------------------------------------
check "a return" ipa return
check "A is enabled again" ipa poll
printf '%s\n' "$a" >"$work/coverage"
order enable --iccid "$b" --rollback
in_background --coverage "$work/coverage" --rollback-after 6 poll
check "B is enabled, and has no network" wait_until 10 grep -q "the profile changed" "$work/run.log"
kill -STOP "$eim"
printf '%s\n' "$a" "$b" >"$work/coverage"
check "then it has, and the eIM hangs: it is rolled back when its time is over" wait_until 20 grep -q 'rollback: ok(0)' "$work/run.log"
kill -CONT "$eim"
check "over A the eIM is told" wait_until 10 is_gone "$pid"
is "A is enabled" "$a" "$(enabled)"

printf '%s\n' "$a" >"$work/coverage"
order enable --iccid "$b" --rollback
in_background --coverage "$work/coverage" --rollback-after 1000 --every 1 run
check "B is enabled once more" wait_until 10 grep -q "the profile changed" "$work/run.log"
ends_at_once "with a new profile that has no network" TERM
matches "it is rolled back" 'rollback: ok\(0\)' "$(cat "$work/run.log")"
is "and A is enabled" "$a" "$(enabled)"

# --- an SM-DP+ that hangs -----------------------------------------------------------------------------------------------
hub=$eim
start_eim hanging "$second_port"
kill -STOP "$eim"
check "a download" order download --smdp "localhost:$second_port" --matching-id any --direct
run 0 --direct
check "the eIM has given it out" wait_until 10 order_is sent
ends_at_once "an SM-DP+ that never answers" TERM
kill -CONT "$eim" "$hub"

# --- a second eIM that does not hang ------------------------------------------------------------------------------------
end_process "$eim"
start_eim second "$second_port" --id second
check "its configuration" "$softeuicc" eim config --pki "$work/pki" --id second --out "$work/second.der" --fqdn "localhost:$second_port"
check "an order to add it" order add-eim "$work/second.der"
matches "it is added, and the download that hung has failed" 'not downloaded.*addEim ok\(0\)' "$(ipa poll 2>&1)"
kill -STOP "$hub"
run 3
check "two rounds" wait_until 40 has_polled 2
ends_at_once "with one of two eIMs" TERM
is "the first was given up, the second answered" '["unreachable","done"]' "$(head -n 1 "$work/run.log" | jq -c 'map(.outcome)')"
check "which is no fallback" not grep -q fallback "$work/run.log"
kill -CONT "$hub"

"$softeuicc" ipa --card "$work/nothing-there.db" run 2>"$work/usage.log"
is "run without --every" 2 $?
matches "is said before there is a card" 'run needs --every' "$(cat "$work/usage.log")"
finish
