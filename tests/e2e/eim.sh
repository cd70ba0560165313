#!/usr/bin/env bash
# `softeuicc eim` end to end: configuration files, cards that poll it through `softeuicc ipa` over HTTPS and CoAP, every kind of order with
# its result, downloads directly and through the eIM, REST, several eUICCs at once, kill -9 at any moment, and the ends of the process.
# Needs no reader.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl openssl sqlite3
need_parts smdpp eim ipa

a=8988211000000000025
b=8988211000000000033
c=8988211000000000041
demo=8988211000000000058
second=8988211000000000066

export SOFTEUICC_CACERT=$work/pki/ci.pem
port=$(free_port)
coap_port=$(free_port)
smdpp_port=$(free_port)
url=https://localhost:$port

# --- the programs -------------------------------------------------------------------------------------------------------
start_eim() {
    fresh "$work/eim.out"
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" --pid-file "$work/eim.pid" "$@" \
        >"$work/eim.out" 2>>"$work/eim.log" &
    eim_pid=$!
    processes+=("$eim_pid")
    wait_until 10 grep -q '^listening on https' "$work/eim.out" || {
        not_ok "the eIM starts" "$work/eim.log"
        exit 1
    }
}

eim() {
    local subcommand=$1
    shift
    "$softeuicc" eim "$subcommand" --url "$url" "$@"
}

# order WORD…: for the card; the order's JSON is in $work/order.json.
order() {
    eim order --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err"
}

# rest PATH [CURL OPTION…]
rest() {
    local path=$1
    shift
    curl -s --cacert "$work/pki/ci.pem" "$@" "$url$path"
}

order_field() {
    rest "/v1/orders/$(jq .id "$work/order.json")" | jq -r "$1"
}

ipa_options=()
ipa() {
    "$softeuicc" ipa --card "$card" --state "$card-ipa" "${ipa_options[@]}" "$@" >>"$work/ipa.log" 2>&1
}

# make_iot_card NAME SERIAL PROFILE…: sets card and eid, and associates it with the eIM by $work/eim.der.
make_iot_card() {
    local profile arguments=()
    card=$work/$1.db
    for profile in "${@:3}"; do
        arguments+=(--profile "$work/born/$profile.der")
    done
    eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --eid "8904903200000000000000000000$2" --json "${arguments[@]}" |
        jq -r .eid)
    ipa add-eim "$work/eim.der" || not_ok "the card $1 is associated" "$work/ipa.log"
}

# carried_out NAME EXPECTED WORD…: orders, polls, and compares the result ("done", or the error).
carried_out() {
    local name=$1 expected=$2
    shift 2
    order "$@" || {
        not_ok "$name: ordered" "$work/order.err"
        return
    }
    ipa poll
    is "$name" "$expected" "$(order_field 'if .state == "failed" then .error else .state end')"
}

profile_state() {
    rest "/v1/euiccs/$eid" | jq -r --arg iccid "$1" '.profiles[] | select(.iccid == $iccid).state'
}

mkdir "$work/born" "$work/profiles"
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
"$softeuicc" pki init --dir "$work/other-pki" --host localhost >>"$work/pki.log" 2>&1
for profile in "a $a" "b $b" "c $c"; do
    "$softeuicc" profile make --out "$work/born/${profile% *}.der" --iccid "${profile#* }" --name "Born ${profile% *}" --operator op >/dev/null
done
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$demo" --name Demo --operator op --metadata --fallback-allowed >/dev/null
"$softeuicc" profile make --out "$work/profiles/second.der" --iccid "$second" --name Second --operator op --metadata >/dev/null

# --- configuration files ------------------------------------------------------------------------------------------------
config() {
    "$softeuicc" eim config --pki "$work/pki" --out "$work/config.der" "$@" >"$work/config.log" 2>&1
}
# A DER dump without what changes from run to run.
tags() {
    openssl asn1parse -inform DER -in "$work/config.der" 2>/dev/null | sed -n 's/^ *[0-9]*:d=\([0-9]*\).*: \(cont \[ [0-9]* \]\|SEQUENCE\|INTEGER\).*/\1 \2/p'
}
check "a configuration file" config --fqdn "localhost:$port"
is "it is AddInitialEim with the eIM's id, address, id type, counter, keys and protocol" "0 cont [ 87 ]
1 cont [ 0 ]
2 SEQUENCE
3 cont [ 0 ]
3 cont [ 1 ]
3 cont [ 2 ]
3 cont [ 3 ]
3 cont [ 5 ]
4 cont [ 0 ]
5 SEQUENCE
3 cont [ 6 ]
4 cont [ 0 ]
5 SEQUENCE
3 cont [ 7 ]" "$(tags)"
config --tls none --protocol '' --fqdn '' --token --indirect --certificate
matches "with a certificate (A1), a token (84) and indirect download (89)" '^BF57.*A5....*A1....*8[49]' "$(hex_of "$work/config.der")"
matches "the token asks the eUICC for one (-1)" '8401FF' "$(hex_of "$work/config.der")"
check "the CA instead of the key" config --tls ca
for bad in "--tls cat" "--id-type none_such" "--protocol tcp" "--counter -1" "--counter 8388608" "--curve p384" "--ci-key-id xyz" "--nothing" "more"; do
    # shellcheck disable=SC2086
    config $bad
    is "config $bad is refused" 2 "$?"
done
"$softeuicc" eim config --pki "$work/nothing" --out "$work/config.der" >"$work/config.log" 2>&1
is "no PKI" 1 "$?"
matches "it says what to do" "softeuicc pki init" "$(cat "$work/config.log")"

# --- the process --------------------------------------------------------------------------------------------------------
start_eim --coap "127.0.0.1:$coap_port"
is "the ready line" "listening on https://127.0.0.1:$port as 2.999.20" "$(head -n 1 "$work/eim.out")"
is "the pid file" "$eim_pid" "$(cat "$work/eim.pid")"
is "GET /" "2.999.20" "$(rest / | jq -r .eimId)"
matches "the description" '^openapi: 3' "$(rest /openapi.yaml)"
is "an unknown path" 404 "$(rest /v1/nothing -o /dev/null -w '%{http_code}')"
is "a bad order names its field" 'psmo[0].enable.iccid' \
    "$(rest /v1/orders --oauth2-bearer "$(cat "$work/eim.db.token")" -H 'Content-Type: application/json' -d '{"eid":"89049032000000000000000000000163","psmo":[{"enable":{"iccid":"x"}}]}' | jq -r .error.field)"
is "a change without the token" 401 "$(rest /v1/orders -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{}')"
is "of a page that is called otherwise" 421 "$(rest / -o /dev/null -w '%{http_code}' -H 'Host: page.example')"
is "the token is nobody else's" 600 "$(stat -c %a "$work/eim.db.token")"
check "a client that does not know the CI hangs up" not curl -s "$url/"
for bad in "--listen x:y" "--first-counter 0" "--log loud" "--curve p384" "--nothing" "--tls-cert x"; do
    # shellcheck disable=SC2086
    "$softeuicc" eim --pki "$work/pki" $bad >/dev/null 2>&1
    is "eim $bad is refused" 2 "$?"
done
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" >/dev/null 2>"$work/second.log"
is "a port that is taken" 1 "$?"
echo "no database" >"$work/junk"
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:0" --state "$work/junk" >/dev/null 2>"$work/second.log"
is "a state that is none" 1 "$?"
matches "it names the file" "junk: not an SQLite file: file is not a database" "$(cat "$work/second.log")"

# --- first contact ------------------------------------------------------------------------------------------------------
"$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$port" --indirect --out "$work/eim.der" >/dev/null
make_iot_card first 01 a b c
check "the first poll" ipa poll
is "the eIM knows the eUICC's certificates" known "$(rest "/v1/euiccs/$eid" | jq -r .data)"
is "and its profiles" "$a $b $c" "$(rest "/v1/euiccs/$eid/profiles" | jq -r 'map(.iccid) | join(" ")')"
is "and what its IPA can" true "$(rest "/v1/euiccs/$eid" | jq -r .ipa.indirect)"
check "the second poll brings nothing" ipa poll
is "the eIM asked no more than needed" 2 "$(rest "/v1/orders?eid=$eid" | jq length)"
matches "status for people" "$eid  certificates known, counter 1, 0 open orders" "$(eim status --eid "$eid")"

for command in "status" "status --eid $eid" "euiccs" "orders" "notifications" "cancel 999999"; do
    # shellcheck disable=SC2086 # words
    eim $command --json 2>/dev/null
done >"$work/client.json"
json_style "the client" "$work/client.json"

# --- orders -------------------------------------------------------------------------------------------------------------
carried_out "enable" "done" enable --iccid "$a"
is "the eIM's list follows" enabled "$(profile_state "$a")"
carried_out "enable with rollback" "done" enable --iccid "$b" --rollback
is "the other one is disabled" disabled "$(profile_state "$a")"
carried_out "enable again" "enable: profileNotInDisabledState(2)" enable --iccid "$b"
carried_out "enable what is not there" "enable: iccidOrAidNotFound(1)" enable --iccid 8988211000000000999
carried_out "several commands" "done" disable --iccid "$b" then enable --iccid "$a"
is "two results" "disable enable" "$(order_field '.result | map(.command) | join(" ")')"
carried_out "the first failure ends the list" "disable: profileNotInEnabledState(2)" disable --iccid "$b" then enable --iccid "$c"
is "the second command was not run" disabled "$(profile_state "$c")"
carried_out "delete" "done" delete --iccid "$c"
is "it is gone from the list" "" "$(profile_state "$c")"
carried_out "list" "done" list
is "the list has what the card has" "$a $b" "$(order_field '.result[0].profiles | map(.iccid) | join(" ")')"
carried_out "rat" "done" rat
carried_out "immediate-enable on" "done" immediate-enable on --smdp "localhost:$smdpp_port"
carried_out "immediate-enable off" "done" immediate-enable off
carried_out "default-smdp" "done" default-smdp "localhost:$smdpp_port"
is "the eIM notes it" "localhost:$smdpp_port" "$(rest "/v1/euiccs/$eid" | jq -r .defaultSmdpAddress)"
carried_out "fallback unset without one" "unsetFallbackAttribute: noFallbackAttribute(2)" fallback unset
carried_out "fallback set on a profile that may not" "setFallbackAttribute: fallbackNotAllowed(2)" fallback set --iccid "$b"
carried_out "data" "done" data
carried_out "data, some" "done" data --tags BF22
matches "EUICCInfo2 is there" '^BF22' "$(order_field .result.euiccInfo2)"
carried_out "data that is none" "incorrectTagList(1)" data --tags 9F55
"$softeuicc" eim config --pki "$work/other-pki" --id other.example.com --fqdn localhost:1 --out "$work/other.der" >/dev/null
carried_out "add-eim" "done" add-eim "$work/other.der"
carried_out "add-eim again" "addEim: associatedEimAlreadyExists(2)" add-eim "$work/other.der"
carried_out "list-eims" "done" list-eims
is "two eIMs" "2.999.20 other.example.com" "$(order_field '.result[0].eims | map(.eimId) | sort | join(" ")')"
"$softeuicc" eim config --pki "$work/other-pki" --id other.example.com --fqdn localhost:2 --counter 5 --out "$work/other.der" >/dev/null
carried_out "update-eim" "done" update-eim "$work/other.der"
order delete-eim other.example.com
check "a round in which one eIM takes another from the card is a good one" ipa poll
is "delete-eim" "done" "$(order_field .state)"
carried_out "delete-eim again" "deleteEim: eimNotFound(1)" delete-eim other.example.com

# --- mistakes -----------------------------------------------------------------------------------------------------------
order download --activation-code 'LPA:nonsense'
is "a malformed activation code is refused" 1 "$?"
order raw BF5403A08201
is "octets are refused" 2 "$?"
carried_out "a malformed trigger" "eimPackageResultError: invalidPackageFormat(1)" --unchecked raw BF5402A000
carried_out "a malformed package" "eimPackageResultError: invalidPackageFormat(1)" --unchecked raw BF5100
carried_out "an unknown package" "eimPackageResultError: unknownPackage(2)" --unchecked raw BF5F00
order --unchecked download --activation-code 'LPA:nonsense'
ipa poll
is "a malformed activation code, unchecked" failed "$(order_field .state)"
matches "and the IPA says why" 'profileDownloadError: undefinedError\(127\)' "$(order_field .error)"
carried_out "the next order is not held up" "done" rat

# --- waiting ------------------------------------------------------------------------------------------------------------
eim order --eid "$eid" --wait 0 list >/dev/null 2>&1
is "--wait: not ended in time" 3 "$?"
(
    sleep 1
    ipa poll
) &
eim enable --eid "$eid" --iccid "$b" --wait 20 >"$work/wait.out" 2>"$work/wait.err"
is "--wait: done" 0 "$?"
matches "it shows the progress" 'order [0-9]*: queued.*order [0-9]*: done' "$(tr '\n' ' ' <"$work/wait.err")"
matches "and the result" 'enable: ok\(0\)' "$(cat "$work/wait.out")"
wait $!
(
    sleep 1
    ipa poll
) &
eim enable --eid "$eid" --iccid "$b" --wait 20 >"$work/wait.out" 2>&1
is "--wait: failed" 1 "$?"
wait $!
order rat
eim cancel "$(jq .id "$work/order.json")" >/dev/null
is "cancel" cancelled "$(order_field .error)"
"$softeuicc" eim order --url "$url" --eid "$eid" fly >/dev/null 2>&1
is "an unknown command" 2 "$?"
"$softeuicc" eim enable --url "$url" --iccid "$a" >/dev/null 2>&1
is "no --eid" 2 "$?"
"$softeuicc" eim enable --url "$url" --eid 12 --iccid "$a" >/dev/null 2>&1
is "an EID that is none" 1 "$?"
"$softeuicc" eim rat --url https://localhost:1 --eid "$eid" >/dev/null 2>&1
is "an eIM that is not there" 1 "$?"

# --- rollback -----------------------------------------------------------------------------------------------------------
printf '%s\n' "$b" >"$work/coverage"
order enable --iccid "$a" --rollback
ipa --coverage "$work/coverage" --rollback-after 2 poll
is "no network with the new profile: the card goes back, the order failed" "rolledBack" "$(order_field '.error | split(":")[0]')"
ipa poll
is "the eIM knows which profile is enabled" enabled "$(profile_state "$b")"

# --- downloads ----------------------------------------------------------------------------------------------------------
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$smdpp_port" --address "localhost:$smdpp_port" \
    >"$work/smdpp.log" 2>&1 &
processes+=("$!")
if wait_until 10 is_listening "$smdpp_port"; then ok "the SM-DP+ listens"; else not_ok "the SM-DP+ listens" "$work/smdpp.log"; fi
carried_out "download through the eIM" "done" download --activation-code "1\$localhost:$smdpp_port\$demo" --indirect
is "the profile is there" disabled "$(profile_state "$demo")"
check "the SM-DP+ has heard of the installation" wait_until 10 bash -c \
    "[ \"\$(curl -s --cacert '$work/pki/ci.pem' https://localhost:$smdpp_port/notifications | jq 'map(select(.operation == \"install\" and .verified)) | length')\" = 1 ]"
carried_out "fallback set" "done" fallback set --iccid "$demo"
is "the eIM's list shows it" true "$(rest "/v1/euiccs/$eid" | jq -r --arg i "$demo" '.profiles[] | select(.iccid == $i).fallback')"
order download --smdp "localhost:$smdpp_port" --matching-id second --direct
ipa --direct poll
is "download directly" "done" "$(order_field .state)"
is "the profile is there too" disabled "$(profile_state "$second")"
order download --activation-code "1\$localhost:$smdpp_port\$nothing" --indirect
ipa poll
is "a download that the SM-DP+ refuses" failed "$(order_field .state)"
matches "it says why" 'profileDownloadError' "$(order_field .error)"
is "every notification is verified" true "$(rest /v1/notifications | jq 'all(.verified)')"

# --- state changes ------------------------------------------------------------------------------------------------------
check "the device falls back by itself" ipa fallback
ipa poll
is "the eIM is told why" "fallback(1)" "$(rest "/v1/euiccs/$eid" | jq -r .stateChangeCause)"
is "and asks which profile is enabled" enabled "$(profile_state "$demo")"
check "and returns" ipa return
ipa poll
is "the eIM knows" enabled "$(profile_state "$b")"

# --- CoAP ---------------------------------------------------------------------------------------------------------------
if grep -q '^listening on coaps' "$work/eim.out"; then
    order rat
    ipa --eim "coaps://localhost:$coap_port" poll
    is "an order over CoAP" "done" "$(order_field .state)"
else
    skip "an order over CoAP: softeuicc is built without libcoap"
fi

# --- other configurations -----------------------------------------------------------------------------------------------
first_card=$card first_eid=$eid
config_and_poll() {
    local name=$1 serial=$2
    shift 2
    "$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$port" --out "$work/eim.der" "$@" >/dev/null
    make_iot_card "$name" "$serial" a
    carried_out "a card configured with $*" "done" enable --iccid "$a"
}
config_and_poll token 02 --token
matches "the eIM has the token" '^[0-9]+$' "$(rest "/v1/euiccs/$eid" | jq -r .associationToken)"
config_and_poll certificates 03 --certificate --tls cert
config_and_poll authority 04 --tls ca

# --- an IPA of SGP.32 v1.0 ----------------------------------------------------------------------------------------------
"$softeuicc" eim config --pki "$work/pki" --fqdn "localhost:$port" --out "$work/eim.der" >/dev/null
make_iot_card version1 05 a b
ipa_options=(--v1)
ids=()
for words in rat "enable --iccid $a" list; do
    # shellcheck disable=SC2086
    order $words
    ids+=("$(jq .id "$work/order.json")")
done
ipa poll
is "v1.0: several orders in one poll" "done done done" "$(for id in "${ids[@]}"; do rest "/v1/orders/$id" | jq -r .state; done | xargs)"
is "v1.0: the eIM knows what is enabled" enabled "$(profile_state "$a")"
carried_out "v1.0: data" "done" data
carried_out "v1.0: data that is none" "incorrectTagList(1)" data --tags 9F55
carried_out "v1.0: an unknown package" "eimPackageResultError: unknownPackage(2)" --unchecked raw BF5F00
carried_out "v1.0: download through an eIM that does not say so" "done" download --activation-code "1\$localhost:$smdpp_port\$second"
is "v1.0: the profile is there" disabled "$(profile_state "$second")"
carried_out "v1.0: enable, where notifications wait" "done" enable --iccid "$b"
ipa_options=()

# --- several at once, and kill -9 ---------------------------------------------------------------------------------------
cards=() eids=()
for serial in 11 12 13 14; do
    make_iot_card "fleet$serial" "$serial" a b
    cards+=("$card")
    eids+=("$eid")
done
# fleet ROUNDS: every card polls, all at the same time.
fleet() {
    local i pids=()
    for i in "${!cards[@]}"; do
        (
            card=${cards[i]}
            for ((round = 0; round < $1; round++)); do ipa poll; done
        ) &
        pids+=("$!")
    done
    wait "${pids[@]}"
}
fleet 1
for eid in "${eids[@]}"; do
    for command in "enable --iccid $a" "enable --iccid $b" "disable --iccid $b" "delete --iccid $a"; do
        # shellcheck disable=SC2086
        order $command
    done
done
fleet 3 &
fleet_pid=$!
for _ in 1 2 3 4 5 6; do
    sleep 0.15
    end_process "$eim_pid" KILL
    start_eim
done
wait "$fleet_pid"
fleet 2
is "every order of four eUICCs is done, whatever was killed" "16 done" \
    "$(for eid in "${eids[@]}"; do rest "/v1/orders?eid=$eid"; done | jq -s 'flatten | map(select(.own | not).state) | group_by(.) | map("\(length) \(.[0])") | join(", ")' -r)"
is "no package got a counter that another one had" 0 \
    "$(sqlite3 "$work/eim.db" "select count(*) - count(distinct eid || '-' || counter) from eim_order where counter > 0")"
eid=${eids[0]}
is "the list is what the card is" "$b" "$(rest "/v1/euiccs/$eid" | jq -r '.profiles | map(.iccid) | join(" ")')"

# --- the ends -----------------------------------------------------------------------------------------------------------
card=$first_card eid=$first_eid
carried_out "the eIM deletes itself" "done" delete-eim 2.999.20
is "lastEimDeleted is a success" lastEimDeleted "$(order_field '.result[0].result')"
end_process "$eim_pid"
is "SIGTERM ends it" 0 "$status"
check "the pid file is gone" not test -e "$work/eim.pid"
is "nobody else can read the state" 600 "$(stat -c %a "$work/eim.db")"
finish
