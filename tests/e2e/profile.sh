#!/usr/bin/env bash
# softeuicc profile: what make writes, show understands; errors are one line and a status.
set -u
. "$(dirname "$0")/lib.sh"
need jq

package=$work/profile.der
run() {
    "$softeuicc" profile "$@" >"$work/out" 2>"$work/err"
}
fact() {
    jq -r "$1" "$work/out"
}

if ! "$softeuicc" --help | grep -q '^  profile '; then
    echo "skip - this build has no subcommand profile"
    exit 77
fi

check "make writes a package" run make --out "$package" --iccid 89001122334455667788 --imsi 310150123456789 --mnc-length 3 \
    --name "A profile" --operator "An operator" --class test --ppr 1 --ppr 2 --notify rsp.example.com --icon logo.png --metadata
matches "it says what it wrote" 'ICCID 89001122334455667788, IMSI 310150123456789' "$(cat "$work/out")"
is "the package has keys in it: nobody else reads it" 600 "$(stat -c %a "$package")"
is "metadata beside it" "An operator,A profile,test,310-150,ppr1 ppr2,rsp.example.com,logo.png,png" "$(jq -r \
    '[.serviceProviderName, .profileName, .profileClass, .owner.mccmnc, (.pprs | join(" ")), .notifications[0].address, .icon, .iconType] | join(",")' \
    "$work/profile.json")"
check "make describes what SGP.32 adds" run make --out "$work/iot.der" --fallback-allowed --ecall --metadata
is "it does" "true,true" "$(jq -r '[.ecallIndication, .fallbackAllowed] | map(tostring) | join(",")' "$work/iot.json")"
is "and only where it was said" "null,null" "$(jq -r '[.ecallIndication, .fallbackAllowed] | map(tostring) | join(",")' "$work/profile.json")"
is "every event is notified" "install,enable,disable,delete" "$(jq -r '.notifications[0].events | join(",")' "$work/profile.json")"

check "show reads it" run show "$package" --json --files
json_style "show" "$work/out"
is "the header's facts" "89001122334455667788,A profile,2,true" "$(fact '[.iccid, .profile_type, .major_version, .test_keys_only] | join(",")')"
is "the first and the last element" "header,end" "$(fact '[.elements[0].name, .elements[-1].name] | join(",")')"
is "EF IMSI among the files" "9,7" "$(fact '.files[] | select(.name == "ef-imsi") | [.size, .sfi] | map(tostring) | join(",")')"
is "every file is counted once" "$(fact .file_count)" "$(fact '[.elements[].files] | add')"
check "show as text" run show "$package" --files
matches "a line for the USIM" ' 6  yes +[0-9]+ +24  usim +2\.23\.143\.1\.2\.4' "$(cat "$work/out")"
matches "a line for its EF IMSI" '3F00/7FF1/6F07 +transparent +9 +7 +02 +ef-imsi' "$(cat "$work/out")"

check "TUAK" run make --out "$package" --algorithm tuak --k "$(printf '11%.0s' {1..32})" --opc "$(printf '22%.0s' {1..32})"
check "show takes TUAK" run show "$package" --json
is "its service" "usim isim tuak256" "$(fact '.services | join(" ")')"
check "a large one without ISIM" run make --out "$package" --no-isim --size 100000 --enable-pin --msisdn none
check "show takes it" run show "$package" --json
check "its memory is told" test "$(fact .memory)" -gt 100000

# refused STATUS PATTERN ARGUMENT…: the status, nothing on stdout, one line on stderr that matches.
refused() {
    local status=$1 pattern=$2 got
    shift 2
    run "$@"
    got=$?
    is "refused: $* (status)" "$status" "$got"
    matches "refused: $* (reason)" "$pattern" "$(cat "$work/err")"
    is "refused: $* (one line)" "0 1" "$(wc -c <"$work/out") $(wc -l <"$work/err")"
}
head -c 1500 "$package" >"$work/cut.der"
refused 1 'cut\.der: octet 1[0-9]+: data cut off' show "$work/cut.der"
{ head -c 2 "$package"; printf '\x80\x01\x05'; tail -c +6 "$package"; } >"$work/version.der"
refused 1 'element header, octet 4: major-version 5 is not 2 or 3 \(unsupported profile version\)' show "$work/version.der"
refused 1 'cannot open' show "$work/none.der"
refused 2 'IMSI is not 6 to 15 digits' make --out "$work/x.der" --imsi 12
refused 2 'ICCID is not 18 to 20 digits' make --out "$work/x.der" --iccid 89
refused 2 '--k: not hexadecimal at character 3' make --out "$work/x.der" --k 00zz
refused 2 '--k: 1 octets, not 16' make --out "$work/x.der" --k 00
refused 2 'not milenage, tuak or test' make --out "$work/x.der" --algorithm comp128
refused 2 'not operational, test or provisioning' make --out "$work/x.der" --class other
refused 2 'neither .png nor .jpg' make --out "$work/x.der" --icon logo.gif
refused 2 'is not 1 or 2' make --out "$work/x.der" --ppr 3
refused 2 '--size is not a number of octets from 0 on: much' make --out "$work/x.der" --size much
refused 2 "no option '--wrong'" make --out "$work/x.der" --wrong
refused 2 'one argument too many' make --out "$work/x.der" more
refused 2 '--out is missing' make
refused 2 'show takes FILE' show
refused 2 "no command 'burn'" burn
refused 1 'cannot write' make --out "$work/no/such/directory.der"
check "nothing was written" test ! -e "$work/x.der"
finish
