#!/usr/bin/env bash
# pySim, unmodified, over PC/SC on the enabled profile: pySim-read and pySim-shell. pySim is no Debian package and no part of this
# project: SOFTEUICC_PYSIM is its directory, SOFTEUICC_PYSIM_PYTHON the Python that has what it needs (python3). Without them the test
# is skipped. Profiles of TS.48 are used as well when ../shared/data has them.
set -u
. "$(dirname "$0")/lib.sh"
pysim=${SOFTEUICC_PYSIM:-}
python=${SOFTEUICC_PYSIM_PYTHON:-python3}
[ -r "$pysim/pySim-shell.py" ] || skip_all "SOFTEUICC_PYSIM is no directory with pySim (docs/testing.md says how to try it)"
command -v "$python" >/dev/null || skip_all "$python is not there"
"$python" -c 'import smartcard, cmd2' 2>/dev/null || skip_all "$python does not have what pySim needs (pyscard, cmd2)"
need sqlite3 opensc-tool

ts48=$(dirname "$0")/../../../shared/data/ts48

# shell COMMAND…: runs the lines in one pySim-shell; what it prints is in $work/shell.log.
shell() {
    printf '%s\n' "$@" quit >"$work/shell.script"
    (cd "$pysim" && "$python" pySim-shell.py -p 0 --noprompt --script "$work/shell.script") >"$work/shell.log" 2>&1 </dev/null
}

# says NAME PATTERN: whether the shell printed it.
says() {
    if grep -Eq "$2" "$work/shell.log"; then ok "$1"; else not_ok "$1" "$work/shell.log" "$work/run.log"; fi
}

# insert PACKAGE: a card with that profile enabled is in the reader.
insert() {
    rm -f "$work/card.db"*
    make_card card --profile "$1"
    "$softeuicc" lpa --card "$work/card.db" --keep-notifications enable "$(sqlite3 "$work/card.db" 'select iccid from profile')" \
        >"$work/lpa.log" 2>&1
    start_cards --card "$work/card.db" --trace
}

# What fsdump and export could not do: nothing but files that the profile does not have (6A82), what its access rules forbid (6982),
# and what pySim itself gives up. Prints the rest.
unexpected() {
    grep -E '^# +MF.*, SW match failed' "$work/shell.log" | grep -Ev 'got (6a82|6982)'
}

# A challenge of the XOR test algorithm (3GPP TS 34.108 8.1.2) for K 00 01 … 0F.
challenge() {
    "$python" - "$1" <<'END'
import sys
key, rand = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
mixed = bytes(a ^ b for a, b in zip(key, rand))
sqn, amf = int(sys.argv[1]).to_bytes(6, "big"), b"\x80\x00"
mac = bytes(a ^ b for a, b in zip(mixed, sqn + amf))
print(rand.hex(), (bytes(a ^ b for a, b in zip(sqn, mixed[3:9])) + amf + mac).hex())
END
}

start_pcscd
"$softeuicc" profile make --out "$work/demo.der" --algorithm test --k 000102030405060708090a0b0c0d0e0f --imsi 001010123456789 \
    --pin1 1234 --puk1 12345678 --adm1 11111111 >"$work/make.log" 2>&1
insert "$work/demo.der"

# --- pySim-read ----------------------------------------------------------------------------------------------------------
(cd "$pysim" && "$python" pySim-read.py -p 0) >"$work/shell.log" 2>&1 </dev/null
says "pySim-read reads the ICCID" '^ICCID: 8900112233445566778'
says "and comes to its end" '^Done !'

# --- codes ---------------------------------------------------------------------------------------------------------------
shell 'select MF' 'enable_chv 1234' 'verify_chv 1111' 'verify_chv 1234' 'change_chv 4321 1234' 'verify_chv 4321' 'disable_chv 4321' 'enable_chv 4321' \
    'verify_chv 9999' 'verify_chv 9999' 'verify_chv 9999' 'verify_chv 4321' 'unblock_chv 12345678 1234' 'verify_adm 11111111'
says "a wrong PIN costs an attempt" '2 tries'
says "change_chv" 'CHV change successful'
says "disable_chv" 'CHV disable successful'
is "enable_chv twice" 2 "$(grep -c 'CHV enable successful' "$work/shell.log")"
says "three wrong ones block the PIN" '6983'
says "unblock_chv" 'CHV unblock successful'
is "verify_chv twice" 2 "$(grep -c 'CHV verification successful' "$work/shell.log")"

# --- the USIM ------------------------------------------------------------------------------------------------------------
shell 'verify_chv 1234' 'verify_adm 11111111' 'select ADF.USIM' "authenticate $(challenge 32)" 'select EF.IMSI' \
    "update_binary_decoded '{\"imsi\": \"001010987654321\"}'" 'read_binary_decoded' 'deactivate_file' 'select MF' 'select ADF.USIM' \
    'activate_file EF.IMSI' 'select ADF.ISIM' "authenticate $(challenge 32)" 'open_channel 2' 'switch_channel 2' 'select MF' \
    'select EF.ICCID' 'read_binary_decoded' 'switch_channel 0' 'close_channel 2'
is "authenticate, on USIM and ISIM" 2 "$(grep -c '"res":' "$work/shell.log")"
says "a file is written and read back" '"imsi": "001010987654321"'
says "open_channel, and a file is read there" '"iccid": "8900112233445566778'
not grep -q 'SwMatchError' "$work/shell.log" && ok "no status word is unexpected" || not_ok "no status word is unexpected" "$work/shell.log"
stop_cards

# codes NAME: ADM1 of a package, and whether PIN1 is asked for.
codes() {
    case $1 in
    demo) printf '%s\n' 'verify_chv 1234' 'verify_adm 11111111' ;;
    *) printf '%s\n' 'verify_adm 55555555' ;; # TS.48: PIN1 is disabled
    esac
}

# --- everything there is ---------------------------------------------------------------------------------------------------
for package in "$work/demo.der" "$ts48"/TS48v*.der; do
    name=$(basename "$package" .der)
    if [ ! -r "$package" ]; then
        skip "TS.48 profiles: ../shared/data/ts48 is not there"
        continue
    fi
    insert "$package"
    [ "$name" = demo ] && shell 'enable_chv 1234'
    mapfile -t verified < <(codes "$name")
    # The files that this pySim takes to have another structure than the package gives them, or cannot decode, make it stop.
    shell "${verified[@]}" 'select MF' 'fsdump'
    if grep -Eq 'Stopping early here due to exception: (object of type .NoneType|Only works with BER-TLV)' "$work/shell.log"; then
        skip "fsdump of $name: pySim stops in its own decoder"
    else
        says "fsdump of $name" '"MF/ADF.USIM/EF.IMSI"'
    fi
    if [ "$name" = TS48v5_SAIP2.3_BERTLV_SUCI ]; then
        shell "${verified[@]}" 'select ADF.USIM' 'get_identity'
        says "get_identity of $name" '^SUCI TLV Data Object: [0-9a-f]+'
    fi
    shell "${verified[@]}" 'select MF' 'export'
    says "export of $name" '^# (total files visited|directories|exported|skipped)|unable to export'
    says "with EF IMSI" '^select MF/ADF.USIM/EF.IMSI'
    is "and nothing else in the way of $name" "" "$(unexpected)"
    stop_cards
done
finish
