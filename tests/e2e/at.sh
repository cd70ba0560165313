#!/usr/bin/env bash
# The AT port of a device (`softeuicc device --at`): a program there manages the card that the modem uses as well, by at.pl and, where it is
# on PATH, by an unmodified lpac; models, bad habits, collisions with the modem and with the card's IPAe, the link, and what is refused.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need jq perl
need_parts device ctl lpa profile
"$softeuicc" pki init --dir "$work/pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"

a=8988211000000000025
b=8988211000000000033
locked=8988211000000000041
isd_r=A0000005591010FFFFFFFF8900000100
by_reset=2300E842111C00078000001FE260000043C0000000000000D0000000000000000700 # a terminal that does not know of profile state changes
for profile in "a $a" "b $b" "locked $locked --enable-pin --pin1 1234 --puk1 12345678"; do
    read -r -a words <<<"$profile"
    "$softeuicc" profile make --out "$work/${words[0]}.der" --iccid "${words[1]}" --name "Born ${words[0]}" --operator op "${words[@]:2}" >/dev/null
done

# --- the device ------------------------------------------------------------------------------------------------------------
link=$work/modem

# make_at_card NAME OPTION…: a card of the three profiles, the first of them enabled; sets $card and $eid.
make_at_card() {
    card=$work/$1.db
    shift
    eid=$("$softeuicc" create --card "$card" --pki "$work/pki" --json --profile "$work/a.der" --profile "$work/b.der" \
        --profile "$work/locked.der" "$@" | jq -r .eid)
    "$softeuicc" lpa --card "$card" enable "$a" >"$work/lpa.log" 2>&1 || not_ok "the first profile is enabled" "$work/lpa.log"
}

# begin OPTION…: the device runs, and its port is there.
begin() {
    fresh "$work/device.json"
    "$softeuicc" device --card "$card" --at "$link" --json --trace "$@" >"$work/device.json" 2>"$work/device.err" &
    device_pid=$!
    processes+=("$device_pid")
    wait_until 10 grep -q '"at_port"' "$work/device.json" || not_ok "the device begins" "$work/device.err"
}

end() {
    end_process "$device_pid" "$@"
}

told() {
    jq -rs "$1" "$work/device.json"
}

profile_told() {
    [ "$(told '[.[] | select(.event == "profile")] | last.iccid')" = "$1" ]
}

# --- a program at its port -------------------------------------------------------------------------------------------------

# at WORD…: see at.pl. What came is in $work/at.log.
at() {
    timeout 60 perl "$here/at.pl" "$link" "$@" >"$work/at.log" 2>&1
}

# answers NAME EXPECTED WORD…: the lines that come, with blanks and bars between them.
answers() {
    local name=$1 expected=$2
    shift 2
    at "$@"
    is "$name" "$expected" "$(paste -sd '|' "$work/at.log" | sed 's/|/ | /g')"
}

# apdu COMMAND APDU: the command line that sends it, such as `apdu +CGLA=1, 80E2…`.
apdu() {
    printf 'AT%s%s,"%s"' "$1" "${#2}" "$2"
}

# answer_of COMMAND APDU: the card's answer and status word, with what 61xx announces, which is got on the channel of the APDU.
answer_of() {
    local answer whole='' octets=$2 class
    class=$(printf '%02X' $((0x${2:0:2} & 0x43)))
    for _ in 1 2 3 4 5 6 7 8; do
        at "$(apdu "$1" "$octets")"
        answer=$(sed -n 's/^+C[SG][IL][MA]: [0-9]*,"\([0-9A-F]*\)"$/\1/p' "$work/at.log")
        [ "${answer:(-4):2}" = 61 ] || break
        whole+=${answer:0:-4}
        octets=${class}C00000${answer:(-2)}
    done
    printf '%s%s' "$whole" "$answer"
}

# es10 CLASS OBJECT: STORE DATA with it.
es10() {
    printf '%sE29100%02X%s' "$1" $((${#2} / 2)) "$2"
}

# changing TAG ICCID: EnableProfile (BF31) or DisableProfile (BF32) with a refreshFlag.
changing() {
    local digits=${2}F octets='' i
    for ((i = 0; i < 20; i += 2)); do octets+=${digits:i+1:1}${digits:i:1}; done
    printf '%s11A00C5A0A%s8101FF' "$1" "$octets"
}
get_eid=BF3E035C015A
open_isd_r="AT+CCHO=\"$isd_r\""

# --- who it is, and where --------------------------------------------------------------------------------------------------
make_at_card card
begin
check "the link leads to a terminal" test -c "$link"
answers "it is there" OK AT
answers "what it is" "softeuicc | virtual modem | Revision: 1 | OK" ATI
answers "its maker, product and version" "softeuicc | OK | virtual modem | OK | 1 | OK" AT+CGMI AT+CGMM AT+CGMR
answers "its IMEI" "356938035643809 | OK" AT+CGSN
answers "the card's numbers" "+CCID: $a | OK | 001010123456789 | OK" AT+CCID AT+CIMI
answers "where it is" "OK | +CREG: 2,1,\"0001\",\"00000001\",7 | OK | +COPS: 0,2,\"00101\",7 | OK" AT+CREG=2 AT+CREG? AT+COPS?
answers "a file" '+CRSM: 144,0,"988812010000000020F5" | OK' "AT+CRSM=176,12258,0,0,10"
answers "what it does not know" "ERROR" AT+NOPE
answers "several commands in a line, up to the first that fails" "+CFUN: 1 | ERROR" "AT+CFUN?;+NOPE;+CIMI"
answers "an error has a number for who wants one" "OK | +CME ERROR: 22 | OK | ERROR" AT+CMEE=1 AT+CCHC=5 AT+CMEE=0 AT+CCHC=5
json_style "what it tells" "$work/device.json"
is "it tells of its port first" "at_port $link" "$(told '.[0] | "\(.event) \(.text)"')"
is "it tells of command lines and answers" 'at_command AT+COPS?,at_answer +COPS: 0,2,"00101",7,at_answer OK' \
    "$(told '[.[] | select(.event | startswith("at_")) | "\(.event) \(.text)"] | .[index("at_command AT+COPS?"):][:3] | join(",")')"

# --- the card --------------------------------------------------------------------------------------------------------------
answers "a session with the ISD-R" "+CCHO: 1 | OK" "$open_isd_r"
is "GetEID in it tells the EID of ctl show" "BF3E125A10${eid}9000" "$(answer_of +CGLA=1, "$(es10 81 $get_eid)")"
is "whichever channel the program writes" "BF3E125A10${eid}9000" "$(answer_of +CGLA=1, "$(es10 80 $get_eid)")"
answers "the session's end" OK AT+CCHC=1
answers "after it there is none" "ERROR" "$(apdu +CGLA=1, "$(es10 81 $get_eid)")"
answers "an application that is not there" "OK | +CME ERROR: 22 | OK" AT+CMEE=1 'AT+CCHO="A00000000001"' AT+CMEE=0
answers "APDUs as they are" '+CSIM: 6,"019000" | OK' "$(apdu +CSIM= 0070000001)"
is "the ISD-R on a channel of the program's" 9000 "$(answer_of +CSIM= "01A4040010$isd_r" | tail -c 4)"
is "GetEID there" "BF3E125A10${eid}9000" "$(answer_of +CSIM= "$(es10 81 $get_eid)")"
answers "and closed" '+CSIM: 4,"9000" | OK' "$(apdu +CSIM= 00708001)"
answers "a length that is not the APDU's" ERROR 'AT+CSIM=12,"0070000001"'

# --- profiles --------------------------------------------------------------------------------------------------------------
end
begin --terminal-profile "$by_reset"
answers "a session before the change" "+CCHO: 1 | OK" "$open_isd_r"
answers "EnableProfile, and the network is another's" 'OK | +CGLA: 4,"6106" | OK | +CGLA: 16,"BF3103800100910B" | OK | +CREG: 0 | +CREG: 1' \
    AT+CREG=1 "$(apdu +CGLA=1, "$(es10 81 "$(changing BF31 $b)")")" "$(apdu +CGLA=1, 81C0000006)" '?CREG: 1'
answers "the session has gone with the reset" "OK | +CME ERROR: 22" AT+CMEE=1 "$(apdu +CGLA=1, "$(es10 81 $get_eid)")"
answers "the card has the other profile" "+CCID: $b | OK" AT+CCID
check "the device tells of it" profile_told "$b"
is "by a REFRESH and a reset" "REFRESH reset" "$(told '[.[] | select(.text == "REFRESH" or (.event == "power" and .text == "reset")).text] | unique | join(" ")')"
# The negative control: without a modem that serves REFRESH the profile does not change, and both checks see that.
end
begin --habit ignores-refresh
answers "a modem that ignores REFRESH: EnableProfile" '+CCHO: 1 | OK | +CGLA: 4,"6106" | OK | +CGLA: 16,"BF3103800100910B" | OK' \
    "$open_isd_r" "$(apdu +CGLA=1, "$(es10 81 "$(changing BF31 $a)")")" "$(apdu +CGLA=1, 81C0000006)"
answers "a modem that ignores REFRESH: the old ICCID" "+CCID: $b | OK" -0.3 AT+CCID
check "a modem that ignores REFRESH tells of no other profile" not profile_told "$a"
end

# --- PINs ------------------------------------------------------------------------------------------------------------------
"$softeuicc" lpa --card "$card" enable "$locked" >"$work/lpa.log" 2>&1 || not_ok "the locked profile is enabled" "$work/lpa.log"
begin
answers "a PIN is asked for" "+CPIN: SIM PIN | OK" AT+CPIN?
answers "nobody knows the IMSI before it" "OK | +CME ERROR: 11" AT+CMEE=1 AT+CIMI
answers "nor does a network" "+COPS: 0 | OK" AT+COPS?
answers "a wrong PIN" "OK | +CME ERROR: 16" AT+CMEE=1 'AT+CPIN="9999"'
is "costs a try" "+CPINR: SIM PIN,2,3" "$(at AT+CPINR; grep -m 1 CPINR: "$work/at.log")"
answers "the right one opens" "OK | OK | +CREG: 1 | +CPIN: READY | OK | 001010123456789 | OK" AT+CREG=1 'AT+CPIN="1234"' '?CREG: 1' AT+CPIN? AT+CIMI
answers "it is changed, and asked for no more" "+CLCK: 1 | OK | OK | OK | +CLCK: 0 | OK" 'AT+CLCK="SC",2' 'AT+CPWD="SC","1234","4321"' \
    'AT+CLCK="SC",0,"4321"' 'AT+CLCK="SC",2'
answers "not after a reset either" "OK | OK | +CPIN: READY | OK" AT+CREG=0 AT+CFUN=1,1 AT+CPIN?
end

# --- the radio -------------------------------------------------------------------------------------------------------------
begin
answers "switched off" "OK | OK | +CFUN: 0 | OK | +CME ERROR: 10" AT+CMEE=1 AT+CFUN=0 AT+CFUN? AT+CPIN?
answers "switched on again" "OK | +CPIN: READY | OK" AT+CFUN=1 AT+CPIN?
answers "the radio alone" "OK | +CFUN: 4 | OK | +CREG: 0,0 | OK | +CCID: $locked | OK" AT+CFUN=4 AT+CFUN? AT+CREG? AT+CCID
answers "and again" "OK | OK | +CREG: 2 | +CREG: 1 | +CREG: 1,1 | OK" AT+CREG=1 AT+CFUN=1 '?CREG: 1' AT+CREG?
answers "it leaves the network" "OK | OK | +CREG: 0 | +COPS: 2 | OK" AT+CREG=1 AT+COPS=2 '?CREG: 0' AT+COPS?
answers "and comes back" "OK | OK | +CREG: 2 | +CREG: 1 | +COPS: 0,2,\"00101\",7 | OK" AT+CREG=1 AT+COPS=0 '?CREG: 1' AT+COPS?
end

# --- models ----------------------------------------------------------------------------------------------------------------
# session_of MODEL EXPECTED LINE…: what opening and closing a session looks like, with +CMEE as the model has it.
session_of() {
    local model=$1 expected=$2
    shift 2
    begin --modem "$model"
    answers "$model: sessions" "$expected" "$@"
    end
}
session_of quectel-eg25 "+CCHO: 1 | OK | +CGLA: 46,\"BF3E125A10${eid}9000\" | OK | +CCHC | OK | ERROR" "$open_isd_r" \
    "$(apdu +CGLA=1, "$(es10 81 $get_eid)")" AT+CCHC=1 AT+CCHC=1
session_of quectel-em05 "ERROR | +CCHO: 1 | OK | OK" AT+CCHO=? "$open_isd_r" AT+CCHC=1
session_of fibocom-fm350 "1 | OK | OK" "$open_isd_r" AT+CCHC=1
session_of sierra-mc7455 "+CCHO: 000000000385a7c1 | OK | +CGLA: 46,\"BF3E125A10${eid}9000\" | OK | OK | +CME ERROR: not found" "$open_isd_r" \
    "$(apdu '+CGLA="000000000385a7c1",' "$(es10 81 $get_eid)")" 'AT+CCHC="000000000385a7c1"' AT+CCHC=1
session_of simcom-a7670 "OK | RDY | +CPIN: READY | SMS DONE | PB DONE | +ICCID: $locked | OK" AT+CFUN=1,1 '?PB DONE' AT+CICCID
session_of alcatel-ik41 "ERROR | +CSIM: 6,\"019000\" | OK" "$open_isd_r" "$(apdu +CSIM= 0070000001)"
session_of nordic-nrf91 "%XICCID: ${locked}F | OK | +CPIN: \"READY\" | OK" AT%XICCID AT+CPIN?

# --- one after the other ---------------------------------------------------------------------------------------------------
begin
at '!AT+CLAC' # and does not wait for the answer
answers "the next program reads nothing of the one before" OK AT
answers "a session stays when its program goes" "+CCHO: 1 | OK" "$open_isd_r"
is "and is there for the next" "BF3E125A10${eid}9000" "$(answer_of +CGLA=1, "$(es10 81 $get_eid)")"
at '=AT+CI'
sleep 0.5
answers "what was begun is forgotten" OK AT

# --- a modem that interrupts -----------------------------------------------------------------------------------------------
answers "a selection on the basic channel" '+CSIM: 4,"9000" | OK | +CSIM: 24,"988812010000000040F19000" | OK' "$(apdu +CSIM= 00A4080C022FE2)" \
    "$(apdu +CSIM= 00B000000A)"
end
begin --habit interrupts
answers "a selection on the basic channel is lost" '+CSIM: 4,"9000" | OK | +CSIM: 4,"6986" | OK' "$(apdu +CSIM= 00A4080C022FE2)" \
    "$(apdu +CSIM= 00B000000A)"
answers "so is the rest of an answer" '+CSIM: 4,"6125" | OK | +CSIM: 4,"6985" | OK' "$(apdu +CSIM= 00A40004023F00)" "$(apdu +CSIM= 00C0000025)"
answers "a session has its channel" "+CCHO: 1 | OK" "$open_isd_r"
is "and is not interrupted" "BF3E125A10${eid}9000" "$(answer_of +CGLA=1, "$(es10 81 $get_eid)")"
end

# --- collisions with the card's own doings ---------------------------------------------------------------------------------
make_at_card busy
begin
answers "a change while the REFRESH of another is not done is catBusy" \
    '+CCHO: 1 | OK | +CGLA: 4,"6106" | +CGLA: 16,"BF3103800100910B" | +CGLA: 4,"6106" | +CGLA: 16,"BF3203800105910B" | OK' "$open_isd_r" \
    "$(apdu +CGLA=1, "$(es10 81 "$(changing BF31 $b)")");+CGLA=1,10,\"81C0000006\";$(
        apdu +CGLA=1, "$(es10 81 "$(changing BF32 $a)")" | tail -c +3);+CGLA=1,10,\"81C0000006\""
check "the first is done" wait_until 5 profile_told "$b"
answers "then there is another" '+CCHO: 2 | OK | +CGLA: 4,"6106" | OK | +CGLA: 16,"BF3203800100910B" | OK' "$open_isd_r" \
    "$(apdu +CGLA=2, "$(es10 82 "$(changing BF32 $b)")")" "$(apdu +CGLA=2, 82C0000006)"
end

# poll_meets NAME WORD…: a device whose card polls the eIM, which has an order for it; the words come to the port once the poll has begun.
poll_meets() {
    make_at_card "$1" --ipae
    shift
    "$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "localhost:$eim_port" >/dev/null
    "$softeuicc" ipa --card "$card" --state "$work/state" add-eim "$work/eim.der" >"$work/ipa.log" 2>&1 || not_ok "add-eim" "$work/ipa.log"
    "$softeuicc" eim order --url "https://localhost:$eim_port" --cacert "$work/pki/ci.pem" --eid "$eid" --json enable "$b" >"$work/order.json" 2>&1 ||
        not_ok "the order" "$work/order.json"
    begin --network "$work/slow.net"
    wait_until 10 grep -q '"event":"sent"' "$work/device.json" || not_ok "the card polls" "$work/device.json"
    at "$@"
}

order_state() {
    curl -s --cacert "$work/pki/ci.pem" "https://localhost:$eim_port/v1/orders/$(jq .id "$work/order.json")" | jq -r .state
}

order_is() {
    [ "$(order_state)" = "$1" ]
}

if "$softeuicc" create --card "$work/none.db" --pki "$work/pki" --ipae 2>&1 | grep -q "no IPAe" || ! command -v curl >/dev/null ||
    ! "$softeuicc" eim --help >/dev/null 2>&1 || ! "$softeuicc" ipa --help >/dev/null 2>&1; then
    skip "a card that polls: softeuicc is built without the IPAe, eim or ipa, or curl is not installed"
else
    eim_port=$(free_port)
    printf 'preset lan\nlatency 300ms\n' >"$work/slow.net"
    "$softeuicc" eim --pki "$work/pki" --listen "127.0.0.1:$eim_port" --state "$work/eim.db" >"$work/eim.out" 2>"$work/eim.log" &
    processes+=("$!")
    wait_until 10 grep -q '^listening on' "$work/eim.out" || not_ok "the eIM starts" "$work/eim.log"
    poll_meets poll "$open_isd_r" "$(apdu +CGLA=1, "$(es10 81 $get_eid)")" AT+CCHC=1
    matches "a program reads the EID while the card polls" '^\+CCHO: 1' "$(head -n 1 "$work/at.log")"
    check "the poll goes on, and its order is carried out" wait_until 20 order_is "done"
    check "the device has the other profile" profile_told "$b"
    end
    poll_meets session "$open_isd_r" "$(apdu +CGLA=1, "$(es10 81 BF2E00)")" "$(apdu +CGLA=1, 81C0000015)"
    matches "an LPA begins a session while the card polls" 'BF2E128010[0-9A-F]{32}9000' "$(cat "$work/at.log")"
    sent=$(told '[.[] | select(.event == "sent")] | length')
    sleep 4
    is "that ends the card's own" "$sent" "$(told '[.[] | select(.event == "sent")] | length')"
    isnt "its order waits" "done" "$(order_state)"
    answers "the modem is started anew" OK AT+CFUN=1,1
    check "the card polls once more, and its order is carried out" wait_until 20 order_is "done"
    check "the device has the other profile by then" profile_told "$b"
    end
fi

# --- the link --------------------------------------------------------------------------------------------------------------
# fails NAME STATUS LINE OPTION…: this line, and no other, says why.
fails() {
    local name=$1 expected=$2 line=$3 got
    shift 3
    timeout 20 "$softeuicc" device "$@" >"$work/refused.log" 2>"$work/refused.err"
    got=$?
    is "$name: status" "$expected" "$got"
    [ "$expected" != 2 ] || line+=" (see 'softeuicc device --help')"
    is "$name: the line" "softeuicc device: $line" "$(cat "$work/refused.err")"
}
begin
"$softeuicc" create --card "$work/other.db" --pki "$work/pki" >"$work/create.log" 2>&1
fails "a link that another device has" 1 "$link: another device has it" --card "$work/other.db" --at "$link" --for 1s
end
is "SIGTERM: it ends in order" 0 "$status"
check "its link is gone" test ! -L "$link"
begin
end KILL
check "SIGKILL: the link stays, and leads nowhere" test -L "$link" -a ! -e "$link"
begin
answers "the next device replaces it" OK AT
rm "$link"
ln -s /dev/null "$link"
end
is "a link that is somebody else's by now stays" /dev/null "$(readlink "$link")"
fails "a link that leads elsewhere" 1 "$link: it is there, and no link to a terminal" --card "$card" --at "$link" --for 1s
rm "$link"
echo precious >"$link"
fails "a file of that name" 1 "$link: it is there, and no link to a terminal" --card "$card" --at "$link" --for 1s
is "the file stays" precious "$(cat "$link")"
rm "$link"
fails "no folder for it" 1 "$work/missing/modem: No such file or directory" --card "$card" --at "$work/missing/modem" --for 1s

# --- what is refused -------------------------------------------------------------------------------------------------------
fails "a modem without a port" 2 "--modem needs --at LINK" --card "$card" --modem generic --for 1s
fails "a modem that is none" 2 "--modem is none of generic, quectel-eg25, quectel-em05, fibocom-fm350, sierra-mc7455, simcom-a7670, \
alcatel-ik41, phonesim, nordic-nrf91: nokia" --card "$card" --at "$link" --modem nokia
fails "a port in virtual time" 2 "--at and --virtual exclude each other: who uses the port lives in real time" --card "$card" --at "$link" \
    --virtual --for 1s
fails "a port without a name" 2 "--at has no name" --card "$card" --at "" --for 1s

# --- what is shown ---------------------------------------------------------------------------------------------------------
# shown OPTION…: what a device prints that is asked for the card's number once.
shown() {
    "$softeuicc" device --card "$card" --at "$link" "$@" >"$work/shown" 2>"$work/device.err" &
    device_pid=$!
    processes+=("$device_pid")
    wait_until 10 test -e "$link"
    at AT+CCID
    end
}
make_at_card shown
shown
is "for people: where the port is" "AT port: $link" "$(sed -n '1s/^ *[0-9.]*  //p' "$work/shown")"
is "without --trace no more of it" 1 "$(grep -c 'AT[ +]' "$work/shown")"
shown --trace
is "with --trace: lines and answers" "AT > AT+CCID,AT < +CCID: $a,AT < OK" "$(grep -o 'AT [<>] .*' "$work/shown" | paste -sd ,)"
shown --quiet --trace
is "with --quiet: nothing" 0 "$(grep -c 'AT[ +]' "$work/shown")"

# --- a card in a reader ----------------------------------------------------------------------------------------------------
if command -v pcscd >/dev/null && vpcd_driver >/dev/null && command -v opensc-tool >/dev/null; then
    make_at_card reader
    start_pcscd
    start_cards --card "$card"
    "$softeuicc" device --reader "$(reader_name)" --at "$link" --json >"$work/device.json" 2>"$work/device.err" &
    device_pid=$!
    processes+=("$device_pid")
    wait_until 10 test -e "$link" || not_ok "a device with a reader begins" "$work/device.err"
    answers "a card in a reader: a session" "+CCID: $a | OK | +CCHO: 1 | OK" AT+CCID "$open_isd_r"
    is "a card in a reader: GetEID" "BF3E125A10${eid}9000" "$(answer_of +CGLA=1, "$(es10 81 $get_eid)")"
    is "a card in a reader: EnableProfile" "BF3103800100910B" "$(answer_of +CGLA=1, "$(es10 81 "$(changing BF31 $b)")")"
    check "a card in a reader: the other profile" wait_until 5 profile_told "$b"
    end
    stop_cards
else
    skip "a card in a reader: pcscd, vpcd or opensc-tool is not installed"
fi

# --- lpac ------------------------------------------------------------------------------------------------------------------
if ! command -v lpac >/dev/null || ! "$softeuicc" smdpp --help >/dev/null 2>&1; then
    skip "lpac: there is none on PATH, or softeuicc is built without smdpp"
    finish
fi

# run_lpac DRIVER WORD…: lpac's last line is its result; true when its code is 0. It waits for ever for an answer that it does not know.
run_lpac() {
    local driver=$1
    shift
    LPAC_APDU=$driver LPAC_APDU_AT_DEVICE=$link LPAC_HTTP=curl CURL_CA_BUNDLE=$work/pki/ci.pem timeout 60 lpac "$@" >"$work/lpac.log" \
        2>"$work/lpac.err" </dev/null
    tail -n 1 "$work/lpac.log" | jq -e '.payload.code == 0' >/dev/null
}

data() {
    tail -n 1 "$work/lpac.log" | jq -r ".payload.data$1"
}

does() {
    local name=$1
    shift
    if run_lpac "$@"; then ok "lpac $name"; else not_ok "lpac $name" "$work/lpac.log" "$work/lpac.err" "$work/device.err"; fi
}

demo=8988211000000000058
port=$(free_port)
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/profiles/demo.der" --iccid "$demo" --name Demo --operator op --metadata >/dev/null
"$softeuicc" smdpp --pki "$work/pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" --address "localhost:$port" >"$work/smdpp.log" 2>&1 &
processes+=("$!")
wait_until 10 grep -q '^listening on' "$work/smdpp.log" || not_ok "the SM-DP+ starts" "$work/smdpp.log"
for driver in at at_csim; do
    make_at_card "lpac-$driver"
    begin
    does "$driver: chip info" "$driver" chip info
    is "lpac $driver: the EID" "$eid" "$(data .eidValue)"
    does "$driver: profile list" "$driver" profile list
    is "lpac $driver: three profiles" 3 "$(data ' | length')"
    code=$("$softeuicc" smdpp order --url "https://localhost:$port" --cacert "$work/pki/ci.pem" --json --profile demo | jq -r .activation_code)
    does "$driver: profile download" "$driver" profile download -a "$code"
    does "$driver: profile nickname" "$driver" profile nickname "$demo" mynick
    does "$driver: profile enable" "$driver" profile enable "$demo" 1
    check "lpac $driver: the modem has it" wait_until 5 profile_told "$demo"
    run_lpac "$driver" profile list
    is "lpac $driver: enabled, with its nickname" "enabled mynick" \
        "$(data "[] | select(.iccid == \"$demo\") | \"\(.profileState) \(.profileNickname)\"")"
    does "$driver: profile disable" "$driver" profile disable "$demo" 1
    does "$driver: profile delete" "$driver" profile delete "$demo"
    does "$driver: notification list" "$driver" notification list
    is "lpac $driver: of four things" 4 "$(data " | [.[] | select(.iccid == \"$demo\")] | length")"
    does "$driver: notification process" "$driver" notification process -a -r
    end
done
for model in quectel-eg25 quectel-em05 fibocom-fm350 sierra-mc7455 simcom-a7670 alcatel-ik41 nordic-nrf91; do
    begin --modem "$model"
    does "at_csim: $model" at_csim chip info
    case $model in
    fibocom-fm350 | alcatel-ik41) check "lpac at: $model: not without '+CCHO:'" not run_lpac at chip info ;;
    *) does "at: $model" at chip info ;;
    esac
    end
done
finish
