#!/usr/bin/env bash
# The story of the container ship: an IoT device that must never lose its connection, told with the real programs. A card in a PC/SC
# reader, an IPA on the device, an eIM and an SM-DP+ on land; the sea is a file that says which profile has network where the ship is.
# For people as much as for machines: bash tests/e2e/container_ship.sh (needs what tools/runtests installs, and `softeuicc` in build/).
set -u
. "$(dirname "$0")/lib.sh"
need opensc-tool jq
need_parts smdpp eim ipa

harbour=8949000000000000106 # what the device was delivered with: a network of the harbour's country
ocean=8949000000000000205   # an operator's new offer for the voyage
anywhere=8949000000000000304 # expensive, and everywhere: the Fallback Profile
card=$work/card.db
reader=$(reader_name 0)
network=$work/network

# --- telling ------------------------------------------------------------------------------------------------------------
tell() {
    printf '\n# %s\n' "$*"
}

name_of() {
    case $1 in
    "$harbour") printf Harbour ;;
    "$ocean") printf Ocean ;;
    "$anywhere") printf Anywhere ;;
    *) printf 'none' ;;
    esac
}

fact() {
    "$softeuicc" ctl --card "$card" show --json | jq -r "$1"
}

enabled() {
    name_of "$(fact .enabled)"
}

# What the card says of itself (softeuicc ctl show), in a line.
state() {
    local rollback
    rollback=$(fact '.rollback.iccid')
    printf '  card: profile %s; fallback %s, return to %s; rollback %s; %s results and %s notifications wait\n' "$(enabled)" \
        "$(name_of "$(fact .fallback_profile)")" "$(name_of "$(fact .return_profile)")" \
        "$([ "$rollback" = null ] && echo none || echo "to $(name_of "$rollback")")" \
        "$(fact '.package_results | length')" "$(fact '.notifications | length')"
}

# network_of PROFILE…: what has network where the ship is now.
network_of() {
    printf '%s\n' "$@" >"$network"
}

# --- the programs -------------------------------------------------------------------------------------------------------
# begins NAME PORT: the server's port is open, or there is no story.
begins() {
    wait_until 10 is_listening "$2" && return
    not_ok "$1 listens" "$work/$1.log"
    exit 1
}

eim() {
    "$softeuicc" eim "$@" --url "https://localhost:$eim_port" --cacert "$work/pki/ci.pem" 2>>"$work/eim-client.log"
}

ipa() {
    "$softeuicc" ipa --reader "$reader" --state "$work/ipa.state" --coverage "$network" --cacert "$work/pki/ci.pem" "$@" \
        >>"$work/ipa.log" 2>&1
}

# order NAME WORD…: gives the eIM an order for the card, and keeps its JSON.
order() {
    local name=$1
    shift
    eim "$@" --eid "$eid" --json >"$work/order-$name.json" || not_ok "the eIM takes the order: $name" "$work/eim-client.log" "$work/eim.log"
}

tell "On land: a test PKI, an SM-DP+ with two profiles, an eIM. On the ship: a device with a card that was born with a profile."
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "softeuicc pki init" "$work/pki.log"
mkdir "$work/profiles" "$work/born"
"$softeuicc" profile make --out "$work/born/harbour.der" --name Harbour --operator "Port Telecom" --iccid "$harbour" >/dev/null
"$softeuicc" profile make --out "$work/profiles/ocean.der" --name Ocean --operator "Blue Water" --iccid "$ocean" --metadata >/dev/null
"$softeuicc" profile make --out "$work/profiles/anywhere.der" --name Anywhere --operator "Orbit" --iccid "$anywhere" --metadata \
    --fallback-allowed >/dev/null || not_ok "softeuicc profile make"
start_pcscd
make_card card --profile "$work/born/harbour.der"
start_cards --card "$card"
eid=$(fact .eid)
smdpp_port=$(free_port)
eim_port=$(free_port)
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" \
    >"$work/smdpp.log" 2>&1 &
processes+=("$!")
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$eim_port" --state "$work/eim.db" >"$work/eim.log" 2>&1 &
processes+=("$!")
begins smdpp "$smdpp_port"
begins eim "$eim_port"
"$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$eim_port" --indirect --out "$work/eim.der" >/dev/null ||
    not_ok "softeuicc eim config"

tell "The device is switched on for the first time: its profile is enabled, and its card meets the eIM (AddInitialEim)."
network_of "$harbour"
check "the profile it was born with is enabled" "$softeuicc" lpa --reader "$reader" enable --keep-notifications "$harbour"
check "the card is associated with the eIM" ipa add-eim "$work/eim.der"
is "which it knows from now on" 1 "$(fact '.eims | length')"
state

tell "In the harbour: the eIM has two more profiles downloaded, and makes one of them the Fallback Profile."
order ocean download --activation-code "1\$localhost:$smdpp_port\$ocean"
check "the device fetches its order" ipa poll
order anywhere download --activation-code "1\$localhost:$smdpp_port\$anywhere"
check "and the next" ipa poll
is "three profiles are on the card" "Harbour Ocean Anywhere" \
    "$(for iccid in $(fact '.profiles[].iccid'); do name_of "$iccid"; echo; done | xargs)"
order fallback fallback set --iccid "$anywhere"
check "the device fetches the eIM's package" ipa poll
is "Anywhere has the Fallback Attribute" Anywhere "$(name_of "$(fact .fallback_profile)")"
is "the connection is Harbour's" Harbour "$(enabled)"
state

tell "The ship sails. An order comes: use Ocean, and go back if it has no network (enable with rollback). Ocean has none here."
network_of "$harbour" "$anywhere"
order enable enable --iccid "$ocean" --rollback
ipa --rollback-after 2 poll
check "the card has been on Ocean" grep -Eqi 'rollback' "$work/ipa.log"
is "and is back on Harbour" Harbour "$(enabled)"
is "no grant is left" null "$(fact .rollback)"
ipa poll
reported=$(eim orders --eid "$eid" --json | jq -r '[.[] | select(.request.psmo[0].enable)][-1] | "\(.state), \(.error)"')
matches "the eIM has been told" '^failed, rolledBack' "$reported"
is "and knows where the card is" "$(fact '[.profiles[] | "\(.iccid) \(.state)"] | join(", ")')" \
    "$(eim status --eid "$eid" --json | jq -r '[.profiles[] | "\(.iccid) \(.state)"] | join(", ")')"
printf '  eIM: the order to enable Ocean has %s\n' "$reported"
is "nothing waits on the card" "0 0" "$(fact '"\(.package_results | length) \(.notifications | length)"')"
state

tell "Out at sea: Harbour is lost. The device waits, then its card falls back to Anywhere."
network_of "$anywhere"
"$softeuicc" ipa --reader "$reader" --state "$work/ipa.state" --coverage "$network" --cacert "$work/pki/ci.pem" --every 1 \
    --fallback-after 2 --return-every 6 run >"$work/ipa-run.log" 2>&1 &
ipa_pid=$!
processes+=("$ipa_pid")
is_on() {
    [ "$(enabled)" = "$1" ]
}
check "Anywhere is enabled" wait_until 15 is_on Anywhere
is "the card remembers Harbour" Harbour "$(name_of "$(fact .return_profile)")"
state

tell "The next harbour: Harbour has network again. The device tries, and stays."
network_of "$harbour" "$anywhere"
check "Harbour is enabled" wait_until 30 is_on Harbour
is "there is nothing to return to any more" null "$(fact .return_profile)"
still_on_harbour() {
    sleep 3
    is_on Harbour
}
check "and stays so" still_on_harbour
end_process "$ipa_pid"
state

tell "And the power fails, in the middle of the next change."
order again enable --iccid "$ocean" --rollback
"$softeuicc" ctl --card "$card" cut --after 4 | sed 's/^/  /'
ipa --rollback-after 2 poll
has_lost_power() {
    [ "$(fact .run.power_cuts)" = 1 ]
}
check "the card lost its power" has_lost_power
check "and is back" wait_until 10 has_card 0
is "as it was before: on Harbour" Harbour "$(enabled)"
is "without a grant" null "$(fact .rollback)"
state
network_of "$harbour" "$ocean" "$anywhere"
retry() {
    ipa --rollback-after 2 poll
    is_on Ocean
}
check "the device asks again, and Ocean has network here: it stays" wait_until 20 retry
ipa poll
is "nothing waits on the card" "0 0" "$(fact '"\(.package_results | length) \(.notifications | length)"')"
state
finish
