#!/usr/bin/env bash
# `softeuicc lpa` from order to deletion: over PC/SC against the running card and the test SM-DP+ over HTTPS, then the same on a card
# file without any reader.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl opensc-tool

iccid=8988211000000000017
port=$(free_port)
address=localhost:$port

lpa() {
    "$softeuicc" lpa "${target[@]}" --cacert "$work/pki/ci.pem" "$@"
}

# refuses NAME PATTERN COMMAND…: the command fails with one line on stderr that matches.
refuses() {
    local name=$1 pattern=$2 line
    shift 2
    if "$@" >/dev/null 2>"$work/refused.log"; then
        not_ok "$name (it succeeded)"
        return
    fi
    line=$(tail -n 1 "$work/refused.log")
    matches "$name" "$pattern" "$line"
}

order() {
    "$softeuicc" smdpp order --url "https://$address" --cacert "$work/pki/ci.pem" --json "$@" | jq -r '.activation_code'
}

profile_state() {
    lpa list --json | jq -r --arg iccid "$iccid" '.[] | select(.iccid == $iccid) | .state'
}

pending() {
    lpa notifications --json | jq -r 'map(.event) | join(" ")'
}

start_smdpp() {
    fresh "$work/smdpp.log"
    "$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address "$address" \
        >"$work/smdpp.log" 2>&1 &
    smdpp_pid=$!
    processes+=("$smdpp_pid")
    wait_until 10 grep -q '^listening on' "$work/smdpp.log" || {
        not_ok "the test SM-DP+ starts" "$work/smdpp.log"
        exit 1
    }
}

# --- the whole life of a profile, on whatever $target says -------------------------------------------------------------
life() {
    local where=$1 code eid
    lpa info --json >"$work/lpa.json"
    lpa list --json >>"$work/lpa.json"
    lpa notifications --json >>"$work/lpa.json"
    json_style "$where: lpa" "$work/lpa.json"
    eid=$(lpa info --json | jq -r .eid)
    matches "$where: info names the EID" '^[0-9]{32}$' "$eid"
    matches "$where: info for people" "EID +$eid" "$(lpa info)"
    is "$where: a fresh card lists nothing" "no profiles" "$(lpa list)"

    code=$(order --profile demo)
    matches "$where: an order gives an activation code" "^LPA:1\\\$$address\\\$[A-Z0-9-]+" "$code"
    check "$where: download" lpa download "$code" --keep-notifications
    is "$where: the profile is there, disabled" disabled "$(profile_state)"
    is "$where: one notification waits" install "$(pending)"
    check "$where: notifications process" lpa notifications process
    is "$where: none is left" "" "$(pending)"
    check "$where: the server counts the order as installed" \
        sh -c 'curl -s --cacert "$1" "https://$2/orders" | jq -e "map(select(.state == \"installed\")) | length > 0"' sh "$work/pki/ci.pem" "$address"

    refuses "$where: the same order again is refused" 'subject 8\.2\.6 reason 3\.8' lpa download "$code"

    check "$where: nickname" lpa nickname "$iccid" "Meter 7"
    is "$where: the nickname is listed" "Meter 7" "$(lpa list --json | jq -r '.[0].nickname')"
    check "$where: nickname removed" lpa nickname "$iccid"
    check "$where: enable" lpa enable "$iccid"
    is "$where: it is enabled" enabled "$(profile_state)"
    refuses "$where: enabling twice" 'profileNotInDisabledState\(2\)' lpa enable "$iccid"
    refuses "$where: an enabled profile is not deleted" 'profileNotInDisabledState\(2\)' lpa delete "$iccid"
    check "$where: disable" lpa disable "$iccid" --keep-notifications
    is "$where: it is disabled" disabled "$(profile_state)"
    is "$where: a notification for it" disable "$(pending)"
    check "$where: notifications remove" lpa notifications remove
    is "$where: none is left after remove" "" "$(pending)"
    check "$where: delete" lpa delete "$iccid"
    is "$where: nothing is left" "no profiles" "$(lpa list)"
    refuses "$where: what is not there is not enabled" 'iccidOrAidNotFound\(1\)' lpa enable "$iccid"

    code=$(order --profile demo --confirmation 4711)
    refuses "$where: a confirmation code is asked for" 'confirmation code' lpa download "$code"
    refuses "$where: a wrong confirmation code" 'subject 8\.2\.7 reason 3\.8' lpa download "$code" --confirmation 1
    check "$where: the right confirmation code" lpa download "$code" --confirmation 4711
    check "$where: notifications process, after the second download" lpa notifications process
    check "$where: default-smdp" lpa default-smdp smdp.example.com
    is "$where: it is shown" smdp.example.com "$(lpa info --json | jq -r .default_smdp_address)"
    check "$where: reset" lpa reset
    is "$where: reset deletes the profiles" "no profiles" "$(lpa list)"
    is "$where: and the address" null "$(lpa info --json | jq -r .default_smdp_address)"
}

start_pcscd
make_card card
make_card file
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$iccid" --name Demo --operator softeuicc --metadata \
    >"$work/make.log" 2>&1 || not_ok "profile make" "$work/make.log"
start_smdpp
start_cards --card "$work/card.db"

target=(--reader "$(reader_name 0)")
life "PC/SC"
refuses "a card file that is in use" 'in use|open|another' "$softeuicc" lpa --card "$work/card.db" info
target=(--card "$work/file.db")
life "card file"

# --- what goes wrong ----------------------------------------------------------------------------------------------------
refuses "no such reader" "no reader whose name contains 'Nothing'" "$softeuicc" lpa --reader Nothing info
refuses "no such file" "none\.db" "$softeuicc" lpa --card "$work/none.db" info
refuses "no activation code" "is not an activation code" lpa download nonsense
refuses "an unknown matching identifier" 'subject 8\.2\.6 reason 3\.8' lpa download "1\$$address\$NO-SUCH"
refuses "a server that is not there" 'localhost:1: initiateAuthentication' lpa download '1$localhost:1$X'
refuses "a server certificate that nothing vouches for" 'certificate' "$softeuicc" lpa --card "$work/file.db" download "1\$$address\$X"
refuses "another OID than the certificate's" 'does not carry the OID' lpa download "1\$$address\$demo\$2.999.77"
refuses "neither an ICCID nor an AID" "neither an ICCID" lpa enable 12
refuses "an unknown command" "no command 'fly'" lpa fly
finish
