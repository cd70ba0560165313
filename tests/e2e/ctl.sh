#!/usr/bin/env bash
# softeuicc ctl with a running card behind a real pcscd: every command, what the reader sees of it, who may use the socket, and
# clients that mean no good.
set -u
. "$(dirname "$0")/lib.sh"
need opensc-tool scriptor jq perl

iccid=8949000000000000001
card=$work/card.db
reader="$(reader_name 0)"

ctl() {
    "$softeuicc" ctl --card "$card" "$@" 2>"$work/ctl.err"
}

# fact FILTER: what jq finds in the JSON of `show`.
fact() {
    ctl show --json | jq -r "$1"
}

lpa() {
    "$softeuicc" lpa --reader "$reader" "$@" 2>"$work/lpa.err"
}

log_says() {
    grep -Eq "$1" "$work/run.log"
}

answers() {
    lpa list >/dev/null
}

# talk OCTETS…: sends them as they are (perl escapes), a piece each, and prints what comes back until the other end closes, or five
# seconds.
talk() {
    perl -MIO::Socket::UNIX -e '
        my $s = IO::Socket::UNIX->new(Peer => shift) or die "no connection: $!\n";
        $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { exit 3 }; alarm 5;
        for (@ARGV) { syswrite $s, eval qq("$_"); select undef, undef, undef, 0.02 }
        shutdown $s, 1;
        while (sysread $s, my $x, 65536) { print $x }' "$card-ctl" "$@" 2>"$work/talk.err"
}

"$softeuicc" profile make --out "$work/demo.der" --name Demo --iccid "$iccid" >/dev/null || not_ok "softeuicc profile make"
start_pcscd
make_card card --profile "$work/demo.der"
make_card other

# --- a card file that nobody runs ----------------------------------------------------------------------------------------
matches "show reads a card that nobody runs" "^EID +[0-9]{32}.*Running +no.*$iccid +disabled" "$(ctl show | tr '\n' ' ')"
is "also as JSON" "$iccid" "$(fact '.profiles[0].iccid')"
is "and leaves no lock" "" "$(ls "$work" | grep -E 'card.db-(lock|ctl)')"
check "everything else needs a daemon" not ctl power-cycle
matches "and says so" '^softeuicc ctl: .*card\.db does not run: start it with' "$(cat "$work/ctl.err")"
check "a file that is not there is an error" not "$softeuicc" ctl --card "$work/nothing.db" show

# --- settings of the IPAe ------------------------------------------------------------------------------------------------
# setting NAME: its value in the JSON of `ipae`, and whether it was set.
setting() {
    self ipae --json | jq -r --arg name "$1" '.settings[] | select(.name == $name) | "\(.value // "") \(.set)"'
}
self() {
    "$softeuicc" ctl --card "$work/self.db" "$@" 2>"$work/ctl.err"
}
refused() {
    local name=$1 status=$2 pattern=$3 got
    shift 3
    self ipae "$@" >"$work/out"
    got=$?
    is "refused: $name" "$status 0 1" "$got $(wc -c <"$work/out") $(wc -l <"$work/ctl.err")"
    matches "refused: $name (reason)" "$pattern" "$(cat "$work/ctl.err")"
}
check "a card without an IPAe has no settings" not ctl ipae
is "and says so" "softeuicc ctl: the card has no IPAe" "$(cat "$work/ctl.err")"
has_ipae=
"$softeuicc" create --card "$work/self.db" --pki "$work/pki" --ipae >"$work/create.log" 2>&1 && has_ipae=yes
if [ -n "$has_ipae" ]; then
    matches "a card file's settings are shown" "poll-interval +15m +default +from one poll to the next" "$(self ipae)"
    self ipae --json >"$work/settings.json"
    json_style "ipae" "$work/settings.json"
    check "several are set" self ipae poll-interval=1h poll-jitter=20 quiet-hours=22:00-06:00 compact@e=x@y=on
    is "a span of time is seconds inside" "3600 true" "$(setting poll-interval)"
    is "what is not set is as made" "60 false" "$(setting retry-after)"
    matches "the values of single eIMs are shown" "compact +on +e=x@y\$" "$(self ipae | tail -n 1)"
    matches "in show, too" "IPAe's setting +poll-interval = 1h.*IPAe's setting +compact = on, for eIM e=x@y" "$(self show | tr '\n' ' ')"
    refused "a value among good ones" 1 "compact is on or off, not 'perhaps'" poll-interval=2h compact=perhaps
    is "then none is set" "3600 true" "$(setting poll-interval)"
    refused "a setting there is not" 1 "no setting 'pol-interval'" pol-interval=1h
    refused "one that is the same for all eIMs" 1 'the same for all' --eim e fallback-after=1h
    refused "a word that is none" 2 'NAME=VALUE' poll-interval
    refused "an eIM named twice" 2 'named twice' --eim e poll-interval@f=1h
    refused "hours that are none" 1 "time of the day, as 22:00-06:00, not '24:00-06:00'" quiet-hours=24:00-06:00
    refused "what a terminal would obey" 1 "not '\?\[31m'" $'dns-server=\e[31m'
    check "they are taken back" self ipae poll-interval=default quiet-hours= compact@e=x@y=default
    is "to what it was made with" "900 false" "$(setting poll-interval)"
    is "or to nothing" " true" "$(setting quiet-hours)"
    check "no eIM has its own any more" not grep -q 'single eIMs' <(self ipae)
else
    skip "settings of the IPAe: softeuicc is built without it"
fi

# --- the socket ---------------------------------------------------------------------------------------------------------
start_cards --card "$card" --card "$work/other.db" --control "$card-ctl"
is "the socket is for its owner only" "600 socket" "$(stat -c '%a %F' "$card-ctl")"
is "every card has its own" "600 socket" "$(stat -c '%a %F' "$work/other.db-ctl")"
isnt "which answer for their cards" "$(fact .eid)" "$("$softeuicc" ctl --card "$work/other.db" show --json | jq -r .eid)"
ln -s card.db "$work/link.db"
is "a link to a card leads to its socket" "$(fact .eid)" "$("$softeuicc" ctl --card "$work/link.db" show --json | jq -r .eid)"
is "no other file is left of its making" "" "$(find "$work" -maxdepth 1 -name '.ctl-*')"
"$softeuicc" run --vpcd "localhost:$vpcd_port" --card "$card" --control "$card-ctl" >"$work/second.log" 2>&1
isnt "a second daemon does not start" 0 $?
check "and the first one's socket is still there" ctl show

# --- show ---------------------------------------------------------------------------------------------------------------
ctl show --json >"$work/show.json"
is "show tells of what it is" "hybrid 32" "$(jq -r '"\(.personality) \(.eid | length)"' "$work/show.json")"
is "of the profile" "$iccid disabled operational Demo" \
    "$(jq -r '.profiles[0] | "\(.iccid) \(.state) \(.class) \(.name)"' "$work/show.json")"
is "of the reader" "true true $vpcd_port 0" "$(jq -r '.run | "\(.connected) \(.inserted) \(.port) \(.slot)"' "$work/show.json")"
is "of the daemon" "$run_pid $card" "$(jq -r '.run | "\(.pid) \(.file)"' "$work/show.json")"
is "of all the ways back" "null null null false false" \
    "$(jq -r '"\(.fallback_profile) \(.return_profile) \(.rollback) \(.emergency.active) \(.immediate_enable.on)"' "$work/show.json")"
check "and has the lists" jq -e '.eims == [] and .package_results == [] and .notifications == []' "$work/show.json"
check "no private key is told" not grep -Eiq 'private|"[a-z_]*key"' "$work/show.json"
json_style "show" "$work/show.json"
before=$(fact .run.commands)
answers
isnt "the commands served are counted" "$before" "$(fact .run.commands)"
# A client that stays shows what it has selected.
{
    printf 'reset\n00 70 00 00 01\n01 A4 04 00 10 A0 00 00 05 59 10 10 FF FF FF FF 89 00 00 01 00\n'
    sleep 2
} | scriptor -r "$reader" -p T=0 >"$work/scriptor.out" 2>&1 &
holder=$!
processes+=("$holder")
isdr_selected() {
    [ "$(fact '.channels[] | select(.channel == 1) | .application')" = ISD-R ]
}
check "the selected applications are shown" wait_until 2 isdr_selected
matches "also for people" 'CHANNEL +SELECTED +AID.* 1 +ISD-R +A0000005591010' "$(ctl show | tr '\n' ' ')"
wait "$holder"

# --- the reader ---------------------------------------------------------------------------------------------------------
is "remove says when the reader has noticed" "the card is out" "$(ctl remove)"
check "PC/SC sees an empty reader at once" has_no_card 0
check "the LPA finds no card" not answers
is "show still answers" false "$(fact .run.inserted)"
check "what is out cannot be taken out" not ctl remove
matches "and that is said" 'out already' "$(cat "$work/ctl.err")"
is "insert says when it is powered" "the card is in, and powered" "$(ctl insert)"
check "PC/SC sees the card at once" has_card 0
check "and it answers" answers
check "what is in cannot be put in" not ctl insert
is "JSON on demand" '{"card":"out","noticed":true}' "$(ctl remove --json | jq -c .)"
is "insert in JSON" '{"card":"in","noticed":true}' "$(ctl insert --json | jq -c .)"
resets=$(fact .run.resets)
is "power-cycle does both" "the card is in, and powered" "$(ctl power-cycle)"
isnt "the card was reset" "$resets" "$(fact .run.resets)"
check "and answers" answers

# --- the clock ----------------------------------------------------------------------------------------------------------
is "the clock can be set" "2031-05-06T07:08" "$(ctl time set 2031-05-06T07:08:09Z | cut -c 1-16)"
is "it goes on from there" "2031-05-06T07" "$(ctl time | cut -c 1-13)"
is "show knows" "2031-05-06T07" "$(fact .time | cut -c 1-13)"
is "it can be put forward" "2031-05-07T07" "$(ctl time set +86400 | cut -c 1-13)"
is "and back" "2031-05-06T07" "$(ctl time set -- -86400 | cut -c 1-13)"
is "or to the machine's" "$(date -u +%Y-%m-%dT%H)" "$(ctl time set real | cut -c 1-13)"
check "what is no time is refused" not ctl time set yesterday
matches "in one line" '^softeuicc ctl: a time is' "$(cat "$work/ctl.err")"
for time in 1969-12-31 10000-01-01T00:00:00Z +999999999999 -999999999999 +99999999999999999999; do
    check "so is $time" not ctl time set -- "$time"
    is "with the range" "softeuicc ctl: a time is from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z" "$(cat "$work/ctl.err")"
done
ctl --json time set yesterday >"$work/error.json"
json_style "an error" "$work/error.json"
is "which says what was wrong" 'a time is 2026-01-31T23:59:59Z, +SECONDS, -SECONDS or "real"' "$(jq -r .error.message "$work/error.json")"

# --- the trace ----------------------------------------------------------------------------------------------------------
check "nothing is traced at first" not log_says '> 81E29100'
ctl trace on >/dev/null
answers
check "trace on shows commands in the log" log_says ' < .*ES10c\.GetProfilesInfo'
ctl trace off >/dev/null
lines=$(wc -l <"$work/run.log")
answers
is "trace off ends it" "$lines" "$(wc -l <"$work/run.log")"
"$softeuicc" ctl --card "$card" trace --follow >"$work/follow.log" 2>"$work/follow.err" &
follower=$!
"$softeuicc" ctl --card "$card" trace --follow --json >"$work/follow.json" 2>/dev/null &
processes+=("$follower" "$!")
follows() {
    transceive 00F2000000 >/dev/null
    answers && grep -q "$1" "$work/follow.log"
}
check "trace --follow shows them to the client" wait_until 5 follows 'ES10c.GetProfilesInfo: .* ms)$'
# The first ones came before the client did, perhaps.
check "what the reader does, too" wait_until 5 follows 'slot 0: reset$'
is "and not in the log" "$lines" "$(wc -l <"$work/run.log")"
check "JSON has a line for each" jq -e -s 'map(select(.function == "ES10c.GetProfilesInfo" and .status == "9000" or .command)) | length > 0' \
    "$work/follow.json"
transceive 0020000108 002000010831323334FFFFFFFF A02C00011031323334FFFFFFFF35363738FFFFFFFF >/dev/null
check "codes are not shown" wait_until 5 grep -Eq '> 0020000108\*{16}$' "$work/follow.log"
check "of any class" wait_until 5 grep -Eq '> A02C000110\*{32}$' "$work/follow.log"
check "nowhere" not grep -q 31323334 "$work/follow.log" "$work/follow.json"
end_process "$follower" INT
json_style "the trace" "$work/follow.json"

# --- settings of the IPAe, while it runs ----------------------------------------------------------------------------------
if [ -n "$has_ipae" ]; then
    stop_cards
    start_cards --card "$work/self.db"
    check "a running card's settings are set" self ipae poll-interval=10s retry-after@e=90s
    is "and told" "10 true" "$(setting poll-interval)"
    refused "a value that it does not take" 1 "seconds \\(31d\\), not '500ms'" poll-interval=500ms
    is "it keeps what it had" "10" "$(self show --json | jq .ipae.poll_interval)"
    self cut --after 1 >/dev/null
    check "the power goes while one is stored" not self ipae poll-interval=20s
    comes_back() {
        [ "$(self show --json | jq .run.power_cuts)" = 1 ] && has_card 0
    }
    check "the card comes back" wait_until 5 comes_back
    is "as it was" "10 true" "$(setting poll-interval)"
    stop_cards
    is "and keeps it" "10 true" "$(setting poll-interval)"
    is "also of one eIM" "e 90" "$(self show --json | jq -r '.ipae.settings[] | select(.name == "retry-after") | "\(.eim_id) \(.value)"')"
    start_cards --card "$card"
fi

# --- the power ----------------------------------------------------------------------------------------------------------
# Everything that enabling a profile changes. What was not stored when the power went is lost, so that it is all as before until the
# command has been answered, and after that as after.
state() {
    fact '"\(.enabled) \(.profiles[0].state) \(.last_sequence) \(.notifications | length)"'
}
enable() {
    lpa enable --keep-notifications --no-refresh "$iccid" >/dev/null
}
before=$(state)
went=0
stayed=0
for after in 1 2 3 5 8 13 21 34 55; do
    cuts=$(fact .run.power_cuts)
    ctl cut --after "$after" >/dev/null
    if enable; then
        stayed=$((stayed + 1))
        matches "cut --after $after comes too late: the profile is enabled" "^$iccid enabled " "$(state)"
        ctl cut --after 0 >/dev/null
        check "and is disabled again" lpa disable --keep-notifications --no-refresh "$iccid"
        before=$(state)
    else
        went=$((went + 1))
        is "cut --after $after: as it was before" "$before" "$(state)"
        is "cut --after $after: once" $((cuts + 1)) "$(fact .run.power_cuts)"
        is "cut --after $after: the next power stays" null "$(fact .power_cut_in)"
        is "cut --after $after: show tells of it" "$after" "$(fact .run.last_power_cut.after)"
        check "cut --after $after: the log says that it was armed, and struck" \
            log_says "slot 0: power cut, as armed by 'softeuicc ctl cut': it struck at change of storage $after after that; what was not stored is lost\$"
        check "cut --after $after: the card comes back" wait_until 5 answers
    fi
done
check "the power went at several changes" test "$went" -ge 3
check "and a command has an end" test "$stayed" -ge 1
matches "show tells people" "Power cuts +[0-9]+; the last one, armed by 'softeuicc ctl cut --after [0-9]+', struck at 20" "$(ctl show | grep 'Power cuts')"
is "cut waits for a write" "the power goes at the card's next change of storage" "$(ctl cut)"
check "reading is none" answers
is "it is still armed" 1 "$(fact .power_cut_in)"
is "it can be taken back" "the power stays on" "$(ctl cut --after 0)"
check "the card works on" enable
is "and is enabled" "$iccid" "$(fact .enabled)"
check "a number is wanted" not ctl cut --after soon

# --- who may use it -----------------------------------------------------------------------------------------------------
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    as_nobody() {
        setpriv --reuid=65534 --regid=65534 --clear-groups perl -MIO::Socket::UNIX -e '
            my $s = IO::Socket::UNIX->new(Peer => shift) or do { print "$!\n"; exit };
            $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { exit 3 }; alarm 5;
            print {$s} qq({"command":"show"}\n); $s->flush; print while <$s>' "$card-ctl"
    }
    is "another user cannot connect" "Permission denied" "$(as_nobody)"
    chmod 666 "$card-ctl"
    is "and is refused even if he can" '{"ok":false,"error":"this card is another user'"'"'s"}' "$(as_nobody)"
    check "which is logged" log_says 'user 65534 was refused'
    chmod 600 "$card-ctl"
else
    skip "another user is refused (needs root and setpriv)"
fi

# --- the protocol, by hand ----------------------------------------------------------------------------------------------
show='{\"command\":\"show\"}'
is "requests in one go are answered in order" "true false true" \
    "$(talk "$show\\nnonsense\\n{\\\"command\\\":\\\"time\\\"}\\n" | jq -r .ok | xargs)"
is "a request may come in pieces" true "$(talk '{\"comm' 'and\":\"show' '\"}\n' | jq -r .ok)"
is "and end as in other systems" true "$(talk "$show\\r\\n" | jq -r .ok)"
is "an empty line is none" false "$(talk '\n' | jq -r .ok)"

# --- clients that mean no good ------------------------------------------------------------------------------------------
matches "a line without end is cut off" 'no longer than 4096' "$(talk '@{[q(x) x 100000]}')"
matches "a long line too" 'no longer than 4096' "$(talk '@{[q(x) x 5000]}\n')"
is "half a request is nothing" "" "$(talk '{\"command\":')"
talk '@{[map { chr(rand(256)) } 1..4000]}\n@{[map { chr(rand(256)) } 1..4000]}\n' >"$work/garbage.log"
check "garbage is answered as such" not grep -q '"ok":true' "$work/garbage.log"
talk '@{[q([) x 4000]}\n' >"$work/deep.log"
check "depth too" grep -q '"ok":false' "$work/deep.log"
check "the card does not mind" answers

# Forty connections that say half a line each, and stay; one that asks for everything and reads nothing; one that follows the trace
# and reads nothing.
perl -MIO::Socket::UNIX -e '
    my @all = map { IO::Socket::UNIX->new(Peer => $ARGV[0]) } 1 .. 40;
    $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { exit 0 }; alarm 8;
    $_ and syswrite($_, qq({"command":)) for @all[0 .. 3];
    syswrite($all[4], qq({"command":"trace","set":"follow"}\n));
    $all[5]->blocking(0);
    while (1) { syswrite($all[5], qq({"command":"show"}\n) x 50); select(undef, undef, undef, 0.001) }' "$card-ctl" 2>/dev/null &
hostile=$!
processes+=("$hostile")
sleep 0.3
check "too many connections are turned away" grep -q 'connections already' <(talk "$show\\n")
for round in 1 2 3 4 5; do answers || not_ok "the card answers under fire ($round)" "$work/lpa.err"; done
start=$(date +%s%N)
answers
took=$((($(date +%s%N) - start) / 1000000))
check "and as fast as ever (took $took ms)" test "$took" -lt 2000
check "the daemon does not grow with who does not read" test "$(awk '/VmRSS/ { print $2 }' "/proc/$run_pid/status")" -lt 200000
end_process "$hostile" KILL
free_again() {
    ctl show >/dev/null
}
check "when they are gone there is room again" wait_until 5 free_again

# --- one after the other ------------------------------------------------------------------------------------------------
# A daemon that ends and starts at once: the reader has seen the slot empty, so that nobody meets the old card.
for round in 1 2 3; do
    end_process "$run_pid"
    start_cards --card "$card"
    check "restarted at once, the first client is served ($round)" answers
done
stop_cards KILL
check "SIGKILL leaves the socket" test -S "$card-ctl"
matches "which nobody answers on: the file is read" 'Running +no' "$(ctl show | tr '\n' ' ')"
start_cards --card "$card"
check "the next daemon replaces it" ctl show
stop_cards
check "the end removes it" test ! -e "$card-ctl"

# --- where it is --------------------------------------------------------------------------------------------------------
long=$work/$(printf 'd%.0s' {1..90})/$(printf 'e%.0s' {1..90})
mkdir -p "$long"
start_cards --card "$card" --control "$long/socket"
check "a path may be longer than a socket's address" "$softeuicc" ctl --socket "$long/socket" show
check "the default is not taken then" test ! -e "$card-ctl"
check "without the path the card is not found" not ctl show
matches "and the line says what to do" 'in use by process [0-9]+; .*--socket PATH' "$(cat "$work/ctl.err")"
stop_cards
start_cards --card "$card" --no-control
check "no socket on demand" test ! -e "$card-ctl"
stop_cards
echo precious >"$work/file"
for path in "$work/file" "$work/nowhere/socket"; do
    "$softeuicc" run --vpcd "localhost:$vpcd_port" --card "$card" --control "$path" >"$work/out" 2>"$work/err"
    status=$?
    is "no socket at ${path#"$work"}" "1 1" "$status $(wc -l <"$work/err")"
done
is "a file of that name is kept" precious "$(cat "$work/file")"
start_cards --card "$card" --control "$work/shared"
"$softeuicc" run --vpcd "localhost:$((vpcd_port + 1))" --card "$work/other.db" --control "$work/shared" >"$work/out" 2>"$work/err"
is "a socket that is answered is kept" 1 $?
matches "and that is said" "another process's" "$(cat "$work/err")"
check "its owner is still there" "$softeuicc" ctl --socket "$work/shared" show
stop_cards

# --- the state machine --------------------------------------------------------------------------------------------------
drawing=$(dirname "$0")/../../docs/lifecycle.dot
check "the drawing in docs/ shows the state machine as it is" diff "$drawing" <("$softeuicc" ctl lifecycle --dot)

# --- command line -------------------------------------------------------------------------------------------------------
usage() {
    local name=$1
    shift
    "$softeuicc" ctl "$@" >/dev/null 2>"$work/err"
    is "$name" "2 1" "$? $(wc -l <"$work/err")"
}
usage "no command"
usage "no card" show
usage "an unknown command" --card "$card" explode
usage "an unknown option" --card "$card" --loud show
usage "two ways to name it" --card "$card" --socket "$card-ctl" show
usage "too much" --card "$card" remove now
usage "time without a time" --card "$card" time set
usage "trace of what" --card "$card" trace
usage "lifecycle without a form" lifecycle
check "--help is help" grep -q power-cycle <("$softeuicc" ctl --help)
finish
