# What the end-to-end tests share: a pcscd of their own with vpcd on free ports, cards, the card daemon, and an end that leaves
# nothing behind. Sourced, not run. A test prints "ok - …", "not ok - …" and "skip - …" lines; its status is 0, 1, or 77 when it could
# not run at all.
# shellcheck shell=bash

softeuicc=${SOFTEUICC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/softeuicc}
work=$(mktemp -d "${TMPDIR:-/tmp}/softeuicc-e2e.XXXXXX")
chmod 755 "$work" # pcscd may drop privileges
[ ! -e "$softeuicc" ] || softeuicc=$(cd "$(dirname "$softeuicc")" && pwd)/${softeuicc##*/} # some tests go elsewhere
readonly softeuicc work
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/setup/wait.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/setup/pcscd.sh"
failures=0
processes=()

# --- results ------------------------------------------------------------------------------------------------------------

ok() {
    printf 'ok - %s\n' "$1"
}

# not_ok NAME [FILE…]: with the last lines of the files that say why, on stderr.
not_ok() {
    local file name=$1
    shift
    failures=$((failures + 1))
    printf 'not ok - %s\n' "$name"
    for file in "$@"; do
        [ -s "$file" ] && tail -n 12 "$file" | sed "s|^|    ${file##*/}: |" >&2
    done
    return 0
}

# check NAME COMMAND…: ok when the command is true.
check() {
    local name=$1
    shift
    if "$@" >"$work/check.log" 2>&1; then ok "$name"; else not_ok "$name" "$work/check.log"; fi
}

# is NAME EXPECTED ACTUAL: ok when the texts are equal.
is() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        printf 'expected: %s\n     got: %s\n' "$2" "$3" >"$work/check.log"
        not_ok "$1" "$work/check.log"
    fi
}

# isnt NAME UNWANTED ACTUAL: ok when the texts differ.
isnt() {
    if [ "$2" != "$3" ]; then ok "$1"; else not_ok "$1"; fi
}

not() {
    ! "$@"
}

# matches NAME PATTERN ACTUAL: ok when the text matches the extended regular expression.
matches() {
    if [[ $3 =~ $2 ]]; then
        ok "$1"
    else
        printf 'expected: %s\n     got: %s\n' "$2" "$3" >"$work/check.log"
        not_ok "$1" "$work/check.log"
    fi
}

# json_style NAME FILE: ok when the JSON in the file, all that a tool printed, is in the style of docs/json.md.
json_style() {
    # shellcheck disable=SC2016 # of jq
    check "$1: JSON in the one style" jq -es 'length > 0 and ([.. | objects | keys[]] | all(test("^[a-z][a-z0-9]*(_[a-z0-9]+)*$"))) and
        ([..] | all(. != null and . != ""))' "$2"
}

skip() {
    printf 'skip - %s\n' "$1"
}

skip_all() {
    skip "$1"
    exit 77
}

# need COMMAND…: what the script runs beside the program and what every Debian has (coreutils, sed, grep, awk, util-linux).
need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip_all "$tool is not installed"
    done
}

# need_parts SUBCOMMAND…: that the program is built with.
need_parts() {
    local part
    for part in "$@"; do
        "$softeuicc" "$part" --help >/dev/null 2>&1 || skip_all "softeuicc is built without $part"
    done
}

# need_ipae: the card is built with its IPAe. Needs the PKI in $work/pki.
need_ipae() {
    "$softeuicc" create --card "$work/none.db" --pki "$work/pki" --ipae >"$work/create.log" 2>&1
    grep -q "no IPAe" "$work/create.log" && skip_all "softeuicc is built without the IPAe"
    return 0
}

# has_coap: the program is built with CoAP.
has_coap() {
    ! "$softeuicc" eim --help | grep -q -- '--coap .*(not in this build)'
}

# hex_of FILE: its octets in capitals.
hex_of() {
    od -An -v -tx1 "$1" | tr -d ' \n' | tr a-f A-F
}

finish() {
    [ "$failures" -eq 0 ]
    exit
}

# --- processes ----------------------------------------------------------------------------------------------------------

is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

# is_ours PID: a child of this test, or a process that has something to do with its directory. The number of one that has ended may be
# somebody else's by now, of a test that runs beside this one for instance.
is_ours() {
    local stat
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    stat=${stat##*) ? }
    [ "${stat%% *}" = $$ ] || grep -qaF "$work" "/proc/$1/cmdline" 2>/dev/null
}

is_not_ours() {
    ! is_ours "$1"
}

# end_process PID [SIGNAL]: ends a process of ours and waits for it; its exit status is in $status. (The shell's own word on
# killed processes is not wanted.)
end_process() {
    status=0
    {
        is_not_ours "$1" || kill -"${2:-TERM}" "$1"
        wait_until 10 is_not_ours "$1" || kill -KILL "$1"
        wait "$1" || status=$?
    } 2>/dev/null
    return 0
}

clean_up() {
    local pid
    for pid in "${processes[@]}"; do
        is_not_ours "$pid" || kill -TERM "$pid" 2>/dev/null
    done
    for pid in "${processes[@]}"; do
        wait_until 5 is_not_ours "$pid" || kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean_up EXIT

# --- ports --------------------------------------------------------------------------------------------------------------

# take_port PORT: false when this test has given it to something already.
take_port() {
    ! grep -qx "$1" "$work/ports" 2>/dev/null && printf '%s\n' "$1" >>"$work/ports"
}

# free_port: prints a port that nobody listens on, never one twice. It is below those that the system gives to clients: a server cannot
# have the port of a client's connection, not even for a minute after that has ended. SOFTEUICC_PORTS=FIRST-LAST is a range of one's own,
# for tests that run side by side.
free_port() {
    local first=10000 last port
    read -r last _ </proc/sys/net/ipv4/ip_local_port_range
    if [ -n "${SOFTEUICC_PORTS:-}" ] && ((${SOFTEUICC_PORTS#*-} < last)); then
        first=${SOFTEUICC_PORTS%-*}
        last=${SOFTEUICC_PORTS#*-}
    fi
    ((last > first + 1000)) || last=32768
    while :; do
        port=$((first + RANDOM % (last - first)))
        is_listening "$port" || ! take_port "$port" || break
    done
    printf '%s' "$port"
}

# --- pcscd and vpcd -----------------------------------------------------------------------------------------------------

# Sets vpcd_port to a port that is free, with the next one free too.
choose_vpcd_port() {
    while :; do
        vpcd_port=$(free_port)
        ! is_listening $((vpcd_port + 1)) && take_port $((vpcd_port + 1)) && break
    done
}

vpcd_driver() {
    local path
    for path in /usr/lib/pcsc/drivers/serial/libifdvpcd.so /usr/lib/*/pcsc/drivers/serial/libifdvpcd.so \
        /usr/local/lib/pcsc/drivers/serial/libifdvpcd.so; do
        [ -e "$path" ] && printf '%s\n' "$path" && return 0
    done
    return 1
}

# pcscd's directory for its socket is compiled in, so it gets a /run of its own in a mount namespace; clients find the socket by
# PCSCLITE_CSOCK_NAME. Without leave to make a namespace, root may use the real one when no other pcscd is there.
choose_namespace() {
    mkdir -p "$work/run/pcscd"
    if unshare -m true 2>/dev/null; then
        namespace=(unshare -m)
    elif unshare -rm true 2>/dev/null; then
        namespace=(unshare -rm)
    elif [ "$(id -u)" = 0 ] && ! [ -e /run/pcscd/pcscd.comm ]; then
        namespace=()
        mkdir -p /run/pcscd
        return
    else
        skip_all "another pcscd is running, and this machine gives no mount namespace for one of our own"
    fi
    export PCSCLITE_CSOCK_NAME=$work/run/pcscd/pcscd.comm
}

# start_pcscd: a pcscd with one vpcd of two slots on vpcd_port; again after stop_pcscd, on the same ports.
start_pcscd() {
    local driver run
    need pcscd unshare mount awk
    # shellcheck disable=SC2207 # words
    run=(pcscd --foreground --config "$work/reader.conf.d" --error $(pcscd_options))
    driver=$(vpcd_driver) || skip_all "the vpcd driver (Debian: vsmartcard-vpcd) is not installed"
    if [ -z "${vpcd_port:-}" ]; then
        choose_vpcd_port
        choose_namespace
        mkdir -p "$work/reader.conf.d"
        printf 'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x%04X\nLIBPATH %s\nCHANNELID 0x%04X\n' \
            "$vpcd_port" "$driver" "$vpcd_port" >"$work/reader.conf.d/vpcd"
    fi
    if [ ${#namespace[@]} -gt 0 ]; then
        # shellcheck disable=SC2016 # the inner shell expands them
        "${namespace[@]}" sh -c 'mount --bind "$1" /run && shift && exec "$@"' sh "$work/run" "${run[@]}" >>"$work/pcscd.log" 2>&1 &
    else
        "${run[@]}" >>"$work/pcscd.log" 2>&1 &
    fi
    pcscd_pid=$!
    processes+=("$pcscd_pid")
    wait_until 10 is_listening "$vpcd_port" || {
        not_ok "pcscd with vpcd starts" "$work/pcscd.log"
        exit 1
    }
}

stop_pcscd() {
    end_process "$pcscd_pid" "${1:-TERM}"
    # A killed pcscd leaves its socket and pid file, and the next one would not start.
    rm -f "$work/run/pcscd/"*
}

reader_name() {
    printf 'Virtual PCD 00 %02d' "${1:-0}"
}

# has_card [SLOT]: true when PC/SC sees a card in the slot.
has_card() {
    opensc-tool --list-readers 2>/dev/null | grep -Eq "Yes .*$(reader_name "${1:-0}")\$"
}

has_no_card() {
    opensc-tool --list-readers 2>/dev/null | grep -Eq "No .*$(reader_name "${1:-0}")\$"
}

# transceive [-p T=1] [-s SLOT] APDU…: resets the card, sends the commands in one connection and prints a response a line, as
# upper-case hexadecimal without blanks. The word "reset" among them resets again and prints nothing.
transceive() {
    local protocol=T=0 slot=0 OPTIND=1 option apdu
    while getopts p:s: option; do
        case $option in
        p) protocol=$OPTARG ;;
        s) slot=$OPTARG ;;
        *) return 1 ;;
        esac
    done
    shift $((OPTIND - 1))
    # scriptor wants blanks between octets, and wraps long responses.
    for apdu in reset "$@"; do
        if [ "$apdu" = reset ]; then echo reset; else sed 's/ //g; s/../& /g' <<<"$apdu"; fi
    done | scriptor -r "$(reader_name "$slot")" -p "$protocol" 2>>"$work/scriptor.log" | awk '
        /^> / { inside = 0; next }
        /^</ { inside = 1; line = "" }
        inside {
            text = $0; sub(/^< */, "", text); last = sub(/ *: .*/, "", text); gsub(/ /, "", text); line = line text
            if (last) { if (line != "" && line !~ /OK/) print line; inside = 0 }
        }'
}

# --- cards --------------------------------------------------------------------------------------------------------------

# make_card NAME [option of softeuicc create…]: $work/NAME.db, under a PKI that is made once.
make_card() {
    local name=$1
    shift
    [ -d "$work/pki" ] || "$softeuicc" pki init --dir "$work/pki" >"$work/pki.log" 2>&1 || {
        not_ok "softeuicc pki init" "$work/pki.log"
        exit 1
    }
    "$softeuicc" create --card "$work/$name.db" --pki "$work/pki" "$@" >"$work/create.log" 2>&1 || {
        not_ok "softeuicc create" "$work/create.log"
        exit 1
    }
}

# start_cards [option of softeuicc run…]: runs the daemon against our vpcd and waits until slot 0 has a card. Its output is
# $work/run.log, its process $run_pid.
start_cards() {
    fresh "$work/run.log"
    "$softeuicc" run --vpcd "localhost:$vpcd_port" "$@" >"$work/run.log" 2>&1 &
    run_pid=$!
    processes+=("$run_pid")
    wait_until 10 has_card 0 || {
        not_ok "a card is in the reader" "$work/run.log" "$work/pcscd.log"
        exit 1
    }
}

# fresh FILE…: nothing of an earlier program is in it. A program in the background may be slower to empty its log than the script is to
# look for a line there.
fresh() {
    local file
    for file; do : >"$file"; done
}

# stop_cards [SIGNAL]: and waits until PC/SC has seen that the reader is empty; it looks a few times a second, and would take a
# card that is back earlier for the old one.
stop_cards() {
    end_process "$run_pid" "${1:-TERM}"
    wait_until 10 has_no_card 0 || not_ok "the reader is empty without the card" "$work/pcscd.log"
}
