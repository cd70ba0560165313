#!/usr/bin/env bash
# A device with a modem around a card (`softeuicc device`): a card with an IPA of its own polls `softeuicc eim` over the terminal's channels,
# runs its orders and downloads from `softeuicc smdpp`, in virtual time, on scripted networks, without pcscd; then a card behind PC/SC in
# real time, what is refused, and how it ends.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl perl
need_parts device smdpp eim ipa lpa ctl
"$softeuicc" pki init --dir "$work/pki" --host localhost --host eim.example >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

a=8988211000000000025
b=8988211000000000033
demo=8988211000000000058
port=$(free_port)
coap_port=$(free_port)
smdpp_port=$(free_port)
url=https://localhost:$port
coap=
has_coap && coap=yes

# --- the world around it ---------------------------------------------------------------------------------------------------
mkdir "$work/profiles"
for profile in "a $a" "b $b"; do
    "$softeuicc" profile make --out "$work/${profile% *}.der" --iccid "${profile#* }" --name "Born ${profile% *}" --operator op >/dev/null
done
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$demo" --name Demo --operator op --metadata >/dev/null

# make_iot_card NAME OPTION…: a card of two profiles, the first of them enabled, which is associated with the eIM that the options of
# `eim config` say; sets $card and $eid.
make_iot_card() {
    card=$work/$1.db
    shift
    eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --profile "$work/a.der" --profile "$work/b.der" | jq -r .eid)
    "$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" "$@" >/dev/null
    "$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
    lpa enable "$a" || not_ok "the first profile is enabled" "$work/lpa.log"
}

lpa() {
    "$softeuicc" lpa --card "$card" "$@" >"$work/lpa.log" 2>&1
}

"$softeuicc" smdpp --pki "$work/pki" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" --state "$work/smdpp.db" \
    --profiles "$work/profiles" >"$work/smdpp.out" 2>"$work/smdpp.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/smdpp.out" || not_ok "the SM-DP+ starts" "$work/smdpp.log"
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" ${coap:+--coap "127.0.0.1:$coap_port"} --state "$work/eim.db" >"$work/eim.out" \
    2>"$work/eim.log" &
processes+=("$!")
wait_until 10 grep -q "^listening on ${coap:+coaps}" "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"

device() {
    timeout 60 "$softeuicc" device --card "$card" --virtual --json "$@" >"$work/device.json" 2>"$work/device.err"
}

# counts: what the card has counted that the device counts as well.
counts() {
    "$softeuicc" ctl --card "$card" show --json | jq -c '.ipae.counts | {sent, received, channel_ms, proactive_commands}'
}

# ran NAME OPTION…: the device ends as asked.
ran() {
    local name=$1
    shift
    counted=$(counts)
    if device "$@"; then ok "$name"; else not_ok "$name" "$work/device.json" "$work/device.err" "$work/eim.log"; fi
}

rest() {
    curl -s --cacert "$work/pki/ci.pem" "$url$1"
}

order() {
    "$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err" ||
        not_ok "order $*" "$work/order.err"
}

order_state() {
    rest "/v1/orders/$(jq .id "$work/order.json")" | jq -r 'if .state == "failed" then .error else .state end'
}

euicc() {
    rest "/v1/euiccs/$eid" | jq -r "$1"
}

state_of() {
    "$softeuicc" ctl --card "$card" show --json | jq -r --arg iccid "$1" '.profiles[] | select(.iccid == $iccid).state'
}

# told FILTER: of the events that the device told; last FILTER: of the last one.
told() {
    jq -rs "$1" "$work/device.json"
}

summary() {
    tail -n 1 "$work/device.json" | jq -r "$1"
}

# counted_too NAME: the card has counted what the device did in the last run.
counted_too() {
    is "$1" "$(jq -nc --argjson before "$counted" --argjson run "$(tail -n 1 "$work/device.json")" '$before | with_entries(.value += $run[.key])')" \
        "$(counts)"
}

# in_order NAME SELECTION…: the events come in this order, others between them.
in_order() {
    local name=$1 at=-1 next selection
    shift
    for selection in "$@"; do
        next=$(told "[to_entries[] | select(.key > $at) | {key} + .value | select($selection).key][0] // -1")
        if [ "$next" -lt 0 ]; then
            not_ok "$name: no $selection" "$work/device.json"
            return
        fi
        at=$next
    done
    ok "$name"
}
refresh='.event == "proactive" and .text == "REFRESH"'
registered='.event == "network" and .service == "registered"'
opened='.event == "channel" and .text == "open"'
profile_is() {
    printf '.event == "profile" and .iccid == "%s"' "$1"
}

# --- polls, and profiles -------------------------------------------------------------------------------------------------
make_iot_card card --fqdn "localhost:$port"
ran "the card polls over the terminal's channels" --until polled --for 1h
json_style "what it tells" "$work/device.json"
counted_too "the card counts the poll as the device does"
is "its last line is the summary" "summary true registered 001-01" "$(summary '[.event, .reached, .service, .plmn] | join(" ")')"
is "the eIM knows its profiles: a poll is more than a name" 2 "$(euicc '.profiles | length')"
order enable "$b" --rollback
ran "it enables a profile" --network nbiot --for 30m
is "the order is done" "done" "$(order_state)"
is "the profile is enabled on the card" enabled "$(state_of "$b")"
in_order "the result comes over the new network" "$refresh" "$(profile_is "$b")" "$registered" "$opened"
counted_too "the card counts the order as the device does"
is "that was no reset" 0 "$(summary .resets)"
told '[.[] | select(.text == "REFRESH")][0].octets' >"$work/refresh"
matches "it is a REFRESH of an eUICC profile state change" 8103010109 "$(cat "$work/refresh")"

order enable "$a" --rollback
ran "it enables a profile by a reset of the card" --network nbiot --for 30m \
    --terminal-profile 2300E842111C00078000001FE260000043C0000000000000D0000000000000000700
counted_too "the card counts over a reset as the device does"
is "the order is done after the reset" "done" "$(order_state)"
is "the profile is enabled on the card after the reset" enabled "$(state_of "$a")"
in_order "the result comes over the new network after the reset" "$refresh" '.event == "power" and .text == "reset"' "$(profile_is "$a")" \
    "$registered" "$opened"
is "that was a reset" 1 "$(summary .resets)"

printf 'preset nbiot\nreject iccid %s cause 11\n' "$b" >"$work/rejects.net"
order enable "$b" --rollback
ran "it enables a profile that no network lets in" --network "$work/rejects.net" --for 1h
matches "the eIM hears that it was rolled back" "^rolledBack: " "$(order_state)"
counted_too "the card counts what was rolled back as the device does"
is "the card has counted changes and rollbacks" "4 1" \
    "$("$softeuicc" ctl --card "$card" show --json | jq -r '.ipae.counts | "\(.profile_changes) \(.rollbacks)"')"
is "the profile before is enabled again" enabled "$(state_of "$a")"
in_order "it goes there and back" "$refresh" "$(profile_is "$b")" '.event == "network" and .cause == 11' "$refresh" "$(profile_is "$a")" \
    "$registered" "$opened"
# Ten minutes are given to the result; the report does not wait for the next poll.
is "the report comes as soon as there is service" true "$(told '([.[] | select(.event == "profile")] | last.time) as $back |
    [.[] | select(.event == "channel" and .text == "open" and .time > $back)][0].time - $back < 60000')"

lpa enable "$b" || not_ok "an LPA enables a profile" "$work/lpa.log"
ran "somebody else has changed profiles" --until polled --for 1h
matches "the eIM hears who it was" "^local" "$(euicc .stateChangeCause)"
is "and asks for the profiles" "$b" "$(euicc '.profiles[] | select(.state == "enabled").iccid')"

# --- downloads -------------------------------------------------------------------------------------------------------------
printf 'preset nbiot\nloss 2%%\n' >"$work/lossy.net"
order download "1\$localhost:$smdpp_port\$demo"
ran "it downloads a profile from the SM-DP+" --network "$work/lossy.net" --for 1h
counted_too "the card counts the download as the device does"
is "the card has counted a download" 1 "$("$softeuicc" ctl --card "$card" show --json | jq .ipae.counts.downloads)"
is "the download is done" "done" "$(order_state)"
is "what it downloaded is there" disabled "$(state_of "$demo")"
is "its notifications are delivered" 0 "$("$softeuicc" ctl --card "$card" show --json | jq '.notifications | length')"
matches "the SM-DP+ has them" "$demo" "$("$softeuicc" smdpp notifications --url "https://localhost:$smdpp_port" --cacert "$work/pki/ci.pem" --json)"

# --- CoAP --------------------------------------------------------------------------------------------------------------------
if [ -n "$coap" ]; then
    make_iot_card coap --fqdn "localhost:$coap_port" --protocol coaps
    ran "it polls over CoAP" --network nbiot --until polled --for 1h
    counted_too "the card counts over CoAP as the device does"
    order enable "$b"
    ran "it enables a profile over CoAP" --network nbiot --for 40m
    is "the order is done over CoAP" "done" "$(order_state)"
    order enable "$a"
    ran "it enables a profile over CoAP through a small buffer" --network nbiot --buffer 512 --for 40m
    is "the order is done over CoAP through a small buffer" "done" "$(order_state)"
    is "no datagram was too long for the buffer" "" "$(told '.[] | select(.event == "trouble").text')"
else
    skip "CoAP: softeuicc is built without libcoap"
fi

# --- names -------------------------------------------------------------------------------------------------------------------
make_iot_card names --fqdn eim.example
printf 'preset nbiot\nhost eim.example 192.0.2.1\nroute 192.0.2.1:443 127.0.0.1:%s\n' "$port" >"$work/names.net"
printf 'preset nbiot\n' >"$work/nameless.net"
ran "no server answers to a name that does not exist" --network "$work/nameless.net" --for 10m
is "which the card gives up" 0 "$(euicc '.profiles // [] | length')"
{
    cat "$work/names.net"
    echo "dns servfail to 10m"
} >"$work/servfail.net"
ran "it polls when the DNS server is back" --network "$work/servfail.net" --until polled --for 1h
is "not before" true "$(summary '.time > 600000')"
is "a route leads to the eIM" 2 "$(euicc '.profiles | length')"
{
    cat "$work/names.net"
    echo "resolver none"
} >"$work/none.net"
make_iot_card resolver --fqdn eim.example
ran "without a DNS server no name is found" --network "$work/none.net" --for 30m
is "and nobody hears of the card" "" "$(euicc '.profiles // empty')"
is "the device is done, all the same" "0 0" "$(summary '"\(.sent) \(.received)"')"

# --- short messages ------------------------------------------------------------------------------------------------------------
# polls_of NAME COUNT OPTION…: in such a run.
polls_of() {
    local name=$1 expected=$2 before
    shift 2
    before=$("$softeuicc" ctl --card "$card" show --json | jq .ipae.counts.polls)
    ran "$name" "$@"
    is "$name: polls" "$expected" "$(("$("$softeuicc" ctl --card "$card" show --json | jq .ipae.counts.polls)" - before))"
}

# message TAR: an SMS-DELIVER with a command packet for it.
message() {
    printf '4405912143F57FF60000000000000013027000000E0D16211919%s000000000100' "$1"
}

set_ipae() {
    "$softeuicc" ctl --card "$card" ipae "$@" >"$work/set.log" 2>&1 || not_ok "ctl ipae $*" "$work/set.log"
}
make_iot_card message --fqdn "localhost:$port"
set_ipae poll-interval=0
polls_of "it polls when it is new" 1 --for 1h
polls_of "then never by itself" 0 --for 1h
printf 'preset lan\nsms %s at 10m\n' "$(message 000001)" >"$work/message.net"
polls_of "a short message for its ISD-R makes it poll" 1 --network "$work/message.net" --for 1h
is "it does not answer that" 0 "$(told '[.[] | select(.event == "sms_sent")] | length')"
counted_too "the card counts the poll of the message as the device does"
{
    echo 'preset lan'
    printf 'sms %s at 10m\n' "$(message B00001)" "$(message 000002)"
    whole=$(message 000001)
    for octets in 20 24 26 30 33; do
        printf 'sms %s at 2%sm\n' "${whole:0:$((2 * octets))}" "$((octets / 4))"
    done
    # Without a header in its user data it is no command packet.
    printf 'sms 04%s at 40m\n' "${whole:2}"
} >"$work/others.net"
polls_of "messages that are none for its ISD-R do not" 0 --network "$work/others.net" --for 1h
printf 'preset lan\nsms %s every 500ms from 10m to 650s\n' "$(message 000001)" >"$work/flood.net"
polls_of "a hundred messages in a row make it poll once" 1 --network "$work/flood.net" --for 655s
is "all hundred came" 100 "$(told '[.[] | select(.event == "sms_came")] | length')"
polls_of "and once more, a minute later" 1 --for 1h
set_ipae poll-on-message=off
polls_of "it does not poll for a message where it is not to" 0 --network "$work/message.net" --for 1h

# --- the cell goes, and power ------------------------------------------------------------------------------------------------
card=$work/card.db eid=$("$softeuicc" ctl --card "$work/card.db" show --json | jq -r .eid)
# The poll of the start is under way from the tenth second on.
make_iot_card outage --fqdn "localhost:$port"
printf 'preset nbiot\noutage all from 20s for 5m\n' >"$work/outage.net"
ran "the cell goes during the poll" --network "$work/outage.net" --for 1h
in_order "the channel goes with it, and a later poll comes through" "$opened" '.event == "network" and .service == "searching"' \
    "$registered" "$opened" '.event == "received"' '.event == "channel" and (.text == "closed" or (.text | startswith("closed by")))'
is "the eIM has its profiles in the end" 2 "$(euicc '.profiles | length')"

order enable "$b"
ran "a device that saves power" --network nbiot --psm 20s,54m --for 2h
in_order "it sleeps, wakes and polls" '.event == "power" and .text == "asleep"' '.event == "power" and .text == "awake"' "$registered" "$opened" \
    '.event == "power" and .text == "asleep"'
is "the order is done between sleeps" "done" "$(order_state)"
ran "a device that suspends its card" --network nbiot --psm 20s,54m --suspend --for 3h
in_order "it sleeps, is resumed and polls" '.event == "power" and .text == "asleep"' '.event == "power" and .text == "awake"' "$registered" \
    "$opened" '.event == "power" and .text == "asleep"'
order enable "$a"
ran "its card carries out an order" --network nbiot --psm 20s,54m --suspend --for 3h
is "the order is done between suspensions" "done" "$(order_state)"

# --- what it says of itself ----------------------------------------------------------------------------------------------------
ran "a device with an IPAd" --ipad --for 1h
is "the card's IPAe stays off" 0 "$(summary .proactive_commands)"
ran "a device that says nothing of itself" --plain --for 1h
is "nothing happens" "0 true" "$(summary '"\(.proactive_commands) \(.status_commands >= 119)"')"

# --- what is refused -----------------------------------------------------------------------------------------------------------
# fails NAME STATUS PATTERN OPTION…: one line that matches says why, and so does the JSON.
fails() {
    local name=$1 expected=$2 pattern=$3 got
    shift 3
    timeout 20 "$softeuicc" device "$@" --json >"$work/device.json" 2>"$work/device.err"
    got=$?
    is "$name: status" "$expected" "$got"
    matches "$name: one line" "^softeuicc device: $pattern" "$(cat "$work/device.err")"
    is "$name: one line only" 1 "$(wc -l <"$work/device.err")"
    is "$name: JSON" true "$(tail -n 1 "$work/device.json" | jq --arg line "$(cat "$work/device.err")" '.error.message as $why | $line | contains($why)')"
}
printf 'preset nbiot\nlatency fast\n' >"$work/bad.net"
fails "a network's file with a mistake" 1 ".*/bad.net:2: not a latency .*: fast\$" --card "$card" --network "$work/bad.net" --for 1s
fails "a network that is none" 1 "cannot open nowhere.net: No such file" --card "$card" --network nowhere.net --for 1s
fails "a network without a name" 2 "--network" --card "$card" --network "" --for 1s
fails "no card file" 1 "cannot open .*/missing.db: No such file" --card "$work/missing.db" --for 1s
fails "a file that is no card" 1 ".*/ci.pem is not a card file" --card "$work/pki/ci.pem" --for 1s
fails "a habit that is none" 2 "--habit is none of says-ok, .*: nice" --card "$card" --habit nice
fails "virtual time for a reader" 2 "--virtual needs --card" --reader x --virtual --for 1s
fails "a reader and a file" 2 "--reader and --card exclude each other" --reader x --card "$card"
fails "virtual time without an end" 2 "--virtual needs --for TIME or --until WHAT" --card "$card" --virtual
fails "a time that is none" 2 "--for is not a time such as .*: soon" --card "$card" --for soon
fails "a time that is too short" 2 "--status is not a time from 1s to 1d: 1ms" --card "$card" --status 1ms
fails "power saving of one time" 2 "--psm is not ACTIVE,SLEEP.*: 20s" --card "$card" --psm 20s
fails "suspension without power saving" 2 "--suspend needs --psm" --card "$card" --suspend
fails "a goal that is none" 2 "--until is not registered, polled, .*: rich" --card "$card" --until rich
fails "a goal that does not come" 1 "--until profile=$demo: that has not happened" --card "$card" --virtual --until "profile=$demo" --for 1h
is "its summary says so too" false "$(jq -s '[.[] | select(.event == "summary")][0].reached' "$work/device.json")"

# --- its end -------------------------------------------------------------------------------------------------------------------
# begin OPTION…: in the background, as a terminal would start it: without ignored signals.
begin() {
    fresh "$work/device.json"
    perl -e '$SIG{$_} = "DEFAULT" for "INT", "HUP"; exec @ARGV' "$softeuicc" device --card "$card" --json "$@" >"$work/device.json" \
        2>"$work/device.err" &
    device_pid=$!
    processes+=("$device_pid")
    wait_until 10 test -s "$work/device.json" || not_ok "the device begins" "$work/device.err"
}
for signal in INT TERM HUP; do
    begin
    sleep 0.2
    [ "$signal" = INT ] && fails "a card that another process has" 1 ".* is in use by process $device_pid" --card "$card" --for 1s
    end_process "$device_pid" "$signal"
    is "SIG$signal ends it in order" 0 "$status"
    begin --virtual --for 90y
    before=$EPOCHREALTIME
    end_process "$device_pid" "$signal"
    is "SIG$signal ends it in virtual time" 0 "$status"
    check "SIG$signal ends it at once" test $(((${EPOCHREALTIME/./} - ${before/./}) / 1000)) -lt 2000
done
lpa list && ok "the card is nobody's then" || not_ok "the card is nobody's then" "$work/lpa.log"
timeout 20 "$softeuicc" device --card "$card" --virtual --for 90y 2>"$work/device.err" | head -n 1 >"$work/first"
matches "nobody reads: it ends" '^(141|0)$' "${PIPESTATUS[0]}"
is "nobody reads: it says nothing" "" "$(cat "$work/device.err")"

# --- behind PC/SC, in real time --------------------------------------------------------------------------------------------------
if command -v pcscd >/dev/null && vpcd_driver >/dev/null; then
    make_iot_card reader --fqdn "localhost:$port"
    start_pcscd
    start_cards --card "$card"
    reader() {
        timeout 60 "$softeuicc" device --reader "$(reader_name)" --json "$@" >"$work/device.json" 2>"$work/device.err"
    }
    reader --until polled --for 30s && ok "a card in a reader polls" || not_ok "a card in a reader polls" "$work/device.json" "$work/device.err" "$work/run.log"
    is "the eIM knows the profiles of the card in the reader" 2 "$(euicc '.profiles | length')"
    order enable "$b"
    "$softeuicc" ctl --card "$card" time set +901 >/dev/null
    reader --until "profile=$b" --for 30s && ok "a card in a reader enables a profile" ||
        not_ok "a card in a reader enables a profile" "$work/device.json" "$work/device.err" "$work/run.log"
    reader --until polled --for 30s && ok "and tells of it after the power was off" || not_ok "and tells of it after the power was off" "$work/device.json" "$work/run.log"
    is "the order is done in the reader" "done" "$(order_state)"
    fails "a reader that is none" 1 ".*" --reader "No such reader" --for 1s
    stop_cards
else
    skip "behind PC/SC: pcscd or vpcd is not installed"
fi
finish
