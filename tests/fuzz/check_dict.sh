#!/usr/bin/env bash
# Every row of the card's command tables has an entry with its class and instruction in apdu.dict, so that no command is left to a fuzzer's luck.
# Reads the sources only; names each that is missing, and fails then.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

tables=(profiles/uicc/uicc.c euicc/card/commands.c)

# number NAME: the instruction that a name stands for, as 0xNN.
number() {
    case $1 in
    0x*) echo "$1" ;;
    *) grep -rhE --include='*.[ch]' "\\b$1( *=)? +0x[0-9A-F]{2}\\b" apdu profiles euicc | grep -oE '0x[0-9A-F]{2}' | head -n 1 ;;
    esac
}

rows=0
missing=0
while read -r class name; do
    ins=$(number "$name")
    rows=$((rows + 1))
    # At the beginning of an entry, or behind the length of its piece.
    if ! grep -qE "^\"(\\\\x00\\\\x[0-9A-F]{2})?\\\\x${class#0x}\\\\x${ins#0x}" tests/fuzz/apdu.dict; then
        echo "apdu.dict lacks ${class#0x} ${ins#0x} ($name)" >&2
        missing=$((missing + 1))
    fi
done < <(sed -nE 's/^ *\{(0x[08]0), *(0x[0-9A-F]{2}|INS_[A-Z_]+),.*/\1 \2/p' "${tables[@]}")

# The tables have 35 today: far fewer found means that they are written otherwise now.
[ "$rows" -ge 30 ] || { echo "found only $rows rows in ${tables[*]}" >&2; exit 1; }
[ "$missing" -eq 0 ]
