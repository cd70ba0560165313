#!/usr/bin/env bash
# A device with a modem around a card (`softeuicc device`): a card with an IPA of its own polls `softeuicc eim` over the terminal's channels, and
# runs its orders, in virtual time, without pcscd.
set -u
. "$(dirname "$0")/lib.sh"
need jq curl
for part in device smdpp eim ipa lpa ctl; do
    "$softeuicc" $part --help >/dev/null 2>&1 || skip_all "softeuicc is built without $part"
done
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
"$softeuicc" create --card "$work/none.db" --pki "$work/pki" --ipae >"$work/create.log" 2>&1
grep -q "no IPAe" "$work/create.log" && skip_all "softeuicc is built without the IPAe"

a=8988211000000000025
b=8988211000000000033
port=$(free_port)
url=https://localhost:$port
card=$work/card.db
for profile in "a $a" "b $b"; do
    "$softeuicc" profile make --out "$work/${profile% *}.der" --iccid "${profile#* }" --name "Born ${profile% *}" --operator op >/dev/null
done
eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --ipae --json --profile "$work/a.der" --profile "$work/b.der" | jq -r .eid)
"$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "localhost:$port" >/dev/null
"$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
"$softeuicc" lpa --card "$card" enable "$a" >/dev/null 2>&1 || not_ok "the first profile is enabled"
"$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$port" --state "$work/eim.db" >"$work/eim.out" 2>"$work/eim.log" &
processes+=("$!")
wait_until 10 grep -q '^listening on https' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"

device() {
    timeout 60 "$softeuicc" device --card "$card" --virtual --json "$@" >"$work/device.json" 2>"$work/device.err"
}

device --until polled --for 1h && ok "the card polls over the terminal's channels" || not_ok "the card polls" "$work/device.json" "$work/device.err" "$work/eim.log"
"$softeuicc" eim order --url "$url" --cacert "$work/pki/ci.pem" --eid "$eid" enable "$b" >"$work/order" 2>&1 || not_ok "ordered" "$work/order"
device --until "profile=$b" --for 1h && ok "it enables a profile, and the device sees it after the REFRESH" || not_ok "it enables a profile" "$work/device.json" "$work/eim.log"
finish
