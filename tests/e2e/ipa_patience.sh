#!/usr/bin/env bash
# `softeuicc ipa run` without its eIM: it has patience for as long as --fallback-after says, and only then enables the Fallback Profile (SGP.32 3.4.6).
set -u
. "$(dirname "$0")/lib.sh"
need jq
for part in eim ipa profile; do
    "$softeuicc" $part --help >/dev/null 2>&1 || skip_all "softeuicc is built without $part"
done

a=8988211000000000017
b=8988211000000000025
port=$((33600 + RANDOM % 700))

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

# run SECONDS: in the background, with that patience.
run() {
    "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --every 1 --fallback-after "$1" --json run \
        >"$work/run.log" 2>"$work/run.err" &
    pid=$!
    processes+=("$pid")
}

mkdir "$work/profiles"
for profile in "a $a" "b $b"; do
    # shellcheck disable=SC2086 # a name and an ICCID
    set -- $profile
    check "a profile $1" "$softeuicc" profile make --out "$work/profiles/$1.der" --iccid "$2" --name "$1" --metadata --fallback-allowed
done
make_card card --profile "$work/profiles/a.der" --fallback-allowed --profile "$work/profiles/b.der" --fallback-allowed
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" >"$work/eim.log" 2>&1 &
eim=$!
processes+=("$eim")
wait_until 10 grep -q '^listening on' "$work/eim.log" || {
    not_ok "the test eIM starts" "$work/eim.log"
    exit 1
}
check "its configuration" "$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "localhost:$port" --tls key
check "which the card takes" ipa add-eim "$work/eim.der"
eid=$(ipa status --json | jq -r .eid)
ipa poll >"$work/poll.log" 2>&1
order enable --iccid "$a"
check "A is enabled" ipa poll
order fallback set --iccid "$b"
check "B is the Fallback Profile" ipa poll
is "A is" "$a" "$(ipa status --json | jq -r .enabled)"
end_process "$eim"

run 60
check "four polls without an answer" wait_until 30 has_polled 4
end_process "$pid"
check "are no fallback" not grep -q fallback "$work/run.log"
is "A is enabled still" "$a" "$(ipa status --json | jq -r .enabled)"

run 2
check "but when its time has come it falls back" wait_until 30 grep -q '"event": *"fallback", *"result": *"ok(0)"' "$work/run.log"
end_process "$pid"
is "to B" "$b" "$(ipa status --json | jq -r .enabled)"
finish
