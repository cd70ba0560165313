#!/usr/bin/env bash
# A download that `softeuicc lpa` gives up in the middle (SGP.22 3.1.3.1): the card signs why, and the SM-DP+ hears it. Of the card's side the server is
# the witness, which believes no reason that the card has not signed.
set -u
. "$(dirname "$0")/lib.sh"
need jq
for part in smdpp lpa profile; do
    "$softeuicc" $part --help >/dev/null 2>&1 || skip_all "softeuicc is built without $part"
done

port=$(free_port)
address=localhost:$port

lpa() {
    "$softeuicc" lpa --card "$work/card.db" --cacert "$work/pki/ci.pem" "$@"
}

cancelled() {
    grep -o 'session cancelled, .*' "$work/smdpp.log"
}

make_card card
mkdir "$work/profiles"
for profile in "secret 8988211000000000017" "demo 8988211000000000025"; do
    # shellcheck disable=SC2086 # a name and an ICCID
    set -- $profile
    check "a profile $1" "$softeuicc" profile make --out "$work/profiles/$1.der" --iccid "$2" --name "$1" --operator softeuicc --metadata
done
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address "$address" >"$work/smdpp.log" 2>&1 &
processes+=("$!")
wait_until 10 grep -q '^listening on' "$work/smdpp.log" || {
    not_ok "the test SM-DP+ starts" "$work/smdpp.log"
    exit 1
}
order() {
    "$softeuicc" smdpp order --url "https://$address" --cacert "$work/pki/ci.pem" --json "$@" | jq -r .activation_code
}

# Without what the code says of a confirmation code, so that only the server does, in the middle.
code=$(order --profile secret --confirmation 4711)
code=${code%'$$1'}
check "without its confirmation code nothing is downloaded" not lpa download "$code"
is "and the server is told: later" "session cancelled, postponed(1)" "$(cancelled)"
check "a server with another OID is left" not lpa download "$code\$2.999.77" --confirmation 4711
is "and told that it is not the one" "session cancelled, metadataMismatch(4)" "$(cancelled | tail -n 1)"
is "each is told once" 2 "$(cancelled | wc -l)"
is "the card has nothing" "no profiles" "$(lpa list)"
check "a download that ends well" lpa download "$(order --profile demo)"
is "cancels nothing" 2 "$(cancelled | wc -l)"
finish
