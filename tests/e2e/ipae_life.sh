#!/usr/bin/env bash
# The life of a device whose card manages itself: it polls by its schedule, loses its network, falls back, returns, travels and is moved into
# another device, over the terminal's channels and in virtual time, without pcscd. What happens is looked at from both ends: what the device
# and the card tell, and what `softeuicc eim` knows.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts device smdpp eim ipa lpa ctl
"$softeuicc" pki init --dir "$work/pki" --host localhost --host eim.example --host second.example >"$work/pki.log" 2>&1 ||
    not_ok "pki init" "$work/pki.log"
need_ipae

a=8988211000000000025 # what is fallen back to
b=8988211000000000033 # what the card lives with
c=8988211000000000041 # no network lets it in
second_id=2.999.99
port=$(free_port)
second_port=$(free_port)
smdpp_port=$(free_port)
url=https://localhost:$port

# --- the world around it ---------------------------------------------------------------------------------------------------
mkdir "$work/profiles"
for profile in "a $a" "b $b" "c $c"; do
    "$softeuicc" profile make --out "$work/${profile% *}.der" --iccid "${profile#* }" --name "Born ${profile% *}" --operator op >/dev/null
done
for profile in "plain 8988211000000000058" "small 8988211000000000066" "direct 8988211000000000074"; do
    "$softeuicc" profile make --out "$work/profiles/${profile% *}.der" --iccid "${profile#* }" --name Loaded --operator op --metadata >/dev/null
done
"$softeuicc" eim config --pki "$work/pki" --fqdn eim.example --indirect --out "$work/eim.der" >/dev/null
"$softeuicc" eim config --pki "$work/pki" --fqdn second.example --id "$second_id" --out "$work/second.der" >/dev/null

"$softeuicc" smdpp --pki "$work/pki" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" --state "$work/smdpp.db" \
    --profiles "$work/profiles" >"$work/smdpp.out" 2>"$work/smdpp.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/smdpp.out" || not_ok "the SM-DP+ starts" "$work/smdpp.log"
# start_eim NAME PORT [OPTION…]
start_eim() {
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$2" --state "$work/$1.db" --log debug "${@:3}" >"$work/$1.out" 2>"$work/$1.log" &
    processes+=("$!")
    wait_until 10 grep -q '^listening on https' "$work/$1.out" || not_ok "$1 starts" "$work/$1.log"
}
start_eim eim "$port"
start_eim second "$second_port" --id "$second_id"

# network LINE…: sets $net to a network with these lines, on which both eIMs are found; `to` and
# `second_to` are other ports for them.
networks=0
network() {
    networks=$((networks + 1))
    net=$work/$networks.net
    printf '%s\n' "preset nbiot" "latency 1s" "host eim.example 192.0.2.1" "host second.example 192.0.2.2" \
        "route 192.0.2.1:443 127.0.0.1:${to:-$port}" "route 192.0.2.2:443 127.0.0.1:${second_to:-$second_port}" "$@" >"$net"
}

# make_iot_card NAME [OPTION…]: a card of three profiles, the first of them enabled, which is associated with the eIM, or with that in `eim`; sets
# $card and $eid.
make_iot_card() {
    card=$work/$1.db
    shift
    eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --profile "$work/a.der" --fallback-allowed \
        --profile "$work/b.der" --profile "$work/c.der" "$@" | jq -r .eid)
    "$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/${eim:-eim}.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
    "$softeuicc" lpa --card "$card" enable "$a" >"$work/lpa.log" 2>&1 || not_ok "the first profile is enabled" "$work/lpa.log"
}

# settle_card NAME [OPTION…]: such a card that an eIM has ordered to live with B and to fall back to A.
settle_card() {
    make_iot_card "$@"
    network
    order enable --iccid "$b" --rollback then fallback set --iccid "$a"
    ran "$1: it is settled" --for 30m
    is "$1: the order is done" "done" "$(order_state)"
    is "$1: it lives with B, and has A to fall back to" "$b $a" "$(fact '[.enabled, .fallback_profile] | join(" ")')"
}

# --- both ends -------------------------------------------------------------------------------------------------------------
events=$work/device.json # of the last run
device() {
    timeout 60 "$softeuicc" device --card "$card" --virtual --json --network "$net" "$@" >"$events" 2>"$work/device.err"
}

# failed NAME FILE…: not ok, with the lines that say why: what the device told besides octets, and what the eIM logged.
failed() {
    jq -c 'select(.error or (.event | IN("network", "profile", "power", "trouble", "summary")))' "$events" >"$work/device.log"
    "$softeuicc" ctl --card "$card" show >"$work/show.log" 2>&1
    grep -v 'octets\|POST\|GET' "$work/eim.log" >"$work/said.log"
    not_ok "$1" "$work/device.log" "$work/device.err" "$work/show.log" "$work/said.log" "${@:2}"
}

# holds NAME EXPECTED ACTUAL: as `is`, with those lines.
holds() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        printf 'expected: %s\n     got: %s\n' "$2" "$3" >"$work/check.log"
        failed "$1" "$work/check.log"
    fi
}

# ran NAME OPTION…: the device ends as asked; the card's counts before are in $before.
ran() {
    before=$(fact '.ipae.counts')
    lines=$(wc -l <"$work/eim.log")
    if device "${@:2}"; then ok "$1"; else failed "$1"; fi
}

# fact FILTER: of what the card tells.
fact() {
    "$softeuicc" ctl --card "$card" show --json | jq -cr "$1"
}

# more COUNT: by how much this count of the card has grown in the last run.
more() {
    fact ".ipae.counts.$1 - ($before | .$1)"
}

order() {
    "$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err" ||
        not_ok "order $*" "$work/order.err"
}

rest() {
    curl -s --cacert "$work/pki/ci.pem" "$url$1"
}

order_state() {
    rest "/v1/orders/$(jq .id "$work/order.json")" | jq -r 'if .state == "failed" then .error else .state end'
}

# euicc FILTER: of what the eIM knows.
euicc() {
    rest "/v1/euiccs/$eid" | jq -r "$1"
}

# told FILTER: of all that the device told in the last run.
told() {
    jq -rs "$1" "$events"
}

# openings [ADDRESS]: when the device opened a channel to an eIM, in milliseconds, as jq has it; another one within half a minute is of the
# same poll. The first eIM's address is C0000201.
openings() {
    told "[.[] | select(.text == \"OPEN CHANNEL\" and (.octets | test(\"3C030201BB3E0521${1:-C0000201}\"))).time] |
        reduce .[] as \$at ([]; if length > 0 and \$at < last + 30000 then . else . + [\$at] end)"
}

# polls: the minutes in which those of the first eIM began.
polls() {
    openings | jq -r 'map(. / 60000 | floor) | join(" ")'
}

# waits [ADDRESS]: whole minutes from one to the next.
waits() {
    openings "$@" | jq -r '[.[1:], .[:-1]] | transpose | map((.[0] - .[1]) / 60000 | floor) | join(" ")'
}

# changes: the profiles that the device has seen after its start, with the minute.
changes() {
    told '[.[] | select(.event == "profile" and .time > 0) | "\(.time / 60000 | floor) \(.iccid)"] | join(", ")'
}

# heard PATTERN: lines of the eIM's log that match, in the last run.
heard() {
    tail -n "+$((lines + 1))" "$work/eim.log" | grep -c -- "$1"
}
messages='POST /gsma/rsp2/asn1$' # a poll that brings nothing is one

# knows: the eIM's last word on why the state changed, and which profile it takes for the enabled one.
knows() {
    euicc '"\(.stateChangeCause) \([.profiles[] | select(.state == "enabled").iccid] | join(" "))"'
}

# in_order NAME SELECTION…: the events come in this order, others between them.
in_order() {
    local name=$1 at=-1 next selection
    shift
    for selection in "$@"; do
        next=$(told "[to_entries[] | select(.key > $at) | {key} + .value | select($selection).key][0] // -1")
        if [ "$next" -lt 0 ]; then
            failed "$name: no $selection"
            return
        fi
        at=$next
    done
    ok "$name"
}
refresh='.event == "proactive" and .text == "REFRESH"'
registered='.event == "network" and .service == "registered"'
rejected='.event == "network" and .cause == 11'
opened='.event == "channel" and .text == "open"'
profile_is() {
    printf '.event == "profile" and .iccid == "%s"' "$1"
}

set_ipae() {
    "$softeuicc" ctl --card "$card" ipae "$@" >"$work/set.log" 2>&1 || not_ok "ctl ipae $*" "$work/set.log"
}

# clock MINUTES: so long from now, as quiet hours have it.
clock() {
    date -u -d "+$1 minutes" +%H:%M
}

# --- the power goes in an outage, in real time, meanwhile -----------------------------------------------------------------------------
# lose_power: a device whose power goes in the middle of an outage, and comes back to a network that does not let B in.
lose_power() {
    local run=("$softeuicc" device --card "$card" --json) lost back
    url=https://localhost:$second_port events=$card.json networks=1000
    network "search 100ms" "outage all from 2s"
    "${run[@]}" --network "$net" --for 20s >"$events" 2>"$card.err" &
    wait_until 10 grep -q '"service":"searching"' "$events" || not_ok "the cell goes" "$events" "$card.err"
    matches "the card of a device that runs takes no settings" "is in use by process" "$("$softeuicc" ctl --card "$card" ipae compact=on 2>&1)"
    sleep 2
    end_process $! KILL
    is "the power goes, and B is enabled still" "$b" "$(fact .enabled)"
    lost=$(fact '.ipae.lost_since | fromdate')
    network "search 100ms" "reject iccid $b cause 11"
    back=$(date +%s)
    timeout 30 "${run[@]}" --network "$net" --for 10s >"$events" 2>"$card.err" || not_ok "the power is back" "$events" "$card.err"
    matches "it has fallen back eight seconds after the loss: so long it was to wait" "^[789]\$" \
        "$(told "[.[] | select($(profile_is "$a"))][0].time / 1000 + $back - $lost | floor")"
    is "the card has counted that" 1 "$(fact .ipae.counts.fallbacks)"
    is "the eIM is told" "fallback(1) $a" "$(knows)"
}
eim=second url=https://localhost:$second_port settle_card killed --ipae-set poll-interval=0 --ipae-set fallback-after=8
lose_power >"$work/power.log" &
power_pid=$!

# --- a schedule ------------------------------------------------------------------------------------------------------------
settle_card card --ipae-set poll-interval=1h
ran "a day" --for 24h
holds "a day has 24 polls, an hour apart" "$(seq -s ' ' 0 60 1439)" "$(polls)"
holds "the card has counted them" "24 0" "$(more polls) $(more polls_failed)"
holds "the eIM has heard of each, and nothing else" 24 "$(heard "$messages")"
holds "the eIM knows where it is" 00F110 "$(euicc .rPLMN)"

set_ipae "quiet-hours=$(clock 180)-$(clock 660)"
ran "a day with quiet hours" --for 1350m
# What falls into them comes with their end, by the minute.
matches "eight hours of it are quiet" "^0 60 120 (659|660) (719|720) .* (1319|1320)$" "$(polls)"
holds "so many polls, says the card" 15 "$(more polls)"
holds "the eIM has heard of so many" 15 "$(heard "$messages")"
set_ipae quiet-hours=

# --- the eIM is down, the network is not -------------------------------------------------------------------------------------
set_ipae poll-interval=15m
to=$(free_port) network
ran "twelve hours without an eIM" --for 12h
holds "the card waits twice as long after each poll, an hour at most" "1 2 4 8 16 32 60 60 60 60 60 60 60 60 60 60" "$(waits)"
holds "it has counted that in vain" "17 17 17" "$(more polls) $(more polls_failed) $(fact .ipae.eims[0].failures)"
holds "the network is there, and no loss: it does not fall back" "0 $b" "$(more fallbacks) $(fact .enabled)"
network
ran "the eIM is back" --for 1h
holds "four polls an hour, which reach it" "4 0 0" "$(more polls) $(more polls_failed) $(fact .ipae.eims[0].failures)"
holds "the eIM has heard of nothing else" "4 0" "$(heard "$messages") $(heard 'its state changed')"

# --- the network is lost -----------------------------------------------------------------------------------------------------
network "reject iccid $b cause 11 from 2h"
ran "two hours, then there is no network for B" --for 4h
holds "an hour later it has fallen back" "180 $a" "$(changes)"
in_order "with a REFRESH, and over the new network it tells the eIM" "$rejected" "$refresh" "$(profile_is "$a")" "$registered" "$opened"
holds "the card has counted a fallback" "1 1 0" "$(more fallbacks) $(more profile_changes) $(more returns)"
holds "the eIM is told of it, once" "1 fallback(1) $a" "$(heard 'its state changed, fallback(1)') $(knows)"
matches "the way back is planned" "^20.*Z\$" "$(fact .ipae.return_at)"

network "reject iccid $b cause 11"
ran "it stays dark" --for 8h
holds "six hours from there it has returned in vain, and was back ten minutes later" "360 $b, 370 $a" "$(changes)"
holds "the card has counted both" "1 1" "$(more returns) $(more fallbacks)"
holds "the eIM is told that it is back" "1 fallback(1) $a" "$(heard 'its state changed, fallback(1)') $(knows)"

network "reject iccid $b cause 11 to 1h"
ran "the network comes back" --for 24h
holds "it has returned for good" "360 $b" "$(changes)"
holds "and nothing is on trial, nor planned" "false null null" "$(fact '.ipae | "\(.on_trial) \(.lost_since) \(.return_at)"')"
holds "the eIM knows it" "1 fallback(1) $b" "$(heard 'its state changed, fallback(1)') $(knows)"

# --- an order leads into the dark ----------------------------------------------------------------------------------------------
network "reject iccid $c cause 11"
order enable --iccid "$c" --rollback
ran "it enables a profile that no network lets in" --for 2h
matches "ten minutes later it is rolled back" "^0 $c, 1[01] $b\$" "$(changes)"
matches "the eIM hears that" "^rolledBack: " "$(order_state)"
holds "and takes the right profile for the enabled one" "$b" "$(knows | cut -d ' ' -f 2)"
holds "the card has counted a rollback, and no fallback" "1 0 2" "$(more rollbacks) $(more fallbacks) $(more profile_changes)"

# --- it travels, and is moved ---------------------------------------------------------------------------------------------------
set_ipae poll-interval=6h
network "cell home 001-01 nbiot to 2h" "cell abroad 208-01 ltem area 7 from 2h"
ran "it travels" --for 123m
in_order "it is abroad, and polls" "$registered and .plmn == \"208-01\"" "$opened"
matches "that is within two minutes" "^0 12[012]\$" "$(polls)"
holds "the eIM knows where it is now" 02F810 "$(euicc .rPLMN)"
holds "the card knows that it does" 208-01 "$(fact .ipae.plmn)"
set_ipae poll-on-network=off
network "cell home 001-01 nbiot to 10m" "cell abroad 208-01 ltem area 7 from 10m"
ran "it travels, and is not to poll for that" --for 5h
holds "it polls by its schedule only" 0 "$(polls)"
holds "the eIM knows where it was" 00F110 "$(euicc .rPLMN)"
set_ipae poll-on-network=default poll-interval=15m

network
ran "it is moved into another device" --imei 351234567890128 --for 2h
holds "the eIM is told, once" "1 1 deviceChange(6)" \
    "$(heard 'its state changed') $(heard 'its state changed, deviceChange(6)') $(euicc .stateChangeCause)"
holds "the card knows the device" 351234567890128 "$(fact .ipae.imei)"
ran "it stays there" --imei 351234567890128 --for 2h
holds "that is no news" "0 8" "$(heard 'its state changed') $(heard "$messages")"

# --- downloads -------------------------------------------------------------------------------------------------------------------
# direct: how many channels the device opened to the SM-DP+.
direct() {
    told "[.[] | select(.text == \"OPEN CHANNEL\" and (.octets | test(\"3C0302$(printf %04X "$smdpp_port")\")))] | length"
}

order download --activation-code "1\$localhost:$smdpp_port\$plain"
ran "a download" --for 14m
holds "it is done, through the eIM" "done 0 1" "$(order_state) $(direct) $(more downloads)"
plain=$(fact .ipae.last_round.sent)
set_ipae compact=on
order download --activation-code "1\$localhost:$smdpp_port\$small"
ran "a download in the compact forms" --for 14m
holds "it is done" "done 0 1" "$(order_state) $(direct) $(more downloads)"
small=$(fact .ipae.last_round.sent)
check "it has sent a fifth less, at least: $small octets, not $plain" test $((small * 5)) -lt $((plain * 4))
set_ipae compact=off prefer-direct=on
order download --activation-code "1\$localhost:$smdpp_port\$direct"
ran "a download that is to be direct" --for 14m
holds "it is done" "done 1" "$(order_state) $(more downloads)"
isnt "it came from the SM-DP+ itself" 0 "$(direct)"
holds "the eIM knows all that came" 6 "$(euicc '.profiles | length')"

# --- two eIMs -----------------------------------------------------------------------------------------------------------------------
second_to=$(free_port) network
order add-eim --file "$work/second.der"
set_ipae --eim "$second_id" poll-interval=1h
ran "it meets another eIM" --for 10m
is "the order is done" "done" "$(order_state)"
ran "the other eIM is down" --for 6h
matches "the first one is polled as ever" "^(1[45] ){22}1[45]\$" "$(waits)"
holds "the other one ever less" "16 32 60 60 60 60 60" "$(waits C0000202)"
holds "the card has counted both" "32 8 0 12" "$(more polls) $(more polls_failed) $(fact '.ipae.eims | map(.failures) | join(" ")')"
holds "the eIM has heard of its own" 24 "$(heard "$messages")"
network
ran "the other eIM is there" --for 4h
matches "each has its own schedule" "^(1[45] ){14}1[45], (59|60) (59|60) (59|60)\$" "$(waits), $(waits C0000202)"
holds "the other eIM knows the card and its profiles" "00F110 6" "$(curl -s --cacert "$work/pki/ci.pem" \
    "https://localhost:$second_port/v1/euiccs/$eid" | jq -r '"\(.rPLMN) \(.profiles | length)"')"

# --- what was set ------------------------------------------------------------------------------------------------------------------
holds "what was set has survived all that" "compact=off poll-interval=900 poll-interval@$second_id=3600 prefer-direct=on quiet-hours=" \
    "$(fact '.ipae.settings | map(.name + if .eim_id then "@" + .eim_id else "" end + "=" + (.value // "")) | sort | join(" ")')"

# --- not without being asked --------------------------------------------------------------------------------------------------------
settle_card never --ipae-set fallback-after=0
network "reject iccid $b cause 11 from 2h to 20h"
ran "eighteen hours without a network" --for 24h
holds "a card that is not to fall back does not" "- 0" "$(changes)- $(more fallbacks)"
holds "the eIM is told nothing but that it polls again" "0 $b" "$(heard 'its state changed') $(knows | cut -d ' ' -f 2)"
set_ipae fallback-after=1h return-after=0
ran "the same, and it is to fall back, but not to return" --for 24h
holds "it has fallen back, and stays" "180 $a" "$(changes)"

# --- the power goes in an outage ----------------------------------------------------------------------------------------------------
wait "$power_pid"
cat "$work/power.log"
failures=$((failures + $(grep -c '^not ok' "$work/power.log")))
finish
