#!/usr/bin/env bash
# An eIM that orders by rules (`softeuicc eim rule`): the device of a container ship roams into another country, and its eIM has it download
# and enable a local profile, without a person; over the card's own IPAe, in virtual time. Then what rules refuse, what is tried dry, and a
# device that is silent.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
need_parts device smdpp eim ipa lpa ctl
"$softeuicc" pki init --dir "$work/pki" --host localhost --host eim.example >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
need_ipae

home=8988211000000000025
local=8988211000000000058 # a subscription of the country that the ship comes to
port=$(free_port)
smdpp_port=$(free_port)
url=https://localhost:$port
export SOFTEUICC_CACERT=$work/pki/ci.pem

# --- the world -------------------------------------------------------------------------------------------------------------
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/home.der" --iccid "$home" --name Home --operator op >/dev/null
"$softeuicc" profile make --out "$work/profiles/local.der" --iccid "$local" --name Local --operator op --metadata >/dev/null
"$softeuicc" eim config --pki "$work/pki" --fqdn eim.example --indirect --out "$work/eim.der" >/dev/null
"$softeuicc" smdpp --pki "$work/pki" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" --state "$work/smdpp.db" \
    --profiles "$work/profiles" >"$work/smdpp.out" 2>"$work/smdpp.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/smdpp.out" || not_ok "the SM-DP+ starts" "$work/smdpp.log"

cat >"$work/rules.json" <<END
{"rules": [
  {"name": "brazil", "when": {"network": ["724"]},
   "then": {"profile": "$local", "download": {"activationCode": "1\$localhost:$smdpp_port\$local"}}},
  {"name": "back", "when": {"network": ["001-01"]}, "then": {"profile": "$home"}}
]}
END
# A day's cooldown would keep it abroad: the clock of the eIM is not the device's.
jq '.rules[].cooldown = "0s" | .rules[].perDay = 10' "$work/rules.json" >"$work/rules.new" && mv "$work/rules.new" "$work/rules.json"

eim() {
    "$softeuicc" eim "$@" --url "$url" >"$work/eim.out" 2>"$work/eim.err"
}

"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" --rules "$work/rules.json" >"$work/server.out" \
    2>"$work/server.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/server.out" || not_ok "the eIM starts" "$work/server.log"

# make_ship NAME: a card with the profile of home, which is enabled; sets $card and $eid.
make_ship() {
    card=$work/$1.db
    eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --profile "$work/home.der" | jq -r .eid)
    "$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
    "$softeuicc" lpa --card "$card" enable "$home" >"$work/lpa.log" 2>&1 || not_ok "the profile is enabled" "$work/lpa.log"
}

# sail FILE OPTION…: the device on this network, in virtual time.
sail() {
    printf '%s\n' "preset nbiot" "latency 1s" "host eim.example 192.0.2.1" "route 192.0.2.1:443 127.0.0.1:$port" >"$work/net"
    cat >>"$work/net"
    timeout 60 "$softeuicc" device --card "$card" --virtual --network "$work/net" --quiet "$@" >"$work/device.out" 2>&1 ||
        not_ok "the device runs" "$work/device.out"
}

enabled() {
    "$softeuicc" ctl --card "$card" show --json | jq -r .enabled
}

# fired: the rules that have fired for the ship, in order.
fired() {
    eim rule events --eid "$eid" --json && jq -r '[.[].rule] | join(" ")' "$work/eim.out"
}

# order_states INDEX: of the orders of that firing.
order_states() {
    eim rule events --eid "$eid" --json && jq -c ".[$1].orders" "$work/eim.out" >"$work/ids"
    eim orders --eid "$eid" --json && jq -r --slurpfile ids "$work/ids" '[.[] | select(.id | IN($ids[0][])).state] | join(" ")' "$work/eim.out"
}

# says FILTER OPTION…: what a dry run says.
says() {
    eim rule test --eid "$eid" --json "${@:2}" && jq -r "$1" "$work/eim.out"
}

# --- the ship --------------------------------------------------------------------------------------------------------------
make_ship ship
sail --for 1h <<<"cell home 001-01 nbiot"
is "at home its profile is enabled already, and no rule fires" "$home, " "$(enabled), $(fired)"
is "one that is on its way would get a profile" "true it is on 724-05; the profile is not on the card" \
    "$(says '.[0] | "\(.fires) \(.reason)"' --network 724-05)"
is "that is: downloaded, and enabled with rollback" "localhost:$smdpp_port true" \
    "$(says '.[0].orders | "\(.[0].download.activationCode / "$" | .[1]) \(.[1].psmo[0].enable.rollback)"' --network 72405)"
is "which was tried, and not done" "$home, " "$(enabled), $(fired)"

sail --for 3h <<'END'
cell home 001-01 nbiot to 1h
cell santos 724-05 ltem area 9 from 1h
END
is "it roams, and lives with a local profile" "$local brazil" "$(enabled) $(fired)"
eim rule events
matches "the eIM says why" "brazil +$eid +orders \[[0-9]+,[0-9]+\]: it is on 724-05; the profile is not on the card" "$(cat "$work/eim.out")"
is "both orders are done" "done done" "$(order_states 0)"
is "the card has both profiles" "$home $local" \
    "$("$softeuicc" ctl --card "$card" show --json | jq -r '[.profiles[].iccid] | sort | join(" ")')"
is "there it is served, and no rule fires" "false the profile is enabled already" "$(says '.[0] | "\(.fires) \(.reason)"')"

sail --for 2h <<<"cell home 001-01 nbiot"
is "it comes home, and is as it was" "$home brazil back" "$(enabled) $(fired)"

# Without the rule nothing of that happens.
eim rule show --json && jq '.rules[0].enabled = false' "$work/eim.out" >"$work/off.json"
if eim rule set "$work/off.json"; then ok "a rule is switched off"; else not_ok "a rule is switched off" "$work/eim.err"; fi
matches "and shown so" '^brazil +off ' "$(grep brazil "$work/eim.out")"
sail --for 3h <<<"cell santos 724-05 ltem area 9"
is "it roams, and keeps its profile" "$home brazil back" "$(enabled) $(fired)"

# --- what is refused ---------------------------------------------------------------------------------------------------------
refused() {
    printf '%s' "$2" >"$work/bad.json"
    if eim rule set "$work/bad.json"; then
        not_ok "$1" "$work/eim.out"
    else
        is "$1" "softeuicc eim: $3" "$(cat "$work/eim.err")"
    fi
}
refused "a rule without a name" '{"rules": [{"when": {"silent": "1d"}, "then": {"profile": "8988211000000000025"}}]}' \
    "the eIM refused: rules[0].name is missing"
refused "a network that is none" '{"rules": [{"name": "a", "when": {"network": ["7245"]}, "then": {"profile": "8988211000000000025"}}]}' \
    "the eIM refused: rules[0].when.network[0] is neither a network such as 724-05 nor a country such as 724"
refused "what is no list of rules" '[]' "$work/bad.json is not {\"rules\": […]}"
refused "what is no JSON" '{"rules": [' "$work/bad.json, line 1: ']' expected near end of file"
if eim rule set "$work/off.json"; then
    not_ok "rules that were shown before others were set" "$work/eim.out"
else
    is "rules that were shown before others were set" "softeuicc eim: the eIM refused: version the rules are of version 2" \
        "$(cat "$work/eim.err")"
fi
eim rule show
is "the rules are as they were" "brazil back" "$(tail -n +2 "$work/eim.out" | awk '{print $1}' | paste -sd ' ')"
is "nobody sets rules without the token" 401 "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$SOFTEUICC_CACERT" -X PUT \
    -H 'Content-Type: application/json' -d '{"rules": []}' "$url/v1/rules")"
matches "an eIM does not start with bad rules" "rules\[0\].when" \
    "$(echo '{"rules": [{"name": "a"}]}' >"$work/bad.json" && "$softeuicc" eim --pki "$work/pki" --listen 127.0.0.1:0 --rules "$work/bad.json" 2>&1)"

# --- silence -----------------------------------------------------------------------------------------------------------------
echo '{"rules": [{"name": "lost", "when": {"silent": "2s"}, "then": {"orders": [{"psmo": [{"listProfileInfo": {}}]}]}}]}' >"$work/silent.json"
eim rule set "$work/silent.json" || not_ok "a rule for silence" "$work/eim.err"
lost() {
    [[ $(fired) == *lost ]]
}
if wait_until 45 lost; then ok "a device that is silent gets an order"; else not_ok "a device that is silent gets an order" "$work/server.log"; fi
is "once in its silence" "false an order for it is open" "$(says '.[0] | "\(.fires) \(.reason)"')"
sail --for 1h <<<"cell santos 724-05 ltem area 9"
is "which it carries out when it is back" "done" "$(order_states -1)"
finish
