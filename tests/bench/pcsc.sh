#!/usr/bin/env bash
# GetEID and READ BINARY over PC/SC with a pcscd of its own: a card in slot 0, in slot 1 a card that only answers 9000, measured in turn.
# Usage: tests/bench/pcsc.sh BUILD-DIRECTORY. Status 77 when pcscd or vpcd is not there.
set -u
build=$(cd "$1" && pwd)
SOFTEUICC=$build/softeuicc
. "$(dirname "$0")/../e2e/lib.sh"
need opensc-tool

start_pcscd
"$SOFTEUICC" profile make --out "$work/profile.der" >/dev/null
make_card card --profile "$work/profile.der"
"$SOFTEUICC" lpa --card "$work/card.db" --keep-notifications enable 8900112233445566778 >/dev/null
start_cards --card "$work/card.db"
"$build/tests/bench/echo_card" localhost $((vpcd_port + 1)) &
processes+=($!)
wait_until 10 has_card 1 || {
    echo "pcsc.sh: the echo card does not come up" >&2
    exit 1
}
"$build/tests/bench/pcsc_roundtrip" "$(reader_name 1)" "$(reader_name 0)"
