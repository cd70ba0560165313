#!/usr/bin/env bash
# ESipa's JSON binding: `softeuicc eim` asked by hand-written JSON (curl), with all that can be wrong with it, and by `softeuicc ipa`: first
# contact, enable, rollback, downloads through the eIM in full and compact form, one that is cancelled, one that is refused.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl sqlite3 base64
need_parts smdpp eim ipa

a=8988211000000000017
b=8988211000000000025
port=$(free_port)
smdp_port=$(free_port)
smdp=localhost:$smdp_port
url=https://localhost:$port
json=(-H 'Content-Type: application/json')
v2=(-H 'X-Admin-Protocol: gsma/rsp/v2.1.0')

# http NAME CODE FUNCTION CURL OPTION…
http() {
    local name=$1 code=$2 function=$3
    shift 3
    is "$name" "$code" "$(curl -s -o "$work/answer" -w '%{http_code}' --cacert "$work/pki/ci.pem" "$@" "$url/gsma/rsp2/esipa/$function")"
}

# ask NAME CODE FUNCTION BODY
ask() {
    http "$1" "$2" "$3" "${v2[@]}" "${json[@]}" --data-binary "$4"
}

# refused NAME FUNCTION BODY SUBJECT/REASON MESSAGE: Failed, with these codes and a message that matches.
refused() {
    ask "$1" 200 "$2" "$3"
    is "$1: codes" "Failed $4" "$(jq -r '.header.functionExecutionStatus | "\(.status) \(.statusCodeData | .subjectCode + "/" + .reasonCode)"' "$work/answer")"
    matches "$1: message" "$5" "$(jq -r .header.functionExecutionStatus.statusCodeData.message "$work/answer")"
}

succeeded() {
    is "$1: executed" Executed-Success "$(jq -r .header.functionExecutionStatus.status "$work/answer")"
}

base64_of() {
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | base64 -w0
}

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

# --- the world around it ------------------------------------------------------------------------------------------------
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
mkdir "$work/profiles"
for i in 1 2 3 4; do
    "$softeuicc" profile make --out "$work/profiles/p$i.der" --iccid "898821100000000003$i" --name "P$i" --operator softeuicc --metadata \
        >/dev/null || not_ok "profile make"
done
for profile in "a $a" "b $b"; do
    # shellcheck disable=SC2086 # a name and an ICCID
    set -- $profile
    "$softeuicc" profile make --out "$work/$1.der" --iccid "$2" --name "$1" --metadata >/dev/null || not_ok "profile make"
done
start smdpp --profiles "$work/profiles" --listen "127.0.0.1:$smdp_port" --address "$smdp" --state "$work/smdpp.db"
start eim --listen "localhost:$port" --state "$work/eim.db" --log debug

# --- by hand ------------------------------------------------------------------------------------------------------------
unknown=89049032123451234512345678901235
ask "a poll of a new eUICC" 200 getEimPackage "{\"eidValue\":\"$unknown\"}"
succeeded "a poll of a new eUICC"
is "it is asked for its data" ipaEuiccDataRequest "$(jq -r 'del(.header) | keys | join(" ")' "$work/answer")"
matches "in base64, tag included" '^BF52' "$(jq -r .ipaEuiccDataRequest "$work/answer" | base64 -d >"$work/request" && hex_of "$work/request")"
ask "all members of a poll" 200 getEimPackage \
    "{\"eidValue\":\"$unknown\",\"notifyStateChange\":true,\"stateChangeCause\":1,\"rPLMN\":\"$(base64_of 62F210)\",\"other\":[1]}"
succeeded "all members of a poll"
ask "a result that says nothing of use" 200 provideEimPackageResult "{\"eidValue\":\"$unknown\",\"eimPackageResult\":\"$(base64_of A003020102)\"}"
refused "a result of nobody" provideEimPackageResult "{\"eidValue\":\"89049032123451234512345678901243\",\"eimPackageResult\":\"$(base64_of A003020102)\"}" \
    8.1.1/3.9 'eidNotFound\(2\)'
refused "no EID" getEimPackage '{}' 1.6/2.2 'eidValue'
refused "an EID that is null" getEimPackage '{"eidValue":null}' 1.6/2.2 'eidValue'
refused "half an EID" getEimPackage '{"eidValue":"8904903212345123"}' 1.6/2.1 'eidValue is not 32 digits'
refused "an EID that is a number" getEimPackage '{"eidValue":8904}' 1.6/2.1 'eidValue is not a string'
refused "a flag that is none" getEimPackage "{\"eidValue\":\"$unknown\",\"notifyStateChange\":1}" 1.6/2.1 'notifyStateChange is not true or false'
refused "a cause that is none" getEimPackage "{\"eidValue\":\"$unknown\",\"stateChangeCause\":\"1\"}" 1.6/2.1 'stateChangeCause is not a number'
refused "a network of two octets" getEimPackage "{\"eidValue\":\"$unknown\",\"rPLMN\":\"YvI=\"}" 1.6/2.1 'rPLMN does not have the right length'
refused "no result" provideEimPackageResult "{\"eidValue\":\"$unknown\"}" 1.6/2.2 'eimPackageResult'
refused "no base64" provideEimPackageResult '{"eimPackageResult":"?"}' 1.6/2.1 'eimPackageResult is not base64'
refused "base64 of no object" provideEimPackageResult '{"eimPackageResult":"qrs="}' 1.6/2.1 'eimPackageResult is not an object'
refused "half an octet" cancelSession '{"transactionId":"ABC","cancelSessionResponse":"v0EA"}' 1.6/2.1 'transactionId is not hexadecimal'
refused "another object" cancelSession '{"transactionId":"AB","cancelSessionResponse":"vzgA"}' 1.6/2.1 'cancelSessionResponse is not an object with its tag'
refused "a session that nobody knows" getBoundProfilePackage '{"transactionId":"AB","prepareDownloadResponse":"vyECgQA="}' 8.10.1/3.9 'invalidTransactionId'
refused "a server that is no order's" initiateAuthentication \
    "{\"euiccChallenge\":\"ABEiM0RVZneImaq7zN3u/w==\",\"smdpAddress\":\"localhost:1\",\"euiccInfo1\":\"$(base64_of BF20058203020202)\"}" 8.8.1/3.8 invalidDpAddress
refused "an order that nobody gave" initiateAuthentication '{"euiccChallenge":"ABEiM0RVZneImaq7zN3u/w==","eimTransactionId":"01"}' 8.10.1/3.9 invalidEimTransactionId
refused "a short challenge" initiateAuthentication '{"euiccChallenge":"AAAA"}' 1.6/2.1 'euiccChallenge does not have the right length'
refused "neither of two" handleNotification '{}' 1.6/2.2 pendingNotification
refused "both of two" handleNotification '{"pendingNotification":"MAA=","provideEimPackageResult":"v1AA"}' 1.6/2.1 'is not the only one'
ask "a notification that cannot be taken" 400 handleNotification '{"pendingNotification":"MAA="}'
ask "inject mode" 501 transferEimPackage '{"euiccPackageRequest":"v1EA"}'
ask "no such function" 404 getEverything '{}'
ask "no function" 404 '' '{}'
ask "no JSON" 400 getEimPackage '{'
ask "no object" 400 getEimPackage '[]'
ask "a member twice" 400 getEimPackage "{\"eidValue\":\"$unknown\",\"eidValue\":\"$unknown\"}"
ask "an empty body" 400 getEimPackage ''
http "no X-Admin-Protocol" 400 getEimPackage "${json[@]}" -d '{}'
http "another content type" 415 getEimPackage "${v2[@]}" -H 'Content-Type: application/x-gsma-rsp-asn1' -d '{}'
http "GET" 405 getEimPackage "${v2[@]}"

# --- the IPA in the device -------------------------------------------------------------------------------------------------
eid=$("$softeuicc" create --card "$work/card.db" --pki "$work/pki" --json --profile "$work/a.der" --profile "$work/b.der" | jq -r .eid)
"$softeuicc" eim config --pki "$work/pki" --out "$work/eim.cfg" --fqdn "localhost:$port" --protocol https,coaps --indirect >/dev/null

# ipa OPTION…: its status; what it said is in ipa.log.
ipa() {
    "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" "$@" >"$work/ipa.log" 2>&1
}
# by_path, by_option: the two ways to ask for the binding.
by_path() {
    ipa --eim "$url/gsma/rsp2/esipa" "$@"
}
by_option() {
    ipa --json-binding "$@"
}
order() {
    "$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" --json "$@" >"$work/order.json" 2>"$work/order.err" ||
        not_ok "order $*" "$work/order.err"
}
became() {
    curl -s --cacert "$work/pki/ci.pem" "$url/v1/orders/$(jq .id "$work/order.json")" | jq -r 'if .state == "failed" then .error else .state end'
}
enabled() {
    "$softeuicc" ipa --card "$work/card.db" status --json | jq -r .enabled
}
delivered() {
    [ "$(sqlite3 "$work/eim.db" 'select count(*) from notification where forward = 2')" = "$1" ]
}

check "ipa add-eim" ipa add-eim "$work/eim.cfg"
check "the first contact" by_path poll
is "the eIM knows the eUICC" "$eid" "$(curl -s --cacert "$work/pki/ci.pem" "$url/v1/euiccs/$eid" | jq -r .eid)"
order enable --iccid "$a"
check "an enable" by_option poll
is "the order is done" "done" "$(became)"
is "A is enabled" "$a" "$(enabled)"
echo "$a" >"$work/coverage"
order enable --iccid "$b" --rollback
check "a profile without network" by_path --coverage "$work/coverage" --rollback-after 1 poll
matches "it is rolled back" 'rollback: ok\(0\)' "$(cat "$work/ipa.log")"
is "A is enabled again" "$a" "$(enabled)"
matches "the eIM knows" 'roll' "$(became)"

order download --indirect --activation-code "1\$$smdp\$p1"
check "a download through the eIM" by_path poll
matches "it is there" 'profile 8988211000000000031 downloaded' "$(cat "$work/ipa.log")"
is "the order is done" "done" "$(became)"
order download --indirect --activation-code "1\$$smdp\$p2"
check "a download in compact form" by_option --compact poll
matches "it is there" 'profile 8988211000000000032 downloaded' "$(cat "$work/ipa.log")"
is "the order is done" "done" "$(became)"
wait_until 10 delivered 2 || :
is "the SM-DP+ has heard of both" 2 "$(curl -s --cacert "$work/pki/ci.pem" "https://$smdp/notifications" | jq 'map(select(.operation == "install")) | length')"
"$softeuicc" lpa --card "$work/card.db" delete --keep-notifications 8988211000000000032 >/dev/null 2>&1 || not_ok "the profile is deleted"
check "a notification" by_option poll
wait_until 10 delivered 3 || :
check "it is handed on" delivered 3
is "nothing is left on the card" 0 "$("$softeuicc" ctl --card "$work/card.db" show --json | jq '.notifications | length')"

order download --indirect --activation-code "1\$$smdp\$p3\$2.999.77"
by_path poll
isnt "the SM-DP+ has another OID than the activation code" 0 $?
matches "the eIM says so" 'smdpOidMismatch\(51\)' "$(cat "$work/ipa.log")"
order download --indirect --activation-code "1\$$smdp\$nothing"
by_path poll
isnt "the SM-DP+ has no such profile" 0 $?
matches "its refusal comes through" 'AuthenticateClient: the eIM refused: matchingIdRefused\(6\)' "$(cat "$work/ipa.log")"
code=$("$softeuicc" smdpp order --url "https://$smdp" --cacert "$work/pki/ci.pem" --json --profile p4 --confirmation 4711 | jq -r .activation_code)
order download --indirect --activation-code "$code"
by_path poll
isnt "a confirmation code that nobody gives" 0 $?
matches "is a session that is cancelled" 'session cancelled, postponed\(1\)' "$(cat "$work/smdpp.log")"
matches "in JSON" 'ESipa cancelSession: executed' "$(cat "$work/eim.log")"

# --- what goes wrong ----------------------------------------------------------------------------------------------------
# wrong NAME STATUS PATTERN IPA OPTION…
wrong() {
    local name=$1 expected=$2 pattern=$3 status=0
    shift 3
    ipa "$@" || status=$?
    is "$name: exit status" "$expected" "$status"
    matches "$name" "$pattern" "$(cat "$work/ipa.log")"
}
wrong "not by CoAP" 2 'CoAP has no JSON binding' --json-binding --protocol coap poll
wrong "nor by a coaps URL" 2 'CoAP has no JSON binding' --json-binding --eim "coaps://localhost:$port" poll
wrong "not for v1.0" 2 'exclude each other' --json-binding --v1 poll
wrong "nor by the path" 2 'exclude each other' --v1 --eim "$url/gsma/rsp2/esipa" poll
is "nothing worse than errors was logged" 0 "$(cat "$work/eim.log" "$work/smdpp.log" | grep -cE 'AddressSanitizer|runtime error|LeakSanitizer')"
finish
