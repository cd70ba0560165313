#!/usr/bin/env bash
# A card with an IPA of its own (`create --ipae`) behind PC/SC, with this machine's network (`run --network`): it polls `softeuicc eim` by
# itself over HTTPS that ends in the card, runs its packages and downloads from `softeuicc smdpp`. Nobody sends it an ES10 function.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl scriptor
need_parts run smdpp eim ipa ctl
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

a=8988211000000000025
b=8988211000000000033
demo=8988211000000000058
port=$(free_port)
smdpp_port=$(free_port)
url=https://localhost:$port
card=$work/card.db

rest() {
    curl -s --cacert "$work/pki/ci.pem" "$url$1"
}

order() {
    "$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err"
}

order_is() {
    [ "$(rest "/v1/orders/$(jq .id "$work/order.json")" | jq -r 'if .state == "failed" then .error else .state end')" = "$1" ]
}

ctl() {
    "$softeuicc" ctl "$@" --card "$card"
}

ipae() {
    ctl show --json | jq -r ".ipae.$1"
}

# The next poll is due now: the card's clock is put forward.
due() {
    ctl time set +901 >/dev/null
}

# carried_out NAME EXPECTED WORD…: orders, lets the card poll, and waits for the result.
carried_out() {
    local name=$1 expected=$2
    shift 2
    order "$@" || {
        not_ok "$name: ordered" "$work/order.err"
        return
    }
    due
    wait_until 20 order_is "$expected" && ok "$name" || not_ok "$name" "$work/eim.log" "$work/run.log"
}

# --- the card's world ----------------------------------------------------------------------------------------------------
mkdir "$work/profiles"
for profile in "a $a" "b $b"; do
    "$softeuicc" profile make --out "$work/${profile% *}.der" --iccid "${profile#* }" --name "Born ${profile% *}" --operator op >/dev/null
done
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$demo" --name Demo --operator op --metadata >/dev/null
eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --profile "$work/a.der" --profile "$work/b.der" | jq -r .eid)
"$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "localhost:$port" >/dev/null
"$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
"$softeuicc" smdpp --pki "$work/pki" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" --state "$work/smdpp.db" \
    --profiles "$work/profiles" >"$work/smdpp.out" 2>"$work/smdpp.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/smdpp.out" || not_ok "the SM-DP+ starts" "$work/smdpp.log"
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" >"$work/eim.out" 2>"$work/eim.log" &
eim_pid=$!
processes+=("$eim_pid")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"

start_pcscd
start_cards --card "$card" --network
# A device keeps its card powered; it sends no TERMINAL PROFILE and no ES10 function.
device_pid=
power_device() {
    if [ -n "$device_pid" ]; then
        exec 9>&-
        end_process "$device_pid"
    fi
    wait_until 10 has_card
    rm -f "$work/device"
    mkfifo "$work/device"
    scriptor -r "$(reader_name)" <"$work/device" >"$work/device.log" 2>&1 &
    device_pid=$!
    processes+=("$device_pid")
    exec 9>"$work/device"
    printf '80F200001A\n' >&9
}
power_device

# --- what it does by itself ----------------------------------------------------------------------------------------------
is_known() {
    [ "$(rest "/v1/euiccs/$eid" | jq -r '.profiles | length' 2>/dev/null)" = 2 ]
}
wait_until 20 is_known && ok "it polls the eIM, which asks it for all that it wants to know" || not_ok "it polls the eIM" "$work/run.log" "$work/eim.log" "$work/device.log"
is "it is active" true "$(ipae active)"
matches "and says when it polls next" "^20" "$(ipae next_poll)"

state_of() {
    ctl show --json | jq -r --arg iccid "$1" '.profiles[] | select(.iccid == $iccid).state'
}

carried_out "it enables a profile that the eIM orders" done enable "$a"
is "which is enabled on the card" enabled "$(state_of "$a")"
carried_out "it enables another one, with rollback" done enable "$b" --rollback
is "which is enabled then" enabled "$(state_of "$b")"
carried_out "what cannot be done is said" "enable: iccidOrAidNotFound(1)" enable "$demo"
carried_out "it downloads from the SM-DP+ by itself" done download "1\$localhost:$smdpp_port\$demo"
is "what it downloaded is there" disabled "$(state_of "$demo")"
rest "/v1/euiccs/$eid" >"$work/known.json"
is "the eIM knows that the card has it" "$demo" "$(jq -r --arg iccid "$demo" '.profiles[] | select(.iccid == $iccid).iccid' "$work/known.json")"
notifications_are_gone() {
    [ "$(ctl show --json | jq '.notifications | length')" = 0 ]
}
due
wait_until 20 notifications_are_gone && ok "its notifications are delivered" || not_ok "its notifications are delivered" "$work/run.log"

# --- its settings ----------------------------------------------------------------------------------------------------------
# docs/ipae.md has a row for each setting, as the program knows it.
written() {
    sed -n '/^## Settings/,/^## Who/s/^| `\([a-z0-9-]*\)` | \(.*\)/\1 | \2/p' "$(dirname "$0")/../../docs/ipae.md"
}
known() {
    ctl ipae --json | jq -r '
        def span: tonumber | if . == 0 then "0s" elif . % 86400 == 0 then "\(. / 86400)d" elif . % 3600 == 0 then "\(. / 3600)h"
            elif . % 60 == 0 then "\(. / 60)m" else "\(.)s" end;
        .settings[] | .kind as $kind
        | def shown: if $kind == "seconds" then span elif $kind == "percent" then "\(.)%" else . end;
        [.name, (.default // "none" | shown),
         ({"switch": "on, off", "hours": "`22:00-06:00`", "address": "an address", "psk": "`IDENTITY:KEY`"}[$kind] // "\(.min | shown) to \(.max | shown)"),
         (if .per_eim then "yes" else "no" end), .meaning] | join(" | ") + " |"'
}
known >"$work/known.txt"
check "there are settings" test -s "$work/known.txt"
written | diff - "$work/known.txt" >"$work/written.diff" && ok "docs/ipae.md has them all, as they are" || not_ok "docs/ipae.md has them all" "$work/written.diff"

is "it is not late" null "$(ipae 'eims[0].failure')"
check "it is set while it runs" ctl ipae poll-interval=10s
in_ten_seconds() {
    ctl show --json | jq -e '(.ipae.next_poll | fromdate) - (.time | fromdate) | . <= 10 and . > 0' >/dev/null
}
check "and polls in no more than ten seconds then" wait_until 12 in_ten_seconds
order list
wait_until 15 order_is done && ok "an order waits no longer" || not_ok "an order waits no longer" "$work/run.log" "$work/eim.log"
polls() {
    ipae 'eims[0].last_poll' | jq -R fromdate
}
has_polled_since() {
    [ "$(polls)" -gt "$1" ]
}
first=$(polls)
wait_until 15 has_polled_since "$first"
second=$(polls)
wait_until 15 has_polled_since "$second"
matches "every ten seconds" '^(9|10|11|12)$' "$(($(polls) - second))"
check "the eIM's own interval counts more" ctl ipae "poll-interval@$(ctl show --json | jq -r '.eims[0].eim_id')=1h"
in_an_hour() {
    ctl show --json | jq -e '(.ipae.next_poll | fromdate) - (.time | fromdate) | . > 3000' >/dev/null
}
check "also at once" wait_until 12 in_an_hour
check "both are taken back" ctl ipae poll-interval=default "poll-interval@$(ctl show --json | jq -r '.eims[0].eim_id')=default"
is "and it is as it was made" "900 0" "$(ctl show --json | jq -r '"\(.ipae.poll_interval) \(.ipae.settings | length)"')"

# --- who else uses the card, and what goes wrong -------------------------------------------------------------------------
check "a client that declares nothing is served" "$softeuicc" ipa --reader "$(reader_name)" --state "$work/state" status
end_process "$eim_pid" KILL
due
wait_until 20 sh -c '! "$0" ctl show --json --card "$1" | jq -e .ipae.polling >/dev/null' "$softeuicc" "$card" && ok "without an eIM a poll ends" ||
    not_ok "without an eIM a poll ends" "$work/run.log"
"$softeuicc" pki init --dir "$work/other" --host localhost >/dev/null 2>&1
"$softeuicc" eim --pki "$work/other" --listen "127.0.0.1:$port" --state "$work/other.db" >"$work/other.out" 2>"$work/other.log" &
other_pid=$!
processes+=("$other_pid")
wait_until 10 grep -q '^listening on https' "$work/other.out"
due
sleep 2
is "an eIM with another key hears nothing" 0 "$(curl -s --cacert "$work/other/ci.pem" "$url/v1/euiccs" | jq length)"
end_process "$other_pid"
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" >"$work/eim.out" 2>>"$work/eim.log" &
eim_pid=$!
processes+=("$eim_pid")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || not_ok "the eIM starts again" "$work/eim.log"
carried_out "the eIM is back, and so is the card" done enable "$a"

# --- over CoAP -------------------------------------------------------------------------------------------------------------
if has_coap; then
    stop_cards
    coap_port=$(free_port)
    end_process "$eim_pid"
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --coap "127.0.0.1:$coap_port" --state "$work/eim.db" >"$work/eim.out" \
        2>>"$work/eim.log" &
    eim_pid=$!
    processes+=("$eim_pid")
    wait_until 10 grep -q '^listening on coaps' "$work/eim.out" || not_ok "the eIM starts again" "$work/eim.log"
    main_card=$card main_eid=$eid
    card=$work/coap.db
    eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --profile "$work/a.der" --profile "$work/b.der" | jq -r .eid)
    "$softeuicc" eim config --pki "$work/pki" --out "$work/coap.der" --fqdn "localhost:$coap_port" --protocol coaps >/dev/null
    "$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/coap.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
    start_cards --card "$card" --network
    power_device
    wait_until 20 is_known && ok "over CoAP it polls the eIM" || not_ok "over CoAP it polls the eIM" "$work/run.log" "$work/eim.log"
    carried_out "over CoAP it enables a profile" done enable "$a"
    carried_out "over CoAP it downloads" done download "1\$localhost:$smdpp_port\$demo"
    stop_cards
    card=$main_card eid=$main_eid
    start_cards --card "$card" --network
    power_device
    sleep 5.2
else
    skip "CoAP: softeuicc is built without libcoap"
fi

# --- the power goes -------------------------------------------------------------------------------------------------------
cuts=0
has_lost_power() {
    [ "$(ctl show --json | jq .run.power_cuts)" = "$cuts" ]
}
for cut in 1 4 9 16; do
    order enable "$([ "$(state_of "$a")" = enabled ] && echo "$b" || echo "$a")" || not_ok "an order" "$work/order.err"
    ctl cut --after "$cut" >/dev/null
    due
    cuts=$((cuts + 1))
    wait_until 10 has_lost_power
    wait_until 10 has_no_card
    power_device
    sleep 5.2 # the time in which a device would say what it can
    due
    wait_until 20 order_is done && ok "the power goes at change $cut: the order is carried out all the same" ||
        not_ok "the power goes at change $cut" "$work/run.log" "$work/eim.log" "$work/device.log"
done

finish
