#!/usr/bin/env bash
# Signals: whatever runs or waits when SIGINT, SIGTERM or SIGHUP comes ends soon, says by its status what ended it, and leaves no half-written
# file, database journal, pid file or temporary behind. Every tool with every signal.
set -u
. "$(dirname "$0")/lib.sh"
need jq sqlite3
need_parts smdpp eim lpa ipa profile
signals=(INT TERM HUP)

number() {
    kill -l "$1"
}

make_card card
mkdir "$work/profiles" "$work/out"
check "a profile" "$softeuicc" profile make --out "$work/profiles/demo.der" --iccid 8988211000000000025 --metadata
port=$(free_port) eim_port=$(free_port) dead_port=$(free_port)

# What must not lie about when nobody runs.
leftovers() {
    find "$work" -mindepth 1 \( -name "*-wal" -o -name "*-shm" -o -name "*-journal" -o -name "*.pid" -o -name "*.??????" \) \
        ! -name "*.config" | sort
}

is_begun() {
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = softeuicc ] || is_gone "$pid"
}

# begin COMMAND…: in the background, as a terminal would start it: without ignored signals. $pid, which is the program: until then a signal
# would meet the shell.
begin() {
    perl -e '$SIG{$_} = "DEFAULT" for "INT", "HUP"; exec @ARGV' "$softeuicc" "$@" >"$work/tool.log" 2>"$work/tool.err" &
    pid=$!
    processes+=("$pid")
    until is_begun; do :; done
}

# ends NAME SIGNAL STATUS: the process $pid.
ends() {
    local before=$EPOCHSECONDS
    end_process "$pid" "$2"
    is "$1: SIG$2 ends it" "$3" "$status"
    check "$1: SIG$2 ends it soon" test $((EPOCHSECONDS - before)) -le 4
    is "$1: SIG$2 leaves nothing about" "" "$(leftovers)"
}

# --- servers --------------------------------------------------------------------------------------------------------------
is_up() {
    grep -q '^listening on' "$work/tool.log"
}
smdpp() {
    begin smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address "localhost:$port" \
        --state "$work/smdpp.db" --pid-file "$work/smdpp.pid"
}
eim() {
    begin eim --pki "$work/pki" --listen "127.0.0.1:$eim_port" --state "$work/eim.db" --pid-file "$work/eim.pid"
}
for server in smdpp eim; do
    for signal in "${signals[@]}"; do
        fresh "$work/tool.log"
        $server
        check "$server runs" wait_until 10 is_up
        ends "$server" "$signal" 0
        # Wherever in its beginning it is.
        for delay in 0 0.01 0.02 0.04 0.08; do
            $server
            sleep "$delay"
            end_process "$pid" "$signal"
            matches "$server that begins: SIG$signal after $delay s" "^(0|$((128 + $(number "$signal"))))\$" "$status"
            is "$server that begins: SIG$signal after $delay s leaves nothing about" "" "$(leftovers)"
        done
    done
done

# --- who began it without SIGHUP -------------------------------------------------------------------------------------------
fresh "$work/tool.log"
nohup "$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" >"$work/tool.log" 2>&1 &
pid=$!
processes+=("$pid")
check "under nohup it runs" wait_until 10 is_up
kill -HUP "$pid"
sleep 0.3
check "under nohup SIGHUP is nothing" kill -0 "$pid"
ends "under nohup" TERM 0

# --- what waits for a server that never answers -------------------------------------------------------------------------------
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$dead_port" >"$work/dead.log" 2>&1 &
dead=$!
processes+=("$dead")
wait_until 10 grep -q '^listening on' "$work/dead.log"
check "the eIM's configuration" "$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$dead_port" --out "$work/eim.der"
check "is on the card" "$softeuicc" ipa --card "$work/card.db" --state "$work/ipa.state" add-eim "$work/eim.der"
kill -STOP "$dead"

# waits NAME STATUS COMMAND…: a STATUS of "signal" is 128 and its number.
waits() {
    local name=$1 expected=$2 signal
    shift 2
    for signal in "${signals[@]}"; do
        begin "$@" --card "$work/card.db" --cacert "$work/pki/ci.pem"
        sleep 0.4
        check "$name waits" kill -0 "$pid"
        ends "$name" "$signal" "${expected/signal/$((128 + $(number "$signal")))}"
        [ "$expected" = signal ] || continue
        is "$name: one line says that it was SIG$signal" "softeuicc ${name%% *}: ended by SIG$signal" "$(cat "$work/tool.err")"
    done
}
waits "lpa download" signal lpa download "LPA:1\$localhost:$dead_port\$demo"
waits "lpa discover" signal lpa discover --smds "localhost:$dead_port"
waits "ipa poll" signal ipa --state "$work/ipa.state" poll
waits "ipa run" 0 ipa --state "$work/ipa.state" --every 1 run
check "the card is nobody's" "$softeuicc" lpa --card "$work/card.db" list
kill -CONT "$dead"
end_process "$dead"

# --- what writes files ------------------------------------------------------------------------------------------------------
# writes NAME FILE TEST COMMAND…: at whatever moment the signal comes, FILE is there and TEST is true, or there is nothing.
writes() {
    local name=$1 file=$2 test=$3 signal delay state=ok
    shift 3
    for signal in "${signals[@]}"; do
        for delay in 0 0.005 0.01 0.015 0.02 0.03 0.05 0.08; do
            rm -rf "$work/out"
            mkdir "$work/out"
            begin "$@"
            sleep "$delay"
            end_process "$pid" "$signal"
            case $status in 0 | "$((128 + $(number "$signal")))") ;; *) state="status $status, SIG$signal after $delay s" ;; esac
            [ -z "$(leftovers)" ] || state="left: $(leftovers)"
            [ -z "$(ls -A "$work/out")" ] || { [ -e "$file" ] && $test; } >/dev/null 2>&1 || state="half, SIG$signal after $delay s"
        done
    done
    is "$name: all or nothing" ok "$state"
}
is_card() {
    "$softeuicc" lpa --card "$work/out/new.db" info && [ "$(ls "$work/out")" = new.db ]
}
is_pki() {
    "$softeuicc" pki show --dir "$work/out/pki" && [ -s "$work/out/pki/ci.pem" ]
}
is_profile() {
    jq . "$work/out/new.json" && "$softeuicc" profile show "$work/out/new.der"
}
writes create "$work/out/new.db" is_card create --card "$work/out/new.db" --pki "$work/pki"
writes "pki init" "$work/out/pki" is_pki pki init --dir "$work/out/pki"
writes "profile make" "$work/out/new.der" is_profile profile make --out "$work/out/new.der" --iccid 8988211000000000033 --metadata
writes "eim config" "$work/out/new.der" true eim config --pki "$work/pki" --fqdn localhost --out "$work/out/new.der"

# --- nobody reads -------------------------------------------------------------------------------------------------------------
for command in "lpa list" "lpa info" "ipa status"; do
    # shellcheck disable=SC2086 # words
    "$softeuicc" $command --card "$work/card.db" 2>"$work/tool.err" > >(exec true)
    matches "$command without a reader" '^(141|0)$' "$?"
    is "$command without a reader says nothing" "" "$(cat "$work/tool.err")"
done
is "that leaves nothing about" "" "$(leftovers)"
finish
