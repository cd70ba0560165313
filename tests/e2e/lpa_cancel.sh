#!/usr/bin/env bash
# A download that `softeuicc lpa` gives up in the middle (SGP.22 3.1.3.1): the card signs why, and the SM-DP+ hears it. Of the card's side the server is
# the witness, which believes no reason that the card has not signed.
set -u
. "$(dirname "$0")/lib.sh"
need jq
need_parts smdpp lpa profile

port=$(free_port)
address=localhost:$port

lpa() {
    "$softeuicc" lpa --card "$work/card.db" --cacert "$work/pki/ci.pem" "$@"
}

cancelled() {
    grep -o 'session cancelled, .*' "$work/smdpp.log"
}

make_card card
mkdir "$work/profiles"
for profile in "secret 8988211000000000017" "demo 8988211000000000025"; do
    # shellcheck disable=SC2086 # a name and an ICCID
    set -- $profile
    check "a profile $1" "$softeuicc" profile make --out "$work/profiles/$1.der" --iccid "$2" --name "$1" --operator softeuicc --metadata
done
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address "$address" --log debug >"$work/smdpp.log" 2>&1 &
smdpp=$!
processes+=("$smdpp")
wait_until 10 grep -q '^listening on' "$work/smdpp.log" || {
    not_ok "the test SM-DP+ starts" "$work/smdpp.log"
    exit 1
}
order() {
    "$softeuicc" smdpp order --url "https://$address" --cacert "$work/pki/ci.pem" --json "$@" | jq -r .activation_code
}

# Without what the code says of a confirmation code, so that only the server does, in the middle.
code=$(order --profile secret --confirmation 4711)
code=${code%'$$1'}
check "without its confirmation code nothing is downloaded" not lpa download "$code"
is "and the server is told: later" "session cancelled, postponed(1)" "$(cancelled)"
check "a server with another OID is left" not lpa download "$code\$2.999.77" --confirmation 4711
is "and told that it is not the one" "session cancelled, metadataMismatch(4)" "$(cancelled | tail -n 1)"
is "each is told once" 2 "$(cancelled | wc -l)"
is "the card has nothing" "no profiles" "$(lpa list)"
check "a download that ends well" lpa download "$(order --profile demo)"
is "cancels nothing" 2 "$(cancelled | wc -l)"

# --- a signal in the middle -----------------------------------------------------------------------------------------------
is_told() {
    [ "$(cancelled | wc -l)" -ge "$1" ]
}

# interrupt SIGNAL COMMAND…: the SM-DP+ falls silent when it has begun the session, the signal comes, and then it speaks again. $status.
interrupt() {
    local signal=$1 from
    shift
    from=$(wc -c <"$work/smdpp.log")
    perl -e '$SIG{$_} = "DEFAULT" for "INT", "HUP"; exec @ARGV' "$softeuicc" "$@" >"$work/tool.log" 2>"$work/tool.err" &
    pid=$!
    processes+=("$pid")
    grep -qm 1 serverSigned1 < <(exec tail -c "+$((from + 1))" -f --pid "$pid" "$work/smdpp.log")
    kill -STOP "$smdpp"
    sleep 0.4
    (sleep 0.5 && kill -CONT "$smdpp") &
    end_process "$pid" "$signal"
}

# interrupted NAME SIGNAL PROGRAM COMMAND…: a server that was stopped before its answer was out has begun no session yet, and one that was stopped too
# late has sent the profile: the card is to lose it again, and `again` to order it anew, which is not what is tried here.
interrupted() {
    local name=$1 signal=$2 program=$3 before
    shift 2
    for _ in {1..20}; do
        before=$(cancelled | wc -l)
        interrupt "$signal" "$@"
        grep -q 'session is cancelled' "$work/tool.err" && break
        if lpa list | grep -q 8988211000000000025; then
            lpa delete 8988211000000000025 >"$work/late.log" 2>&1
            again >>"$work/late.log" 2>&1
        fi
        sleep 0.3
    done
    is "$name: SIG$signal ends it" $((128 + $(kill -l "$signal"))) "$status"
    is "$name: SIG$signal is said, and what became of the session" \
        "softeuicc $program: ended by SIG$signal: the session is cancelled, the order stays" "$(tail -n 1 "$work/tool.err")"
    wait_until 5 is_told $((before + 1))
    is "$name: the server is told: later" "session cancelled, postponed(1)" "$(cancelled | tail -n 1)"
    is "$name: once" $((before + 1)) "$(cancelled | wc -l)"
}
check "the card has no profile" lpa delete 8988211000000000025
again() {
    order --profile demo --again --matching-id CANCELLED
}
code=$(again)
for signal in INT TERM HUP; do
    interrupted "lpa download" "$signal" lpa --card "$work/card.db" --cacert "$work/pki/ci.pem" download "$code"
    is "the card has nothing" "no profiles" "$(lpa list)"
done
check "the order is there still" lpa download "$code"
check "delete it" lpa delete 8988211000000000025

if "$softeuicc" eim --help >/dev/null 2>&1 && "$softeuicc" ipa --help >/dev/null 2>&1; then
    eim_port=$(free_port)
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$eim_port" >"$work/eim.log" 2>&1 &
    processes+=("$!")
    wait_until 10 grep -q '^listening on' "$work/eim.log"
    check "the eIM's configuration" "$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$eim_port" --out "$work/eim.der"
    check "is on the card" "$softeuicc" ipa --card "$work/card.db" add-eim "$work/eim.der"
    ipa=(ipa --card "$work/card.db" --cacert "$work/pki/ci.pem")
    "$softeuicc" "${ipa[@]}" poll >/dev/null 2>&1
    code=$(again)
    eid=$(lpa info --json | jq -r .eid)
    at_the_eim() {
        "$softeuicc" eim order --url "https://localhost:$eim_port" --cacert "$work/pki/ci.pem" --eid "$eid" download --direct \
            --activation-code " lpa:${code#LPA:} "
    }
    check "an order at the eIM" at_the_eim
    again() {
        order --profile demo --again --matching-id CANCELLED
        at_the_eim
    }
    for signal in INT TERM HUP; do
        interrupted "ipa poll" "$signal" "${ipa[@]}" --direct poll
        is "the card has nothing" "no profiles" "$(lpa list)"
    done
    matches "the next poll downloads it" 'profile 8988211000000000025 downloaded' "$("$softeuicc" "${ipa[@]}" --direct poll)"
fi
finish
