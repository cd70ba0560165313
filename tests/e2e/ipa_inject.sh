#!/usr/bin/env bash
# `softeuicc ipa inject`, an eIM that the device never reaches: its packages are fetched by curl and handed in as files, the responses go
# back by curl, and so do its acknowledgements; every kind of package, and what is none.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl sqlite3
need_parts smdpp eim ipa

a=8988211000000000017
b=8988211000000000025
demo=8988211000000000033
port=$(free_port)
smdp_port=$(free_port)
esipa=(--cacert "$work/pki/ci.pem" -H 'Content-Type: application/x-gsma-rsp-asn1' -H 'X-Admin-Protocol: gsma/rsp/v2.1.0'
    "https://localhost:$port/gsma/rsp2/asn1")

# inject OPTION… FILE: into the card, which has no way to the eIM.
inject() {
    "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --eim https://localhost:1 "${@:1:$#-1}" inject "${@: -1}"
}

octets() {
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# object TAG HEX: a data object in hexadecimal.
object() {
    local size=$((${#2} / 2))
    if [ $size -lt 128 ]; then
        printf '%s%02X%s' "$1" $size "$2"
    elif [ $size -lt 256 ]; then
        printf '%s81%02X%s' "$1" $size "$2"
    else
        printf '%s82%04X%s' "$1" $size "$2"
    fi
}

# content HEX: what is in an object whose tag has two octets.
content() {
    case ${1:4:2} in
    81) printf %s "${1:8}" ;;
    82) printf %s "${1:10}" ;;
    *) printf %s "${1:6}" ;;
    esac
}

# asked HEX: the eIM's answer, in hexadecimal.
asked() {
    octets "$1" >"$work/message"
    curl -sf -o "$work/answer" --data-binary "@$work/message" "${esipa[@]}" && hex_of "$work/answer"
}

# order EID OPTION…: queues it, and its package is in $package, without GetEimPackageResponse around it.
order() {
    local eid=$1
    shift
    "$softeuicc" eim "$1" --url "https://localhost:$port" --cacert "$work/pki/ci.pem" --token-file "$work/eim.db.token" --eid "$eid" --json \
        "${@:2}" >"$work/order.json" 2>"$work/order.log" || not_ok "eim $*" "$work/order.log"
    package=$(content "$(asked "$(object BF4F "5A10$eid")")")
}

state_of_order() {
    "$softeuicc" eim orders --url "https://localhost:$port" --cacert "$work/pki/ci.pem" --token-file "$work/eim.db.token" --eid "$eid" --json |
        jq -r --argjson id "$(jq .id "$work/order.json")" '.[] | select(.id == $id) | .state'
}

# returned FILE: the response goes back as a ProvideEimPackageResult; $acknowledgements is what the eIM answers.
returned() {
    acknowledgements=$(content "$(asked "$(object BF50 "5A10$eid$(content "$(hex_of "$1")")")")")
}

enabled() {
    "$softeuicc" ipa --card "$work/card.db" status --json | jq -r .enabled
}

# stored: how many results are on the card.
stored() {
    sqlite3 "$work/card.db" 'SELECT count(*) FROM package_result'
}

# refused NAME PATTERN OPTION… FILE: status 1, one line that matches, and the card is as it was.
refused() {
    local name=$1 pattern=$2 before status=0
    shift 2
    before=$(enabled),$(stored)
    inject "$@" >"$work/refused.log" 2>&1 || status=$?
    is "$name: exit status" 1 "$status"
    matches "$name" "$pattern" "$(cat "$work/refused.log")"
    is "$name: the card is as it was" "$before" "$(enabled),$(stored)"
}

# one_line NAME: what was printed last is one line.
one_line() {
    is "$1: one line" 1 "$(wc -l <"$work/refused.log")"
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

# --- the world around it ------------------------------------------------------------------------------------------------
mkdir "$work/profiles"
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
for profile in a:$a b:$b; do
    "$softeuicc" profile make --out "$work/${profile%%:*}.der" --iccid "${profile#*:}" --name "${profile%%:*}" >/dev/null || not_ok "profile make"
done
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid $demo --name Demo --metadata >/dev/null || not_ok "profile make"
make_card card --profile "$work/a.der" --profile "$work/b.der"
make_card other
start smdpp --profiles "$work/profiles" --listen "127.0.0.1:$smdp_port" --address "localhost:$smdp_port"
start eim --listen "127.0.0.1:$port" --state "$work/eim.db"
"$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "localhost:$port" >/dev/null 2>&1 || not_ok "eim config"
eid=$("$softeuicc" ipa --card "$work/card.db" status --json | jq -r .eid)
other=$("$softeuicc" ipa --card "$work/other.db" status --json | jq -r .eid)

octets BF52045C0283A8 >"$work/data.der"
refused "a card without an eIM" 'associated with no eIM' "$work/data.der"
one_line "a card without an eIM"
for card in card other; do
    "$softeuicc" ipa --card "$work/$card.db" add-eim "$work/eim.der" >/dev/null || not_ok "add-eim"
    "$softeuicc" ipa --card "$work/$card.db" --cacert "$work/pki/ci.pem" poll >/dev/null || not_ok "the first poll"
done

# --- a package and back -------------------------------------------------------------------------------------------------
order "$eid" enable --iccid $b
octets "$(object BF4E "$package")" >"$work/enable.der"
out=$(inject --out "$work/response.der" "$work/enable.der")
is "an enable: exit status" 0 $?
matches "an enable is done" 'package run, result [0-9]+: enable ok\(0\)' "$out"
matches "the response is in a file" "response: euiccPackageResult, [0-9]+ octets in $work/response.der" "$out"
is "the profile is enabled" $b "$(enabled)"
matches "it is a TransferEimPackageResponse" '^BF4E..BF51' "$(hex_of "$work/response.der")"
is "the order waits for it" sent "$(state_of_order)"
returned "$work/response.der"
is "then it is done" done "$(state_of_order)"

is "the result is on the card until it is acknowledged" 1 "$(stored)"
matches "the eIM acknowledges" '^BF53' "$acknowledgements"
printf '%s\n' "$acknowledgements" >"$work/acknowledgements.hex"
out=$(inject --out "$work/received.der" "$work/acknowledgements.hex")
is "acknowledgements, in hexadecimal: exit status" 0 $?
matches "a number is removed" 'acknowledged and removed: [0-9]+' "$out"
is "the response" BF4E020500 "$(hex_of "$work/received.der")"
is "no result is left" 0 "$(stored)"
isnt "and a poll offers none" offered \
    "$("$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --json poll | jq -r '.[].events[].event' | grep offered)"

order "$eid" rat
json=$(octets "$package" | inject --json -)
is "a bare package from standard input" '["package"]' "$(jq -c '[.[0].events[].event]' <<<"$json")"
printf '%s\n' "$json" >"$work/inject.json"
json_style "inject" "$work/inject.json"
octets "$(jq -r '.[0].response' <<<"$json")" >"$work/response.der"
returned "$work/response.der"
is "its response in JSON is good for the eIM" done "$(state_of_order)"
printf '%s' "$acknowledgements" | inject - >/dev/null || not_ok "acknowledgements from standard input"

order "$eid" data --tags BF20,A8
octets "$package" >"$work/data.der"
check "data is given" inject --out "$work/response.der" "$work/data.der"
returned "$work/response.der"
is "and is what the eIM asked for" done "$(state_of_order)"
octets "$(object BF4E BF52045C0283A8)" >"$work/data.der"
check "a request for data of nobody in particular is the only eIM's" inject --only 2.999.20 "$work/data.der"

order "$eid" download --smdp "localhost:$smdp_port" --matching-id demo --direct
octets "$package" >"$work/trigger.der"
out=$(inject --direct --out "$work/received.der" "$work/trigger.der")
is "a trigger: exit status" 0 $?
matches "its profile is downloaded" "profile $demo downloaded" "$out"
is "the trigger is received" BF4E020500 "$(hex_of "$work/received.der")"
out=$("$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --direct --json poll)
is "a poll reports it" true "$(jq -c '.[0].events[] | select(.event == "download") | .installed' <<<"$out")"
is "once" done "$(state_of_order)"
out=$("$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --json poll)
is "and no notification is left" '[]' "$(jq -c '.[0].events' <<<"$out")"

# --- commands that fail -------------------------------------------------------------------------------------------------
order "$eid" enable --iccid $b
octets "$package" >"$work/fails.der"
out=$(inject --out "$work/response.der" "$work/fails.der")
is "a command that fails is a failure" 1 $?
matches "and says why" 'enable profileNotInDisabledState\(2\)' "$out"
returned "$work/response.der"
is "the eIM knows" failed "$(state_of_order)"
printf '%s' "$acknowledgements" | inject - >/dev/null || not_ok "acknowledgements of a failure"
octets BF52035C01FF >"$work/data.der"
refused "data that there is not" 'incorrectTagList\(1\)' "$work/data.der"
order "$eid" download --smdp "localhost:$smdp_port" --matching-id nothing --direct
octets "$package" >"$work/trigger.der"
refused "a download that fails" 'profile not downloaded: .*8\.2\.6 reason 3\.8' --direct "$work/trigger.der"
"$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --direct poll >/dev/null
is "a poll reports that, too" failed "$(state_of_order)"

# --- what is not for this card ------------------------------------------------------------------------------------------
refused "a package that comes again" 'package refused by the card: replayError\(4\)' "$work/enable.der"
order "$other" enable --iccid $a
octets "$package" >"$work/other.der"
refused "a package of another card" 'package refused by the card: invalidEid\(3\)' "$work/other.der"
refused "the package is of another eIM than is said" 'the package is of eIM 2\.999\.20, not of nobody' --only nobody "$work/enable.der"
one_line "another eIM"
refused "an eIM that the card does not know" 'not associated with eIM nobody' --only nobody "$work/data.der"
one_line "an eIM that the card does not know"
head -c 40 "$work/enable.der" >"$work/broken.der"
refused "half a package" 'broken.der is no eIM package' "$work/broken.der"
one_line "half a package"
: >"$work/empty.der"
refused "an empty file" 'empty.der is empty' "$work/empty.der"
one_line "an empty file"
printf 'BF5' >"$work/odd.hex"
refused "half an octet" 'odd.hex is no eIM package' "$work/odd.hex"
printf 'BF51 00\0BF5100' >"$work/zero.hex"
refused "a zero in hexadecimal" 'zero.hex is no eIM package' "$work/zero.hex"
refused "a file that is not there" 'cannot open .*nothing.der' "$work/nothing.der"
printf 'BF51 04 3002\n8000\n' >"$work/nonsense.hex"
refused "a package without sense" 'package refused: invalidPackageFormat\(1\)' "$work/nonsense.hex"
printf 'A000' >"$work/unknown.hex"
refused "what is no package" 'package refused: unknownPackage\(2\)' "$work/unknown.hex"
printf 'BF52035C015A' >"$work/data.hex"
refused "a response that cannot be written" 'cannot .*nowhere/response.der' --out "$work/nowhere/response.der" "$work/data.hex"
is "that line is the only one of it" 1 "$(grep -c response "$work/refused.log")"
status=0
"$softeuicc" ipa --card "$work/card.db" --out "$work/response.der" poll >"$work/refused.log" 2>&1 || status=$?
is "--out with poll is wrong usage" 2 $status
matches "and says so" '--out is of the command inject' "$(cat "$work/refused.log")"
finish
