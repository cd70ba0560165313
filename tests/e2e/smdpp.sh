#!/usr/bin/env bash
# `softeuicc smdpp` over HTTPS: TLS, every bad request and its subject and reason code, orders (ES2+) by curl and by the client, requests
# that are not HTTP at all, state that outlives the process, and the ends of the process.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl openssl sqlite3

eid=89049032000000000000000000000131
iccid=8988211000000000025
other_iccid=8988211000000000033
port=$(free_port)
url=https://localhost:$port

# --- requests -----------------------------------------------------------------------------------------------------------

# rsp FUNCTION JSON [CURL OPTION…]: the answer's body.
rsp() {
    local function=$1 body=$2
    shift 2
    curl -s --cacert "$work/pki/ci.pem" -H 'Content-Type: application/json' -H 'X-Admin-Protocol: gsma/rsp/v2.2.2' "$@" \
        --data-binary "$body" "$url/gsma/rsp2/$function"
}

# codes ANSWER: "subject-reason", or the status when it is none.
codes() {
    jq -r '.header.functionExecutionStatus | if .statusCodeData then "\(.statusCodeData.subjectCode)-\(.statusCodeData.reasonCode)" else .status end' <<<"$1"
}

# refused NAME CODES FUNCTION JSON: an HTTP 200 with these codes and a message.
refused() {
    local answer
    answer=$(rsp "$3" "$4")
    is "$1" "$2" "$(codes "$answer")"
    [ "$2" = Executed-Success ] || matches "$1: it says why" '.' "$(jq -r .header.functionExecutionStatus.statusCodeData.message <<<"$answer")"
}

# es2p NAME CODES FUNCTION MEMBERS [CALL]: with another functionCallIdentifier each time, or with this one.
calls=0
es2p() {
    calls=$((calls + 1))
    refused "$1" "$2" "es2plus/$3" "{\"header\":{\"functionRequesterIdentifier\":\"e2e\",\"functionCallIdentifier\":\"${5:-$calls}\"},$4}"
}

# http NAME CODE CURL OPTION…: the HTTP status of a request.
http() {
    local name=$1 code=$2
    shift 2
    is "$name" "$code" "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$work/pki/ci.pem" "$@")"
}

state_of() {
    curl -s --cacert "$work/pki/ci.pem" "$url/orders" | jq -r --arg iccid "$1" 'map(select(.iccid == $iccid))[0].state // "available"'
}

client() {
    local subcommand=$1
    shift
    "$softeuicc" smdpp "$subcommand" --url "$url" --cacert "$work/pki/ci.pem" "$@"
}

start_smdpp() {
    fresh "$work/smdpp.out"
    "$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address "localhost:$port" \
        --state "$work/state.db" --pid-file "$work/smdpp.pid" "$@" >"$work/smdpp.out" 2>>"$work/smdpp.log" &
    smdpp_pid=$!
    processes+=("$smdpp_pid")
    wait_until 10 grep -q '^listening on' "$work/smdpp.out" || {
        not_ok "the test SM-DP+ starts" "$work/smdpp.log"
        exit 1
    }
}

mkdir "$work/profiles"
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$iccid" --name Demo --operator softeuicc --metadata >/dev/null
"$softeuicc" profile make --out "$work/profiles/other.der" --iccid "$other_iccid" --name Other --operator softeuicc >/dev/null
start_smdpp

# --- the process --------------------------------------------------------------------------------------------------------
is "the ready line" "listening on https://127.0.0.1:$port as localhost:$port" "$(cat "$work/smdpp.out")"
is "the pid file" "$smdpp_pid" "$(cat "$work/smdpp.pid")"
is "GET / tells the address" "localhost:$port" "$(curl -s --cacert "$work/pki/ci.pem" "$url/" | jq -r .smdpAddress)"
is "GET /profiles" "demo other" "$(curl -s --cacert "$work/pki/ci.pem" "$url/profiles" | jq -r 'map(.name) | join(" ")')"

# --- TLS ----------------------------------------------------------------------------------------------------------------
check "a client that does not know the CI hangs up" not curl -s "$url/"
check "TLS 1.1 is refused" not curl -s --cacert "$work/pki/ci.pem" --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 "$url/"
check "TLS 1.2 is spoken" curl -s --cacert "$work/pki/ci.pem" --tls-max 1.2 "$url/"
check "TLS 1.3 is spoken" curl -s --cacert "$work/pki/ci.pem" --tlsv1.3 "$url/"
check "HTTP without TLS gets nothing" not curl -s "http://localhost:$port/"

# --- requests that are no function calls --------------------------------------------------------------------------------
json=(-H 'Content-Type: application/json')
v2=(-H 'X-Admin-Protocol: gsma/rsp/v2.2.2')
initiate=$url/gsma/rsp2/es9plus/initiateAuthentication
http "GET of a function" 405 "${v2[@]}" "${json[@]}" "$initiate"
http "PUT of a function" 405 -X PUT "${v2[@]}" "${json[@]}" -d '{}' "$initiate"
http "no X-Admin-Protocol" 400 "${json[@]}" -d '{}' "$initiate"
http "X-Admin-Protocol of version 3" 400 -H 'X-Admin-Protocol: gsma/rsp/v3.0.0' "${json[@]}" -d '{}' "$initiate"
http "another content type" 415 "${v2[@]}" -H 'Content-Type: text/plain' -d '{}' "$initiate"
http "no JSON" 400 "${v2[@]}" "${json[@]}" -d '{"a"' "$initiate"
http "a JSON array" 400 "${v2[@]}" "${json[@]}" -d '[]' "$initiate"
http "an unknown function" 404 "${v2[@]}" "${json[@]}" -d '{}' "$url/gsma/rsp2/es9plus/nothing"
http "an unknown page" 404 "$url/nothing"
http "ASN.1 that is none" 400 "${v2[@]}" -H 'Content-Type: application/x-gsma-rsp-asn1' -d 'x' "$url/gsma/rsp2/asn1"
head -c 300000 /dev/zero | tr '\0' ' ' >"$work/large"
http "a body that is too large" 413 "${v2[@]}" "${json[@]}" -H Expect: --data-binary "@$work/large" "$initiate"
matches "every answer names the protocol's version" 'X-Admin-Protocol: gsma/rsp/v2\.' \
    "$(curl -s -D - -o /dev/null --cacert "$work/pki/ci.pem" "${v2[@]}" "${json[@]}" -d '{}' "$initiate")"

# --- ES9+ refusals ------------------------------------------------------------------------------------------------------
challenge=AAAAAAAAAAAAAAAAAAAAAA==
# base64_of HEX: the octets as base64.
base64_of() {
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | base64 -w 0
}
# EUICCInfo1 with one CI key identifier (hexadecimal) for verification and one for signing, as base64.
info1() {
    base64_of "bf20358203${3:-020202}a9160414$1aa160414$2"
}
ci=$(curl -s --cacert "$work/pki/ci.pem" "$url/" | jq -r '.ciPKIds[0]')
nobody=0000000000000000000000000000000000000000
initiate_json() {
    printf '{"euiccChallenge":"%s","smdpAddress":"%s","euiccInfo1":"%s"}' "$1" "$2" "$3"
}
while IFS='|' read -r name expected function body; do
    [ -n "$name" ] && refused "$name" "$expected" "es9plus/$function" "$body"
done <<TABLE
initiateAuthentication without anything|1.6-2.2|initiateAuthentication|{}
initiateAuthentication with a null|1.6-2.2|initiateAuthentication|{"euiccChallenge":null}
a challenge that is no base64|1.6-2.1|initiateAuthentication|{"euiccChallenge":"?"}
a challenge that is too short|1.6-2.1|initiateAuthentication|$(initiate_json AAAA "localhost:$port" AAAA)
another server's address|8.8.1-3.8|initiateAuthentication|$(initiate_json $challenge other.example.com "$(info1 "$ci" "$ci")")
EUICCInfo1 that is none|1.6-2.1|initiateAuthentication|$(initiate_json $challenge "localhost:$port" AAAA)
no CI to sign under|8.8.2-3.1|initiateAuthentication|$(initiate_json $challenge "localhost:$port" "$(info1 "$ci" $nobody)")
no CI to verify under|8.8.4-3.7|initiateAuthentication|$(initiate_json $challenge "localhost:$port" "$(info1 $nobody "$ci")")
a new specification version|8.8.3-3.1|initiateAuthentication|$(initiate_json $challenge "localhost:$port" "$(info1 "$ci" "$ci" 030000)")
an old specification version|8.8.3-3.1|initiateAuthentication|$(initiate_json $challenge "localhost:$port" "$(info1 "$ci" "$ci" 010202)")
a good beginning|Executed-Success|initiateAuthentication|$(initiate_json $challenge "localhost:$port" "$(info1 "$ci" "$ci")")
the address in capitals|Executed-Success|initiateAuthentication|$(initiate_json $challenge "LOCALHOST:$port" "$(info1 "$ci" "$ci")")
authenticateClient of nobody|8.10.1-3.9|authenticateClient|{"transactionId":"00","authenticateServerResponse":"vzgA"}
authenticateClient without its parameter|1.6-2.2|authenticateClient|{"transactionId":"00"}
a transactionId that is not hexadecimal|1.6-2.1|authenticateClient|{"transactionId":"XY","authenticateServerResponse":"vzgA"}
getBoundProfilePackage of nobody|8.10.1-3.9|getBoundProfilePackage|{"transactionId":"00","prepareDownloadResponse":"vyEA"}
cancelSession of nobody|8.10.1-3.9|cancelSession|{"transactionId":"00","cancelSessionResponse":"v0EA"}
a notification that is none|1.6-2.1|handleNotification|{"pendingNotification":"AAAA"}
TABLE
transaction=$(rsp es9plus/initiateAuthentication "$(initiate_json $challenge "localhost:$port" "$(info1 "$ci" "$ci")")" | jq -r .transactionId)
matches "a transactionId" '^[0-9A-F]{32}$' "$transaction"
refused "AuthenticateServer's answer cut off" 1.6-2.1 es9plus/authenticateClient "{\"transactionId\":\"$transaction\",\"authenticateServerResponse\":\"vzgF\"}"
refused "the card's own error" 8.1-4.2 es9plus/authenticateClient \
    "{\"transactionId\":\"$transaction\",\"authenticateServerResponse\":\"$(base64_of bf3817a115801000112233445566778899aabbccddeeff020106)\"}"
refused "getBoundProfilePackage too early" 8.10.1-3.9 es9plus/getBoundProfilePackage "{\"transactionId\":\"$transaction\",\"prepareDownloadResponse\":\"vyEA\"}"

# --- ES2+ ---------------------------------------------------------------------------------------------------------------
refused "ES2+ without a header" 1.6-2.2 es2plus/downloadOrder "{\"iccid\":\"$iccid\"}"
es2p "an unknown ICCID" 8.2.1-3.9 downloadOrder '"iccid":"8900000000000000000"'
es2p "an ICCID that is none" 1.6-2.1 downloadOrder '"iccid":"12"'
es2p "an unknown profile type" 8.2.5-3.9 downloadOrder '"profileType":"nothing"'
es2p "ICCID and profile type that do not fit" 8.2.5-3.8 downloadOrder "\"iccid\":\"$iccid\",\"profileType\":\"Other\""
es2p "confirming what is not ordered" 8.2.1-3.9 confirmOrder "\"iccid\":\"$iccid\",\"releaseFlag\":true"
es2p "downloadOrder" Executed-Success downloadOrder "\"iccid\":\"$iccid\",\"eid\":\"$eid\"" once
es2p "the same call again" Executed-Success downloadOrder "\"eid\":\"$eid\",\"iccid\":\"$iccid\"" once
is "the order's state" linked "$(state_of "$iccid")"
es2p "the same profile again" 8.2.1-3.3 downloadOrder "\"iccid\":\"$iccid\""
es2p "the same profile type again" 8.2.5-3.7 downloadOrder '"profileType":"demo"'
es2p "releasing what is not confirmed" 8.2.1-3.5 releaseProfile "\"iccid\":\"$iccid\""
es2p "confirming for another EID" 8.1.1-3.10 confirmOrder "\"iccid\":\"$iccid\",\"eid\":\"89049032000000000000000000000001\",\"releaseFlag\":true"
es2p "confirming without releaseFlag" 1.6-2.2 confirmOrder "\"iccid\":\"$iccid\""
es2p "confirmOrder" Executed-Success confirmOrder "\"iccid\":\"$iccid\",\"matchingId\":\"E2E-1\",\"releaseFlag\":false"
is "the confirmed order's state" confirmed "$(state_of "$iccid")"
es2p "releaseProfile" Executed-Success releaseProfile "\"iccid\":\"$iccid\""
is "the released order's state" released "$(state_of "$iccid")"
es2p "another order" Executed-Success downloadOrder "\"iccid\":\"$other_iccid\""
es2p "a matchingId that is taken" 8.2.6-3.3 confirmOrder "\"iccid\":\"$other_iccid\",\"matchingId\":\"E2E-1\",\"releaseFlag\":true"
es2p "an empty matchingId without an EID" 8.1.1-2.2 confirmOrder "\"iccid\":\"$other_iccid\",\"matchingId\":\"\",\"releaseFlag\":true"
es2p "cancelling without its EID" 8.1.1-2.2 cancelOrder "\"iccid\":\"$iccid\",\"finalProfileStatusIndicator\":\"Available\""
es2p "cancelling with another matchingId" 8.2.6-3.10 cancelOrder "\"iccid\":\"$iccid\",\"eid\":\"$eid\",\"matchingId\":\"X\",\"finalProfileStatusIndicator\":\"Available\""
es2p "cancelOrder" Executed-Success cancelOrder "\"iccid\":\"$other_iccid\",\"finalProfileStatusIndicator\":\"Unavailable\""
is "the cancelled order's state" unavailable "$(state_of "$other_iccid")"

# --- the client ---------------------------------------------------------------------------------------------------------
check "the client is told about a refusal" not client order --profile demo
matches "and says so" '8\.2\.5-3\.7' "$(client order --profile demo 2>&1)"
matches "order --again" "^LPA:1\\\$localhost:$port\\\$[A-Z0-9]{5}(-[A-Z0-9]{5}){3}\$" "$(client order --profile demo --again)"
matches "order with a confirmation code" "^LPA:1\\\$localhost:$port\\\$MINE\\\$\\\$1\$" \
    "$(client order --iccid "$iccid" --again --matching-id MINE --confirmation 4711)"
is "orders --json" MINE "$(client orders --json | jq -r --arg iccid "$iccid" '.[] | select(.iccid == $iccid) | .matching_id')"
for command in orders profiles notifications "order --profile demo"; do
    # shellcheck disable=SC2086 # words
    client $command --json 2>/dev/null
done >"$work/client.json"
json_style "the client" "$work/client.json"
is "a refusal has its codes" "8.2.5 3.7" "$(jq -rs '.[-1].error | "\(.subject_code) \(.reason_code)"' "$work/client.json")"
matches "orders for people" "$iccid +released +demo +MINE" "$(client orders)"
matches "profiles for people" "demo +$iccid +softeuicc +Demo +operational" "$(client profiles)"
is "notifications, of which there are none" "[]" "$(client notifications --json)"
check "cancel" client cancel --iccid "$other_iccid"
is "it is available again" available "$(state_of "$other_iccid")"
matches "order --qr draws one" $'\xE2\x96\x88' "$(client order --profile other --qr)"
matches "states" 'released +bind +downloaded' "$("$softeuicc" smdpp states)"

# --- what is no request at all ------------------------------------------------------------------------------------------
for ((i = 0; i < 20; i++)); do
    head -c 400 /dev/urandom >"/dev/tcp/127.0.0.1/$port"
done 2>/dev/null
exec {held}<>"/dev/tcp/127.0.0.1/$port" # and one that never says anything
http "served after garbage and beside a silent client" 200 "$url/"
for ((i = 0; i < 10; i++)); do
    head -c 400 /dev/urandom | timeout 5 openssl s_client -quiet -connect "localhost:$port" >/dev/null 2>&1
done
printf 'POST /gsma/rsp2/es9plus/initiateAuthentication HTTP/1.1\r\nContent-Length: 9\r\n\r\n{' |
    timeout 5 openssl s_client -quiet -connect "localhost:$port" >/dev/null 2>&1
http "served after half a request" 200 "$url/"
exec {held}>&-

# --- a state that cannot be written -------------------------------------------------------------------------------------
is_locked() {
    ! sqlite3 -cmd '.timeout 0' "$work/state.db" 'BEGIN IMMEDIATE; ROLLBACK' 2>/dev/null
}
exec {lock}> >(exec sqlite3 -cmd ".timeout 10000" "$work/state.db") # it may meet the look at its own lock
echo "BEGIN IMMEDIATE;" >&"$lock"
wait_until 10 is_locked
check "an order that cannot be stored is refused" not client order --profile other --again
matches "the log says why" 'state\.db: BEGIN: database is locked' "$(cat "$work/smdpp.log")"
exec {lock}>&-
wait_until 10 not is_locked
check "and taken when it can" client order --profile other --again
check "cancel it" client cancel --iccid "$other_iccid"

# --- what outlives the process ------------------------------------------------------------------------------------------
end_process "$smdpp_pid"
is "SIGTERM ends it with status 0" 0 "$status"
check "its pid file is gone" test ! -e "$work/smdpp.pid"
is "its orders are in the state file" MINE "$(sqlite3 "$work/state.db" "SELECT matching_id FROM profile_order WHERE iccid = '$iccid'")"
start_smdpp --orders-only
is "and in the next process" released "$(state_of "$iccid")"
is "which takes orders only" true "$(curl -s --cacert "$work/pki/ci.pem" "$url/" | jq .ordersOnly)"
cp "$work/profiles/demo.der" "$work/profiles/third.der"
is "a new profile is seen" 3 "$(curl -s --cacert "$work/pki/ci.pem" "$url/profiles" | jq length)"
printf '{"profileClass":"none"}' >"$work/profiles/third.json"
matches "a bad description is named" 'profileClass' "$(curl -s --cacert "$work/pki/ci.pem" "$url/profiles" | jq -r '.[2].error')"
end_process "$smdpp_pid" INT
is "SIGINT ends it with status 0" 0 "$status"

# --- how it does not start ----------------------------------------------------------------------------------------------
# dies NAME PATTERN OPTION…: one line on stderr, and a status that is not 0.
dies() {
    local name=$1 pattern=$2
    shift 2
    if timeout 10 "$softeuicc" smdpp "$@" >/dev/null 2>"$work/dies.log"; then
        not_ok "$name (it ran)"
    else
        matches "$name" "$pattern" "$(cat "$work/dies.log")"
        is "$name: one line" 1 "$(wc -l <"$work/dies.log")"
    fi
}
here=(--pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --log error)
dies "no profiles directory" 'cannot read the directory' --pki "$work/pki" --profiles "$work/nothing" --listen 127.0.0.1:0
dies "no PKI" 'is not a test PKI' --pki "$work/profiles" --profiles "$work/profiles"
dies "no options" '--profiles is missing'
dies "an unknown option" "no option '--fly'" --fly
dies "an option without its value" "'--pki' needs a value" --pki
dies "a bad address" 'not HOST:PORT' "${here[@]}" --listen localhost:port
dies "an address of another machine" 'cannot listen' "${here[@]}" --listen 192.0.2.1:1
dies "a state file that is none" 'not an SQLite file: file is not a database' "${here[@]}" --state "$work/large"
sqlite3 "$work/cards.db" "CREATE TABLE card (id)"
dies "a state file that is another's" 'an SQLite file, but not the state of an SM-DP\+' "${here[@]}" --state "$work/cards.db"
dies "half a key pair" 'belong together' "${here[@]}" --tls-cert "$work/pki/ci.pem"
dies "a key that is another's" 'is not the private key|does not belong' "${here[@]}" \
    --tls-cert "$work/pki/p256/dp-tls.cert.pem" --tls-key "$work/pki/p256/eum.key.pem"
dies "certificates that chain to nothing" 'not trusted' --ci "$work/pki/brainpool/ci.cert.der" \
    --dpauth-cert "$work/pki/p256/dp-auth.cert.der" --dpauth-key "$work/pki/p256/dp-auth.key.pem" \
    --dppb-cert "$work/pki/p256/dp-pb.cert.der" --dppb-key "$work/pki/p256/dp-pb.key.pem" \
    --tls-cert "$work/pki/p256/dp-tls.cert.pem" --tls-key "$work/pki/p256/dp-tls.key.pem" --profiles "$work/profiles"
check "--help" "$softeuicc" smdpp --help
check "order --help" "$softeuicc" smdpp order --help
finish
