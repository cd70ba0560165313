#!/usr/bin/env bash
# `softeuicc smds` over HTTPS: events by curl (ES12), `lpa discover` and the download of what it finds, every refusal with its codes, who
# may delete what, an Alternative SM-DS with its Root (also one that is away), state that outlives the process.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl sqlite3 openssl

eid=89049032000000000000000000001424
other_eid=89049032000000000000000000001521
iccid=8988211000000000058
smdp=localhost:$(free_port)
root=localhost:$(free_port)
root_es12=localhost:$(free_port)
alternative=localhost:$(free_port)

# --- the parts ----------------------------------------------------------------------------------------------------------

# start NAME COMMAND…: a server, until it listens; its process is $pid.
start() {
    local name=$1
    shift
    fresh "$work/$name.out"
    "$softeuicc" "$@" >"$work/$name.out" 2>>"$work/$name.log" &
    pid=$!
    processes+=("$pid")
    wait_until 10 grep -q '^listening on' "$work/$name.out" || {
        not_ok "$name starts" "$work/$name.log"
        exit 1
    }
}

start_root() {
    start root smds --pki "$work/pki" --listen "127.0.0.1:${root#*:}" --address "$root" --es12-listen "127.0.0.1:${root_es12#*:}" \
        --client-ca "$work/pki/ci.pem" --state "$work/root.db" --pid-file "$work/root.pid" --events-per-eid 3 "$@"
    root_pid=$pid
}

lpa() {
    "$softeuicc" lpa --card "$work/card.db" --cacert "$work/pki/ci.pem" "$@" 2>"$work/lpa.err"
}

# es12 ADDRESS FUNCTION MEMBERS [CURL OPTION…]: "subject-reason", or the status.
es12() {
    local address=$1 function=$2 members=$3
    shift 3
    curl -s --cacert "$work/pki/ci.pem" -H 'Content-Type: application/json' -H 'X-Admin-Protocol: gsma/rsp/v2.2.2' "$@" --data-binary \
        "{\"header\":{\"functionRequesterIdentifier\":\"${requester:-e2e}\",\"functionCallIdentifier\":\"1\"},$members}" \
        "https://$address/gsma/rsp2/es12/$function" | jq -r '.header.functionExecutionStatus |
        if .statusCodeData then "\(.statusCodeData.subjectCode)-\(.statusCodeData.reasonCode)" else .status end'
}

# The certificate of DP or DS of the PKI, as a client.
as() {
    printf '%s\n' --cert "$work/pki/p256/$1-tls.cert.pem" --key "$work/pki/p256/$1-tls.key.pem"
}

event() {
    printf '"eid":"%s","eventId":"%s","rspServerAddress":"%s","forwardingIndicator":%s' "${3:-$eid}" "$1" "$2" "${4:-false}"
}

deletion() {
    printf '"eid":"%s","eventId":"%s"' "${2:-$eid}" "$1"
}

events_of() {
    curl -s --cacert "$work/pki/ci.pem" "https://$1/events"
}

"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$iccid" --name Demo --operator softeuicc --metadata >/dev/null
make_card card --eid "$eid" --root-smds "$root"
start smdpp smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:${smdp#*:}" --address "$smdp" \
    --root-smds "$root" --es12 "$root=$root_es12"
start_root
mapfile -t dp < <(as dp)
mapfile -t ds < <(as ds)

# --- one SM-DS ----------------------------------------------------------------------------------------------------------
is "the ready line" "listening on https://127.0.0.1:${root#*:} as $root" "$(head -n 1 "$work/root.out")"
is "the pid file" "$root_pid" "$(cat "$work/root.pid")"
is "nothing is discovered where nothing is" "nothing waits for this card" "$(lpa discover)"
is "an event is registered" Executed-Success "$(es12 "$root_es12" registerEvent "$(event demo "$smdp")" "${dp[@]}")"
is "and owned by the OID of the certificate" 2.999.10 "$(events_of "$root" | jq -r '.[0].owner')"
is "not twice" 8.9.5-3.3 "$(es12 "$root_es12" registerEvent "$(event demo "$smdp")" "${dp[@]}")"
is "another's event is not deleted" 8.9.5-3.9 "$(es12 "$root_es12" deleteEvent "$(deletion demo)" "${ds[@]}")"
is "nor one of another card" 8.9.5-3.9 "$(es12 "$root_es12" deleteEvent "$(deletion demo "$other_eid")" "${dp[@]}")"
is "an EID must be one" 1.6-2.1 "$(es12 "$root_es12" registerEvent '"eid":"1","eventId":"x","rspServerAddress":"a","forwardingIndicator":false' "${dp[@]}")"
is "an address must be there" 1.6-2.2 "$(es12 "$root_es12" registerEvent "$(deletion y),\"forwardingIndicator\":false" "${dp[@]}")"
is "without a certificate there is no ES12" "" "$(es12 "$root_es12" deleteEvent "$(deletion demo)")"
is "where LPAs call there is none" 1.6-2.1 "$(es12 "$root" deleteEvent "$(deletion demo)")"
is "a second event of another owner" Executed-Success "$(es12 "$root_es12" registerEvent "$(event demo smdp.example)" "${ds[@]}")"
is "a third" Executed-Success "$(es12 "$root_es12" registerEvent "$(event third smdp.example)" "${ds[@]}")"
is "a fourth is too much for a card" 8.9-4.8 "$(es12 "$root_es12" registerEvent "$(event fourth smdp.example)" "${dp[@]}")"
is "but not for another card" Executed-Success "$(es12 "$root_es12" registerEvent "$(event fourth smdp.example "$other_eid")" "${dp[@]}")"
end_process "$root_pid"
is "it ends with 0" 0 "$status"
start_root
is "the events are still there" 4 "$(events_of "$root" | jq length)"
matches "softeuicc smds events" "^[0-9]+ +$eid +demo +$smdp +2.999.10" "$("$softeuicc" smds events --url "https://$root" --cacert "$work/pki/ci.pem")"
is "the first of them, by --limit" 1 "$("$softeuicc" smds events --url "https://$root" --cacert "$work/pki/ci.pem" --limit 1 --json | jq length)"
is "a client with brainpool alone gets the certificate of its curve" brainpoolP256r1 "$(openssl s_client -connect "$root" -tls1_2 \
    -groups brainpoolP256r1 </dev/null 2>/dev/null | openssl x509 -noout -text | sed -n 's/.*ASN1 OID: //p')"
for name in demo third; do
    is "an owner deletes its event" Executed-Success "$(es12 "$root_es12" deleteEvent "$(deletion "$name")" "${ds[@]}")"
done

# --- discovery and download ---------------------------------------------------------------------------------------------
lpa --json discover >"$work/found.json"
json_style "lpa discover" "$work/found.json"
is "the card's event is found, and no other" "$smdp demo" "$(jq -r '.[] | "\(.rsp_server_address) \(.event_id)"' "$work/found.json")"
check "what was found is downloaded" lpa download "1\$$smdp\$demo"
matches "the profile is on the card" "$iccid" "$(lpa list)"
is "the event is deleted" Executed-Success "$(es12 "$root_es12" deleteEvent "$(deletion demo)" "${dp[@]}")"
is "nothing waits any more" "nothing waits for this card" "$(lpa discover)"
lpa --smds "$smdp" discover >/dev/null
is "an SM-DP+ is no SM-DS" "softeuicc lpa: $smdp is an SM-DP+, not an SM-DS" "$(cat "$work/lpa.err")"
lpa download "1\$$root\$demo" >/dev/null
matches "an event that is none" '8.9.5 reason 3.9' "$(cat "$work/lpa.err")"
lpa download "1\$$root\$" >/dev/null
matches "nor is there any" 'has no event for this card' "$(cat "$work/lpa.err")"
lpa delete "$iccid" >/dev/null

# --- an order that waits at the SM-DS -----------------------------------------------------------------------------------
events_at_root() {
    [ "$(events_of "$root" | jq --arg eid "$eid" 'map(select(.eid == $eid)) | length')" = "$1" ]
}
check "an order is registered" "$softeuicc" smdpp order --url "https://$smdp" --cacert "$work/pki/ci.pem" --profile demo --eid "$eid" --smds "$root"
lpa --json discover >"$work/found.json"
check "and downloaded where it is found" lpa download \
    "$(jq -r '.[0] | "1$\(.rsp_server_address)$\(.event_id)"' "$work/found.json")"
check "the SM-DP+ deletes the event" wait_until 10 events_at_root 0
lpa delete "$iccid" >/dev/null

# --- an Alternative SM-DS -----------------------------------------------------------------------------------------------
start alternative smds --pki "$work/pki" --listen "127.0.0.1:${alternative#*:}" --address "$alternative" --root "$root_es12" \
    --state "$work/alternative.db"
alternative_pid=$pid
is "an event that stays" Executed-Success "$(es12 "$alternative" registerEvent "$(event stays smdp.example)")"
is "an event that is forwarded" Executed-Success "$(es12 "$alternative" registerEvent "$(event demo "$smdp" "$eid" true)")"
wait_until 10 events_at_root 1 || not_ok "the Root hears of it" "$work/alternative.log"
is "it owns it" 2.999.15 "$(events_of "$root" | jq -r --arg eid "$eid" 'map(select(.eid == $eid))[0].owner')"
lpa --json discover >"$work/found.json"
is "the Root sends to it" "$alternative" "$(jq -r '.[0].rsp_server_address' "$work/found.json")"
check "and it to the SM-DP+" lpa download "1\$$alternative\$$(jq -r '.[0].event_id' "$work/found.json")"
matches "with its own name for it" "the SM-DS sends to $smdp" "$(cat "$work/lpa.err")"
matches "the profile came that way" "$iccid" "$(lpa list)"
requester=somebody
is "another cannot delete it" 8.9.5-3.9 "$(es12 "$alternative" deleteEvent "$(deletion demo)")"
requester=e2e
is "its deletion" Executed-Success "$(es12 "$alternative" deleteEvent "$(deletion demo)")"
check "goes to the Root, too" wait_until 10 events_at_root 0
end_process "$root_pid"
is "with the Root away" Executed-Success "$(es12 "$alternative" registerEvent "$(event later "$smdp" "$eid" true)")"
check "it is told that it cannot be reached" wait_until 10 grep -q 'ES15 register .* tried again' "$work/alternative.log"
end_process "$alternative_pid" KILL
start_root
start alternative smds --pki "$work/pki" --listen "127.0.0.1:${alternative#*:}" --address "$alternative" --root "$root_es12" \
    --state "$work/alternative.db"
check "the Root hears of it when both are back" wait_until 15 events_at_root 1

# --- command lines ------------------------------------------------------------------------------------------------------
for words in "--client-ca $work/pki/ci.pem" "--root-ca $work/pki/ci.pem" "--tls-cert x" "--address a\$b" "--root a/b"; do
    # shellcheck disable=SC2086 # words
    "$softeuicc" smds --pki "$work/pki" $words >/dev/null 2>&1
    is "refused: $words" 2 $?
done
finish
