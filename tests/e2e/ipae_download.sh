#!/usr/bin/env bash
# What a card with an IPA of its own downloads over the terminal's channels (`softeuicc device`, in virtual time): from `softeuicc smdpp` directly and
# through `softeuicc eim`, by every way that an order can name, with what a user would have been asked for, and enabled at once. What is not installed is
# no secret: the SM-DP+ and the eIM both hear why.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts device smdpp smds eim ipa lpa ctl
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

a=8988211000000000025
eim=localhost:$(free_port)
smdpp=localhost:$(free_port)
smds=localhost:$(free_port)
es12=localhost:$(free_port)

# --- the world around it ---------------------------------------------------------------------------------------------------
mkdir "$work/profiles"
# make_profile NAME ICCID OPTION…
make_profile() {
    local name=$1 iccid=$2
    shift 2
    "$softeuicc" profile make --out "$work/profiles/$name.der" --iccid "$iccid" --name "$name" --operator op --metadata "$@" >"$work/make.log" 2>&1 ||
        not_ok "profile make $name" "$work/make.log"
}
"$softeuicc" profile make --out "$work/a.der" --iccid "$a" --name "Born a" --operator op >/dev/null
declare -A iccids
number=10
for name in code default event at-once secret relayed relayed-default relayed-event relayed-at-once relayed-secret coap ruled large; do
    iccids[$name]=89882110000000000$number
    options=()
    [ "$name" != ruled ] || options=(--ppr 1)
    [ "$name" != large ] || options=(--size 300000)
    make_profile "$name" "${iccids[$name]}" "${options[@]}"
    number=$((number + 1))
done
for cut in {1..8}; do
    iccids[cut-$cut]=898821100000000010$cut
    make_profile "cut-$cut" "${iccids[cut-$cut]}"
done

# start NAME OPTION…: a server, until it listens.
start() {
    local name=$1
    shift
    fresh "$work/$name.out"
    "$softeuicc" "$name" --pki "$work/pki" "$@" >"$work/$name.out" 2>"$work/$name.log" &
    processes+=("$!")
    wait_until 10 grep -q '^listening on https' "$work/$name.out" || {
        not_ok "$name starts" "$work/$name.log"
        exit 1
    }
}
start smdpp --listen "127.0.0.1:${smdpp#*:}" --address "$smdpp" --state "$work/smdpp.db" --profiles "$work/profiles" --es12 "$smds=$es12" --log debug
start smds --listen "127.0.0.1:${smds#*:}" --address "$smds" --es12-listen "127.0.0.1:${es12#*:}" --client-ca "$work/pki/ci.pem" --state "$work/smds.db"
coap=
has_coap && coap=localhost:$(free_port)
start eim --listen "127.0.0.1:${eim#*:}" ${coap:+--coap "127.0.0.1:${coap#*:}"} --state "$work/eim.db"

# make_iot_card NAME OPTION…: a card with an enabled profile, associated with the eIM that the options of `eim config` say; sets $card and $eid.
make_iot_card() {
    card=$work/$1.db
    shift
    eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --default-smdp "$smdpp" --root-smds "$smds" --free-nvm 200k \
        --profile "$work/a.der" | jq -r .eid)
    "$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" "$@" >/dev/null
    "$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
    "$softeuicc" lpa --card "$card" enable "$a" >"$work/lpa.log" 2>&1 || not_ok "the first profile is enabled" "$work/lpa.log"
}

# reserve OPTION…: an order at the SM-DP+; its activation code is in $code.
reserve() {
    code=$("$softeuicc" smdpp order --url "https://$smdpp" --cacert "$work/pki/ci.pem" --json "$@" 2>"$work/reserve.err" | jq -r .activation_code)
    [ -n "$code" ] || not_ok "reserve $*" "$work/reserve.err"
}

# order NAME WORD…: an order at the eIM that is called so from now on.
declare -A orders
order() {
    local name=$1
    shift
    "$softeuicc" eim order --url "https://$eim" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err" ||
        not_ok "order $*" "$work/order.err"
    orders[$name]=$(jq .id "$work/order.json")
}

# download NAME WORD…: an order of the profile that is called so, by its activation code.
download() {
    local name=$1
    shift
    order "$name" download --activation-code "1\$$smdpp\$$name" "$@"
}

# became NAME: "done", or why not.
became() {
    curl -s --cacert "$work/pki/ci.pem" "https://$eim/v1/orders/${orders[$1]}" | jq -r 'if .state == "failed" then .error else .state end'
}

# lives NAME OPTION…: an hour of a device with the card.
lives() {
    local name=$1
    shift
    timeout 60 "$softeuicc" device --card "$card" --virtual --json --for 1h "$@" >"$work/device.json" 2>"$work/device.err" && ok "$name" ||
        not_ok "$name" "$work/device.json" "$work/device.err" "$work/eim.log"
    "$softeuicc" ctl --card "$card" show --json >"$work/card.json"
    "$softeuicc" smdpp notifications --url "https://$smdpp" --cacert "$work/pki/ci.pem" --json >"$work/notifications.json"
}

state_of() {
    jq -r --arg iccid "${iccids[$1]}" '[.profiles[] | select(.iccid == $iccid).state] | join(" ")' "$work/card.json"
}

# heard NAME [OPERATION]: what the SM-DP+ was told of a profile by this card, in its order.
heard() {
    jq -r --arg eid "$eid" --arg iccid "${iccids[$1]}" --arg operation "${2:-install}" \
        '[.[] | select(.eid == $eid and .iccid == $iccid and .operation == $operation and .verified) | .result // "ok"] | join(", ")' "$work/notifications.json"
}

# installed WAY NAME: the profile is there, and all know it.
installed() {
    is "$1: the order is done" "done" "$(became "$2")"
    is "$1: the profile is there" disabled "$(state_of "$2")"
    is "$1: the SM-DP+ has heard of it, once" success "$(heard "$2")"
}

# missing WAY NAME REASON NOTIFIED: the profile is not there, and the eIM has the reason; the SM-DP+, that of the notification.
missing() {
    matches "$1: the eIM hears why" "$3" "$(became "$2")"
    is "$1: the profile is not there" "" "$(state_of "$2")"
    matches "$1: the SM-DP+ hears what became of it" "$4" "$(heard "$2")"
}

# cancelled NAME: how sessions for a profile ended at the SM-DP+ that the card left.
cancelled() {
    sed -n "s/.*ICCID ${iccids[$1]}, EID $eid: session cancelled, //p" "$work/smdpp.log" | paste -sd' '
}

# Channels that the card had opened to the SM-DP+.
channels_to_smdpp() {
    jq -r --arg port "3C0302$(printf %04X "${smdpp#*:}")" 'select(.text == "OPEN CHANNEL").octets | select(contains($port))' "$work/device.json" | wc -l
}

nothing_is_left() {
    is "$1: no notification is left on the card" 0 "$(jq '.notifications | length' "$work/card.json")"
}

# --- directly ----------------------------------------------------------------------------------------------------------------
make_iot_card direct --fqdn "$eim"
reserve --profile default --eid "$eid" --matching-id ""
reserve --profile event --eid "$eid" --smds "$smds"
reserve --profile secret --confirmation 4711
download code
order default download --default-smdp
order event download --smds "$smds"
order secret download --activation-code "$code"
order oid download --activation-code "1\$$smdpp\$relayed\$2.999.77"
download large
download ruled
lives "a card downloads from the SM-DP+"
isnt "it has channels to it" 0 "$(channels_to_smdpp)"
installed "an activation code" code
installed "the default SM-DP+" default
installed "an event at the SM-DS" event
is "the event is taken back" 0 "$("$softeuicc" smds events --url "https://$smds" --cacert "$work/pki/ci.pem" --json | jq length)"
missing "a confirmation code is asked for, and nobody is there" secret '^profileDownloadError: undefinedError' '^$'
is "the SM-DP+ hears: later" "postponed(1)" "$(cancelled secret)"
matches "a server with another OID is left" '^profileDownloadError' "$(became oid)"
is "and told that it is not the one" "metadataMismatch(4)" "$(cancelled relayed)"
missing "a profile that is too large" large '^profileDownloadError: undefinedError' '^$'
check "which the SM-DP+ has refused" grep -q 'authenticateClient.*: refused 8.1-4.8' "$work/smdpp.log"
missing "a profile with a rule that the card does not allow" ruled '^storeMetadata: pprNotAllowed' '^pprNotAllowed\(15\)'
download code
order "immediate enabling" immediate-enable on --smdp "$smdpp" --oid 2.999.10
download at-once
lives "the card downloads more"
matches "a profile that is there: the eIM hears it" '^storeMetadata: installFailedDueToIccidAlreadyExistsOnEuicc' "$(became code)"
is "and the SM-DP+" "success, installFailedDueToIccidAlreadyExistsOnEuicc(9) in command 2" "$(heard code)"
is "a profile is enabled at once: the order is done" "done" "$(became at-once)"
is "it is enabled on the card" enabled "$(state_of at-once)"
is "the device was told" true "$(jq -s --arg iccid "${iccids[at-once]}" '([.[] | select(.text == "REFRESH").time] | last) as $refresh |
    any(.[]; .event == "profile" and .iccid == $iccid and .time >= $refresh)' "$work/device.json")"
is "the SM-DP+ hears of the installation" success "$(heard at-once)"
is "and of the enabling" ok "$(heard at-once enable)"
nothing_is_left "directly"

# --- through the eIM ---------------------------------------------------------------------------------------------------------
printf 'preset nbiot\nloss 2%%\n' >"$work/lossy.net"
make_iot_card relayed --fqdn "$eim" --indirect
reserve --profile relayed-default --eid "$eid" --matching-id ""
reserve --profile relayed-event --eid "$eid" --smds "$smds"
reserve --profile relayed-secret --confirmation 4711
download relayed
order relayed-default download --default-smdp
order relayed-event download --smds "$smds"
order secretive download --activation-code "$code"
order relayed-secret download --activation-code "$code" --confirmation 4711
download ruled
download large
order "immediate enabling" immediate-enable on
download relayed-at-once
lives "a card downloads through the eIM" --network nbiot
installed "through the eIM, an activation code" relayed
installed "through the eIM, the default SM-DP+" relayed-default
installed "through the eIM, an event at the SM-DS" relayed-event
matches "through the eIM, a confirmation code that it was not given" '^profileDownloadError: undefinedError' "$(became secretive)"
is "through the eIM, the SM-DP+ hears: later" "postponed(1)" "$(cancelled relayed-secret)"
installed "through the eIM, the confirmation code that it was given" relayed-secret
missing "through the eIM, a rule that the card does not allow" ruled '^storeMetadata: pprNotAllowed' '^pprNotAllowed\(15\)'
missing "through the eIM, a profile that is too large" large '^profileDownloadError' '^$'
is "through the eIM, a profile is enabled at once: the order is done" "done" "$(became relayed-at-once)"
is "it is enabled on the card" enabled "$(state_of relayed-at-once)"
is "the SM-DP+ hears of the installation" success "$(heard relayed-at-once)"
is "and of the enabling" ok "$(heard relayed-at-once enable)"
nothing_is_left "through the eIM"
is "the card had no channel to the SM-DP+" 0 "$(channels_to_smdpp)"

if [ -n "$coap" ]; then
    make_iot_card coap --fqdn "$coap" --protocol coaps --indirect
    download coap
    lives "a card downloads through the eIM by CoAP" --network nbiot
    installed "through the eIM by CoAP" coap
else
    skip "CoAP: softeuicc is built without libcoap"
fi

# --- the power goes ----------------------------------------------------------------------------------------------------------
# cut_at WHICH: the power goes when the device has told of so many octets that were sent or came, or soon after.
cut_at() {
    local pid
    mkfifo "$work/told-$1"
    "$softeuicc" device --card "$card" --virtual --json --for 1h >"$work/told-$1" 2>"$work/device.err" &
    pid=$!
    processes+=("$pid")
    grep -E -m "$1" '"event":"(sent|received)"' "$work/told-$1" >/dev/null
    end_process "$pid" KILL
}

make_iot_card cut --fqdn "$eim"
lives "the card is known"
unfinished=0
for cut in {1..8}; do
    download "cut-$cut"
    cut_at $((cut * 8))
    [ "$(became "cut-$cut")" = "done" ] || unfinished=$((unfinished + 1))
    lives "the power went at message $((cut * 8))"
    installed "after that" "cut-$cut"
done
isnt "the power went before a download was done" 0 "$unfinished"
nothing_is_left "after the power went"
finish
