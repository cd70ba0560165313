#!/usr/bin/env bash
# `softeuicc ipa` end to end: whom it trusts, over HTTPS and CoAP; a device's life on a card file and over PC/SC, with the test eIM and
# SM-DP+; rollback, fallback and return by its own clocks; what it prints and how it exits.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl opensc-tool
need_parts smdpp eim ipa

a=8988211000000000017
b=8988211000000000025
demo=8988211000000000033

eim_port=$(free_port)
coap_port=$(free_port)
smdpp_port=$(free_port)

ipa() {
    "$softeuicc" ipa "${target[@]}" --cacert "$work/pki/ci.pem" "$@"
}

order() {
    "$softeuicc" eim order --url "https://localhost:$eim_port" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json"
}

# state_of_order: how the last order stands.
state_of_order() {
    curl -s --cacert "$work/pki/ci.pem" "https://localhost:$eim_port/v1/orders/$(jq .id "$work/order.json")" | jq -r .state
}

# refuses NAME STATUS PATTERN COMMAND…: it exits with the status and one line on stderr that matches.
refuses() {
    local name=$1 expected=$2 pattern=$3 status=0
    shift 3
    "$@" >"$work/refused.out" 2>"$work/refused.log" || status=$?
    is "$name: exit status" "$expected" "$status"
    matches "$name" "$pattern" "$(cat "$work/refused.log")"
    is "$name: one line" 1 "$(wc -l <"$work/refused.log")"
}

start() {
    local name=$1
    shift
    fresh "$work/$name.log"
    "$softeuicc" "$name" --pki "$work/pki" "$@" >"$work/$name.log" 2>&1 &
    processes+=("$!")
    wait_until 10 grep -q '^listening on' "$work/$name.log" || {
        not_ok "softeuicc $name starts" "$work/$name.log"
        exit 1
    }
}

enabled() {
    ipa status --json | jq -r .enabled
}

# configuration NAME OPTION…: $work/NAME.der for our eIM.
configuration() {
    local name=$1
    shift
    "$softeuicc" eim config --pki "$work/pki" --out "$work/$name.der" --fqdn "localhost:$eim_port" "$@" >"$work/config.log" 2>&1 ||
        not_ok "eim config for $name" "$work/config.log"
}

# --- whom it trusts -----------------------------------------------------------------------------------------------------
# trusts NAME TLS: a card whose configuration names the server by its key, its certificate or its CA.
trusts() {
    configuration "$1" --tls "$2"
    make_card "$1"
    target=(--card "$work/$1.db")
    check "$1: add-eim" ipa add-eim "$work/$1.der"
    check "$1: HTTPS" "$softeuicc" ipa "${target[@]}" poll
    if [ -n "$coap" ]; then
        check "$1: CoAP" "$softeuicc" ipa "${target[@]}" --eim "coaps://localhost:$coap_port" poll
    fi
    # The same card, and a server with another key: an SM-DP+ of the same CI has one.
    if [ "$2" != ca ]; then
        refuses "$1: another server" 1 'eIM 2\.999\.20: https://localhost:' "$softeuicc" ipa "${target[@]}" \
            --eim "https://localhost:$smdpp_port" poll
    fi
    refuses "$1: a server of another CI" 1 'eIM 2\.999\.20: https://localhost:' "$softeuicc" ipa "${target[@]}" \
        --eim "https://localhost:$other_port" poll
    if [ -n "$coap" ]; then
        refuses "$1: a CoAP server of another CI" 1 'eIM 2\.999\.20: coaps://localhost:' "$softeuicc" ipa "${target[@]}" \
            --eim "coaps://localhost:$other_coap_port" poll
    fi
}

# --- a device's life, on whatever $target says ----------------------------------------------------------------------------
life() {
    local where=$1 out
    eid=$(ipa status --json | jq -r .eid)
    matches "$where: status names the EID" '^[0-9]{32}$' "$eid"
    check "$where: add-eim" ipa add-eim "$work/relayed.der"
    refuses "$where: an eIM there is" 1 'associatedEimAlreadyExists\(2\)' ipa add-eim "$work/relayed.der"
    matches "$where: status shows it" "eIM 2\.999\.20: localhost:$eim_port, trust key" "$(ipa status)"
    check "$where: the first poll" ipa poll

    order enable --iccid "$a"
    out=$(ipa --json poll)
    is "$where: an enable" '[{"command":"enable","result":"ok(0)"}]' \
        "$(jq -c '.[0].events[] | select(.event == "package" and .results[0].command == "enable") | .results' <<<"$out")"
    is "$where: outcome" done "$(jq -r '.[0].outcome' <<<"$out")"
    { printf '%s\n' "$out"; ipa --json status; ipa --json emergency off 2>/dev/null; } >"$work/ipa.json"
    json_style "$where: ipa" "$work/ipa.json"
    is "$where: it is enabled" "$a" "$(enabled)"
    is "$where: the eIM knows" done "$(state_of_order)"

    order download --smdp "localhost:$smdpp_port" --matching-id demo
    matches "$where: a download through the eIM" "profile $demo downloaded" "$(ipa poll)"
    is "$where: the eIM knows" done "$(state_of_order)"
    order delete --iccid "$demo"
    check "$where: delete" ipa poll
    order download --smdp "localhost:$smdpp_port" --matching-id demo --direct
    matches "$where: a direct download" "profile $demo downloaded" "$(ipa --direct poll)"
    order delete --iccid "$demo"
    check "$where: delete again" ipa poll
    order download --smdp "localhost:$smdpp_port" --matching-id nothing --direct
    out=$(ipa --direct poll)
    is "$where: a download that fails is a failure" 1 $?
    matches "$where: and says why" 'profile not downloaded: .*8\.2\.6 reason 3\.8' "$out"

    echo "$a" >"$work/coverage"
    order enable --iccid "$b" --rollback
    out=$(ipa --coverage "$work/coverage" --rollback-after 1 poll)
    matches "$where: no network, rollback" 'rollback: ok\(0\)' "$out"
    is "$where: the old profile is back" "$a" "$(enabled)"
    matches "$where: the eIM knows" 'done|failed' "$(state_of_order)"
}

# By its own clocks: the network of A goes, the Fallback Profile B takes over, A's comes back.
clocks() {
    local where=$1 pid
    order fallback set --iccid "$b"
    check "$where: a Fallback Profile" ipa poll
    printf '%s\n' "$b" >"$work/coverage"
    # The IPA has the card for itself while it runs.
    fresh "$work/run-ipa.log"
    "$softeuicc" ipa "${target[@]}" --cacert "$work/pki/ci.pem" --coverage "$work/coverage" --every 1 --fallback-after 2 --return-every 4 \
        --json run >"$work/run-ipa.log" 2>"$work/run-ipa.err" &
    pid=$!
    processes+=("$pid")
    check "$where: run falls back" wait_until 20 grep -q '"event": *"fallback", *"result": *"ok(0)"' "$work/run-ipa.log"
    printf '%s\n' "$a" "$b" >"$work/coverage"
    check "$where: the eIM is told" wait_until 20 grep -q '"stateChange", *"result": *"fallback(1)"' "$work/run-ipa.log"
    check "$where: run returns" wait_until 20 grep -q '"event": *"return from fallback", *"result": *"ok(0)"' "$work/run-ipa.log"
    end_process "$pid"
    is "$where: run ends well" 0 "$status"
    is "$where: A is enabled" "$a" "$(enabled)"
}

mkdir "$work/profiles"
for profile in "a $a" "b $b" "demo $demo"; do
    # shellcheck disable=SC2086 # a name and an ICCID
    set -- $profile
    "$softeuicc" profile make --out "$work/profiles/$1.der" --iccid "$2" --name "$1" --metadata --fallback-allowed >"$work/make.log" 2>&1 ||
        not_ok "profile make" "$work/make.log"
done
born=(--profile "$work/profiles/a.der" --fallback-allowed --profile "$work/profiles/b.der" --fallback-allowed)
make_card file "${born[@]}"
make_card reader "${born[@]}"
start smdpp --profiles "$work/profiles" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port"
coap=yes
has_coap || coap=
start eim --listen "127.0.0.1:$eim_port" ${coap:+--coap "127.0.0.1:$coap_port"}
"$softeuicc" pki init --dir "$work/other" >"$work/pki.log" 2>&1 || not_ok "another PKI" "$work/pki.log"
other_port=$(free_port)
other_coap_port=$(free_port)
"$softeuicc" eim --pki "$work/other" --listen "127.0.0.1:$other_port" ${coap:+--coap "127.0.0.1:$other_coap_port"} >"$work/other.log" 2>&1 &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/other.log" || not_ok "another eIM starts" "$work/other.log"

trusts by-key key
trusts by-certificate cert
trusts by-ca ca
configuration relayed --indirect

target=(--card "$work/file.db")
life "card file"
clocks "card file"
start_pcscd
start_cards --card "$work/reader.db"
target=(--reader "$(reader_name 0)" --state "$work/reader-state")
life "PC/SC"

# --- what goes wrong ----------------------------------------------------------------------------------------------------
target=(--card "$work/by-key.db")
configuration untrusted --tls none
make_card untrusted
"$softeuicc" ipa --card "$work/untrusted.db" add-eim "$work/untrusted.der" >/dev/null
refuses "nothing vouches for the server" 1 'certificate' "$softeuicc" ipa --card "$work/untrusted.db" poll
check "but with its CA" "$softeuicc" ipa --card "$work/untrusted.db" --cacert "$work/pki/ci.pem" poll
configuration proprietary --protocol inject-https
make_card proprietary
"$softeuicc" ipa --card "$work/proprietary.db" add-eim "$work/proprietary.der" >/dev/null
refuses "an eIM that cannot be asked" 1 'neither eimRetrieveHttps nor eimRetrieveCoaps' "$softeuicc" ipa --card "$work/proprietary.db" poll
check "one of v1.0 is asked by HTTPS" "$softeuicc" ipa --card "$work/proprietary.db" --v1 poll
refuses "nobody there" 1 'eIM 2\.999\.20: https://localhost:1' ipa --eim https://localhost:1 poll
if [ -n "$coap" ]; then
    refuses "nobody there by CoAP" 1 'eIM 2\.999\.20: coaps://localhost:1' ipa --eim coaps://localhost:1 poll
fi
make_card empty
refuses "no eIM" 1 'associated with no eIM' "$softeuicc" ipa --card "$work/empty.db" poll
refuses "another eIM than the card's" 1 'not associated with eIM nobody' ipa --only nobody poll
refuses "no rollback" 1 'rollbackNotAllowed\(1\)' ipa rollback
refuses "no Emergency Profile" 1 'ecallNotAvailable\(8\)' ipa emergency on
refuses "no configuration" 1 'ci.pem is no eIM configuration' "$softeuicc" ipa --card "$work/empty.db" add-eim "$work/pki/ci.pem"
refuses "plain HTTP without --plain" 2 'needs --plain' ipa --eim http://localhost:1 poll
refuses "no URL" 2 'is not a URL' ipa --eim localhost poll
refuses "no command" 2 'a command is missing' ipa
refuses "an unknown command" 2 "no command 'fly'" ipa fly
refuses "run without a time" 2 'run needs --every' ipa run
refuses "a reset of nothing" 2 'reset takes' ipa reset
refuses "a reset of something else" 2 "not 'everything'" ipa reset everything
matches "a reset of the eIM" 'resetEimResult: ok\(0\)' "$(ipa reset eim)"
refuses "no eIM any more" 1 'associated with no eIM' ipa poll
finish
