#!/usr/bin/env bash
# The card daemon behind a real pcscd and vpcd, driven by pcsc-tools and OpenSC: ATR, transport, channels, and everything that can
# happen to the processes: a second one, SIGTERM, SIGKILL, a reader that goes and comes back.
set -u
. "$(dirname "$0")/lib.sh"
need opensc-tool scriptor pcsc_scan ATR_analysis perl

atr=3B9F97803FC7828031E073FE215F6565554943438105C8
atr_t1=3B9F9781B1FE453FC7828031E073FE215F6565554943438105C3
eid=89049032123451234512345678901235
open_channel=0070000001
select_isdr=01A4040010A0000005591010FFFFFFFF8900000100
get_eid=81E2910006BF3E035C015A
eid_response=BF3E125A10$eid

# The ATR as PC/SC reports it, without blanks and colons.
atr_of() {
    opensc-tool --reader "$(reader_name "$1")" --atr 2>/dev/null | tr -d ': \n' | tr a-f A-F
}

# The line number LINE of what transceive prints.
answer() {
    local line=$1
    shift
    transceive "$@" | sed -n "${line}p"
}

log_says() {
    grep -Eq "$1" "$work/run.log"
}

sees_eid() {
    [ "$(answer 4 "$open_channel" "$select_isdr" "$get_eid" 81C0000015)" = "${eid_response}9000" ]
}

start_pcscd
make_card card --eid "$eid"
make_card other
start_cards --card "$work/card.db" --card "$work/other.db" --trace --pid-file "$work/run.pid"

# --- the reader and the ATR ---------------------------------------------------------------------------------------------
check "PC/SC sees the reader" grep -q "$(reader_name 0)" <(pcsc_scan -r 2>&1)
is "the ATR is the card's" "$atr" "$(atr_of 0)"
pcsc_scan -c >"$work/scan.log" 2>&1
check "pcsc_scan shows the ATR" grep -q "3B 9F 97 80 3F C7 82" "$work/scan.log"
# Without a network the tool cannot renew its list of known cards: it is asked for the decoding only.
HOME=$work ATR_analysis "$(sed 's/../& /g; s/ $//' <<<"$atr")" >"$work/atr.log" 2>&1 </dev/null
check "ATR_analysis finds the checksum correct" grep -q 'correct checksum' "$work/atr.log"
check "ATR_analysis has no complaint" not grep -Eiq 'wrong|error|invalid ATR|unknown' <(sed '/Possibly identified/,$d' "$work/atr.log")

# --- transport ----------------------------------------------------------------------------------------------------------
mapfile -t lines < <(transceive "$open_channel" "$select_isdr" 81C0000000 "$get_eid" 81C0000000 81C0000015 81C0000015)
is "MANAGE CHANNEL opens channel 1" 019000 "${lines[0]:-}"
matches "SELECT ISD-R over T=0 answers 61xx" '^61..$' "${lines[1]:-}"
matches "GET RESPONSE with a wrong Le answers 6Cxx" "^6C${lines[1]:2}\$" "${lines[2]:-}"
is "STORE DATA over T=0 answers 6115" 6115 "${lines[3]:-}"
is "6C15 names the length that is left" 6C15 "${lines[4]:-}"
is "GET RESPONSE brings the EID" "${eid_response}9000" "${lines[5]:-}"
is "and brings it once" 6985 "${lines[6]:-}"
is "an extended Le brings it at once" "${eid_response}9000" \
    "$(answer 3 "$open_channel" "$select_isdr" 81E29100000006BF3E035C015A0000)"
is "blocks of one octet make the same request" "${eid_response}9000" "$(answer 9 "$open_channel" "$select_isdr" \
    81E2110001BF 81E21101013E 81E211020103 81E21103015C 81E211040101 81E29105015A 81C0000015)"
is "a block out of order is refused" 6A86 "$(answer 4 "$open_channel" "$select_isdr" 81E2110001BF 81E29102013E)"
check "opensc-tool reads the EID" grep -q "BF 3E 12 5A 10 89 04 90" \
    <(opensc-tool --reader "$(reader_name 0)" -s "$open_channel" -s "$select_isdr" -s "$get_eid" -s 81C0000015 2>&1)

# --- channels -----------------------------------------------------------------------------------------------------------
opens=()
for _ in {1..20}; do opens+=("$open_channel"); done
mapfile -t lines < <(transceive "${opens[@]}" 4F70800000 00708013 0070000001 CF70000000)
is "nineteen channels can be opened" 139000 "${lines[18]:-}"
is "the twentieth cannot" 6A81 "${lines[19]:-}"
is "channel 19 closes itself" 9000 "${lines[20]:-}"
is "closing it again is a warning" 6200 "${lines[21]:-}"
is "its number is free again" 139000 "${lines[22]:-}"
is "a reset closes them all" 6881 "$(answer 2 "$open_channel" reset 81F2000000)"
is "a closed channel does not exist" 6881 "$(answer 1 43F2000000)"

# --- two slots, one card each --------------------------------------------------------------------------------------------
wait_until 10 has_card 1
matches "the card in the second slot has its own EID" '^BF3E125A10[0-9]{32}9000$' \
    "$(answer 4 -s 1 "$open_channel" "$select_isdr" "$get_eid" 81C0000015)"
isnt "which is another one" "${eid_response}9000" "$(answer 4 -s 1 "$open_channel" "$select_isdr" "$get_eid" 81C0000015)"

# --- the trace ----------------------------------------------------------------------------------------------------------
check "the trace names the function" log_says '< 6115  ES10c.GetEID: response available \([0-9.]+ ms\)$'
check "the trace shows the octets" log_says "> $get_eid\$"
check "the trace shows resets" log_says 'slot 0: reset$'
lines_before=$(wc -l <"$work/run.log")
sleep 1.2
is "the trace does not show vpcd's questions" "" "$(tail -n +$((lines_before + 1)) "$work/run.log" | grep -v 'power')"

# --- processes ----------------------------------------------------------------------------------------------------------
is "the card file is for its owner only" 600 "$(stat -c %a "$work/card.db")"
is "the pid file names the process" "$run_pid" "$(cat "$work/run.pid" 2>/dev/null)"
"$softeuicc" run --vpcd "localhost:$vpcd_port" --card "$work/card.db" >"$work/second.log" 2>&1
isnt "a second process on the card is refused" 0 $?
matches "and told why" 'softeuicc run: .*card\.db.*(another|use)' "$(cat "$work/second.log")"
is "in one line" 1 "$(wc -l <"$work/second.log")"
check "the first one does not mind" sees_eid
make_card third
timeout 10 "$softeuicc" run --vpcd "127.0.0.1:$vpcd_port" --card "$work/third.db" >"$work/out" 2>"$work/second.log"
is "another card for a slot that is taken is refused" 1 $?
is "at once, and told whose it is" \
    "softeuicc run: the slot at 127.0.0.1 port $vpcd_port has a card already, that of process $run_pid; name another one with --vpcd" \
    "$(cat "$work/second.log")"
check "the first one does not mind that either" sees_eid

# A state change that has been answered stays, whatever happens to the process.
is "a request that does not parse is refused" 6A80 "$(answer 3 "$open_channel" "$select_isdr" 81E2910004BF3F0580)"
is "an address can be set" BF3F038001009000 \
    "$(answer 4 "$open_channel" "$select_isdr" 81E291000EBF3F0B8009616464722E74657374 81C0000006)"
stop_cards KILL
is "SIGKILL ends it as SIGKILL does" 137 "$status"
start_cards --card "$work/card.db"
matches "what was answered before SIGKILL is there" '^BF3C..8009616464722E74657374.*9000$' \
    "$(answer 3 "$open_channel" "$select_isdr" 81E29100000003BF3C000000)"
stop_cards TERM
is "SIGTERM ends it with status 0" 0 "$status"
start_cards --card "$work/card.db" --pid-file "$work/run.pid"
check "it starts again" sees_eid
stop_cards INT
is "SIGINT does so too" 0 "$status"
check "and the pid file is gone" not test -e "$work/run.pid"
start_cards --card "$work/card.db" --pid-file "$work/run.pid"
stop_cards HUP
is "SIGHUP does so too" 0 "$status"
is "and leaves nothing beside the card" card.db "$(cd "$work" && echo card.db* run.pid* | sed 's/ run\.pid\*$//')"
run_pid=$(
    trap '' HUP
    "$softeuicc" run --vpcd "localhost:$vpcd_port" --card "$work/card.db" >"$work/run.log" 2>&1 &
    echo $!
)
wait_until 10 has_card 0
kill -HUP "$run_pid"
check "but not under nohup" sees_eid
kill "$run_pid"
wait_until 10 is_gone "$run_pid"
wait_until 10 has_no_card 0

# --- killed, and started again at once ----------------------------------------------------------------------------------
# pcscd looks every 400 ms and may not see one card go and the next one come. In every second round the kill comes in the middle of
# commands. SOFTEUICC_KILLS: how many rounds. The time is from the start until a client has the card's EID.
lpa_sees_eid() {
    timeout 10 "$softeuicc" lpa --reader "$(reader_name 0)" info 2>/dev/null | grep -q "$eid"
}

# kill_round NUMBER: appends the milliseconds to times, and says what is wrong.
kill_round() {
    local client='' start
    if (($1 % 2)); then
        while :; do "$softeuicc" lpa --reader "$(reader_name 0)" list; done >/dev/null 2>&1 &
        client=$!
        sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
    fi
    end_process "$run_pid" KILL
    start=$(date +%s%N)
    "$softeuicc" run --vpcd "localhost:$vpcd_port" --card "$work/card.db" >"$work/run.log" 2>&1 &
    run_pid=$!
    processes=("$pcscd_pid" "$run_pid" $client)
    wait_until 10 lpa_sees_eid || printf 'round %s: no answer in ten seconds\n' "$1"
    printf '%s\n' $((($(date +%s%N) - start) / 1000000)) >>"$work/times"
    [ -z "$client" ] || end_process "$client" KILL
}

start_cards --card "$work/card.db"
kills=${SOFTEUICC_KILLS:-25}
for ((round = 1; round <= kills; round++)); do kill_round "$round"; done >"$work/stuck"
is "no reader is stuck after SIGKILL and a start ($kills times, $(sort -n "$work/times" | awk '{ t[NR] = $1 } END {
    printf "median %d ms, most %d ms", t[int((NR + 1) / 2)], t[NR] }'))" "" "$(cat "$work/stuck")"
check "the last one is whole" sees_eid
stop_cards

# --- the reader goes and comes back --------------------------------------------------------------------------------------
start_cards --card "$work/card.db"
for signal in TERM KILL; do
    stop_pcscd "$signal"
    check "the card notices that pcscd is gone (SIG$signal)" wait_until 5 log_says 'no reader at .*trying again'
    start_pcscd
    check "and comes back with it" wait_until 10 has_card 0
    check "whole" sees_eid
done
stop_cards

# --- T=1 ----------------------------------------------------------------------------------------------------------------
start_cards --card "$work/card.db" --protocol t1
is "the ATR offers T=1" "$atr_t1" "$(atr_of 0)"
mapfile -t lines < <(transceive -p T=1 "$open_channel" "${select_isdr}00" "${get_eid}00" "$get_eid" 81C0000000)
matches "SELECT over T=1 answers at once" '^6F.*9000$' "${lines[1]:-}"
is "GetEID over T=1 answers at once" "${eid_response}9000" "${lines[2]:-}"
is "without Le there is GET RESPONSE" 6115 "${lines[3]:-}"
is "which takes what is left" "${eid_response}9000" "${lines[4]:-}"
stop_cards

# --- service manager -----------------------------------------------------------------------------------------------------
perl -MIO::Socket::UNIX -e '
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die; alarm 10;
    while (sysread($s, my $m, 64)) { print "$m\n"; last if $m =~ /STOPPING/ }' "$work/notify" >"$work/notified" &
listener=$!
processes+=("$listener")
wait_until 5 test -S "$work/notify"
NOTIFY_SOCKET=$work/notify start_cards --card "$work/card.db"
stop_cards
wait "$listener"
is "the service manager hears of start and end" "READY=1 STOPPING=1" "$(tr '\n' ' ' <"$work/notified" | sed 's/ $//')"

# --- a slot with somebody else's card in it ------------------------------------------------------------------------------
perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or die; alarm 20;
    while (sysread($s, my $m, 64)) { syswrite($s, "\0\2\x3B\0") if $m =~ /\x04$/ }' "$vpcd_port" &
stranger=$!
processes+=("$stranger")
wait_until 5 has_card 0
fresh "$work/run.log"
"$softeuicc" run --vpcd "localhost:$vpcd_port" --card "$work/card.db" >"$work/run.log" 2>&1 &
run_pid=$!
processes+=("$run_pid")
check "a card that the reader takes no notice of says so" wait_until 10 log_says 'takes no notice of this card'
end_process "$stranger"
check "and is served when the other one goes" wait_until 10 sees_eid
stop_cards

# --- a pcscd that asks polkit --------------------------------------------------------------------------------------------
if [ -n "$(pcscd_options)" ]; then
    stop_pcscd
    pcscd_options() {
        :
    }
    pcscd_answers() {
        ! "$softeuicc" lpa info 2>&1 | grep -q 'is pcscd running'
    }
    start_pcscd
    wait_until 10 pcscd_answers
    if opensc-tool --list-readers 2>/dev/null | grep -q "$(reader_name 0)"; then
        skip "what a tool says when polkit refuses (it refuses nobody here)"
    else
        "$softeuicc" lpa info >"$work/out" 2>"$work/err"
        is "a user whom polkit refuses is told so" "1 1" "$? $(wc -l <"$work/err")"
        matches "and what to do" '^softeuicc lpa: PC/SC: .*polkit.*--disable-polkit' "$(cat "$work/err")"
    fi
else
    skip "what a tool says when polkit refuses (this pcscd does not ask it)"
fi

# --- command line ---------------------------------------------------------------------------------------------------------
"$softeuicc" run --card "$work/nothing.db" >"$work/out" 2>&1
is "a card that is not there is an error" 1 $?
matches "with a clear line" '^softeuicc run: .*nothing\.db' "$(cat "$work/out")"
"$softeuicc" run >"$work/out" 2>&1
is "no card is a usage error" 2 $?
check "--help is help" grep -q -- '--pid-file' <("$softeuicc" run --help)
finish
