#!/usr/bin/env bash
# A real LPA, unmodified: the lpac that is on PATH, over PC/SC, against the test SM-DP+. lpac is no Debian package and no part of this
# project: without one the test is skipped.
set -u
. "$(dirname "$0")/lib.sh"
command -v lpac >/dev/null || skip_all "there is no lpac on PATH (it is not a Debian package; docs/testing.md says how to try it)"
need jq opensc-tool

iccid=8988211000000000017
port=$(free_port)
address=localhost:$port
smds=localhost:$(free_port)

# lpac's last line is its result; prints .payload.data, and is true when its code is 0.
run_lpac() {
    LPAC_APDU=pcsc LPAC_HTTP=curl LPAC_APDU_PCSC_DRV_NAME="$(reader_name 0)" CURL_CA_BUNDLE="$work/pki/ci.pem" \
        lpac "$@" >"$work/lpac.log" 2>"$work/lpac.err" </dev/null
    tail -n 1 "$work/lpac.log" | jq -e '.payload.code == 0' >/dev/null
}

data() {
    tail -n 1 "$work/lpac.log" | jq -r ".payload.data$1"
}

does() {
    local name=$1
    shift
    if run_lpac "$@"; then ok "lpac $name"; else not_ok "lpac $name" "$work/lpac.log" "$work/lpac.err" "$work/run.log"; fi
}

order() {
    "$softeuicc" smdpp order --url "https://$address" --cacert "$work/pki/ci.pem" --json "$@" | jq -r '.activation_code'
}

start_pcscd
make_card card
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$iccid" --name Demo --operator softeuicc --metadata >/dev/null
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address "$address" \
    >"$work/smdpp.log" 2>&1 &
processes+=($!)
"$softeuicc" smds --pki "$work/pki" --listen "127.0.0.1:${smds#*:}" --address "$smds" >"$work/smds.log" 2>&1 &
processes+=($!)
wait_until 10 grep -q '^listening on' "$work/smdpp.log"
wait_until 10 grep -q '^listening on' "$work/smds.log"
start_cards --card "$work/card.db" --trace

does "chip info" chip info
matches "it shows the EID" '^[0-9]{32}$' "$(data .eidValue)"
does "chip defaultsmdp" chip defaultsmdp "$address"
does "profile download" profile download -a "$(order --profile demo)"
does "profile list" profile list
is "the profile is disabled" disabled "$(data '[0].profileState')"
does "profile nickname" profile nickname "$iccid" mynick
does "profile enable" profile enable "$iccid" 1
run_lpac profile list
is "the profile is enabled" enabled "$(data '[0].profileState')"
is "its nickname" mynick "$(data '[0].profileNickname')"
does "profile disable" profile disable "$iccid"
does "notification list" notification list
is "three notifications wait" 3 "$(data ' | length')"
does "notification process -a -r" notification process -a -r
run_lpac notification list
is "all are gone" 0 "$(data ' | length')"
does "profile delete" profile delete "$iccid"
does "notification process, for the deletion" notification process -a -r
does "profile download with a confirmation code" profile download -a "$(order --profile demo --confirmation 4711)" -c 4711
does "notification remove" notification remove -a
does "chip purge" chip purge yes

# An order that waits at the SM-DS: lpac asks it by the paths of ES9+.
eid=$("$softeuicc" lpa --reader "$(reader_name 0)" info --json | jq -r .eid)
does "profile discovery, of nothing" profile discovery -s "$smds"
is "nothing waits" 0 "$(data ' | length')"
order --profile demo --eid "$eid" --smds "$smds" --again >/dev/null
does "profile discovery" profile discovery -s "$smds"
is "it finds the SM-DP+" "$address" "$(data '[0]')"
# lpac shows the address only
event=$("$softeuicc" smds events --url "https://$smds" --cacert "$work/pki/ci.pem" --json | jq -r '.[0].event_id')
does "profile download of what waits" profile download -s "$address" -m "$event"
does "notification process, after it" notification process -a -r
does "profile discovery, afterwards" profile discovery -s "$smds"
is "nothing waits any more" 0 "$(data ' | length')"
does "chip purge again" chip purge yes
run_lpac profile list
is "nothing is left" 0 "$(data ' | length')"
finish
