#!/usr/bin/env bash
# "make bench": makes a PKI, a profile and cards of its own, and runs every benchmark on them. One JSON object per figure and line.
# Usage: tests/bench/run.sh BUILD-DIRECTORY.
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
softeuicc=$build/softeuicc
bench=$build/tests/bench
work=$(mktemp -d)
memory=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$work" "$memory"' EXIT

"$softeuicc" pki init --dir "$work/pki" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
"$softeuicc" profile make --out "$work/profile.der" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
make_card() {
    local card=$1
    shift
    "$softeuicc" create --card "$card" --pki "$work/pki" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

"$bench/crypto"
make_card "$work/card.db" --profile "$work/profile.der"
"$bench/get_eid" "$work/card.db"
"$bench/saip" "$work/profile.der"
# The industry's own package, where it is there: larger than ours.
package=$here/../../../shared/data/ts48/TS48v5_SAIP2.3_BERTLV_SUCI.der
[ -r "$package" ] || package=$work/other.der
"$softeuicc" profile make --out "$work/other.der" --iccid 8988211000000000017 >"$work/log" 2>&1
"$bench/install" "$work/card.db" "$package"
iccid=$(sqlite3 "$work/card.db" 'select iccid from profile')
"$softeuicc" lpa --card "$work/card.db" --keep-notifications enable "$iccid" >"$work/log" 2>&1
"$bench/read_binary" "$work/card.db"
"$bench/verify_pin" "$work/card.db"
"$softeuicc" lpa --card "$work/card.db" --keep-notifications disable "$iccid" >"$work/log" 2>&1
"$bench/fsyncs" "$work/card.db"
[ ! -x "$bench/profile_directory" ] || "$bench/profile_directory" "$memory" "$work/profile.der"
"$bench/run_start" "$softeuicc" "$work/card.db"
"$bench/footprint" "$softeuicc" "$work/footprint.db"
# Where the file lies in memory, the processor's time is the card's; on a disk the kernel's part of two syncs comes to it.
"$bench/download_cpu" "$memory/download.db"
"$bench/download_cpu" "$work/download.db" with_syncs
"$bench/package_cpu" "$memory/package.db"
"$bench/package_switches" "$memory/switches.db"
[ ! -x "$bench/ipae_poll" ] || "$bench/ipae_poll"
"$here/device_year.sh" "$build" || [ $? -eq 77 ] # says why when it is built without what that needs
"$here/pcsc.sh" "$build" || [ $? -eq 77 ] # says why when there is no pcscd
