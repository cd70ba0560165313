# What tools/quickstart and tools/runtests share: packages, the unprivileged build, processes that end with us. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tools/setup/wait.sh"
. "$root/tools/setup/pcscd.sh"

# Everything the build, the card's reader and the tools need, as Debian 12 and 13 name it.
build_packages=(autoconf automake libtool make gcc pkg-config libssl-dev libsqlite3-dev libevent-dev
    libcurl4-openssl-dev libcoap3-dev libhttp-parser-dev libjansson-dev libpcsclite-dev libqrencode-dev)
run_packages=(pcscd vsmartcard-vpcd)
# What only the tests need.
test_packages=(check libsubunit-dev clang llvm libclang-rt-dev pcsc-tools opensc jq curl libcoap3-bin sqlite3 procps openssl perl socat
    eapoltest hostapd)

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

say() {
    printf '\n== %s\n' "$*"
}

# progress PATTERN TOTAL NOUN: copies standard input to standard output, and counts the lines that match the shell pattern on standard
# error: in one line on a terminal, elsewhere a line for each tenth of the total.
progress() {
    local pattern=$1 total=$2 noun=$3 count=0 tenth=0 line
    while IFS= read -r line; do
        printf '%s\n' "$line"
        # shellcheck disable=SC2053 # it is a pattern
        [[ $line == $pattern ]] && [ "$total" -gt 0 ] || continue
        count=$((count + 1))
        if [ -t 2 ]; then
            printf '\r  %d of %d %s ' "$count" "$total" "$noun" >&2
        elif [ $((count * 10 / total)) -gt "$tenth" ]; then
            tenth=$((count * 10 / total))
            printf '  %d of %d %s\n' "$count" "$total" "$noun" >&2
        fi
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

# Installs those of the named packages that are not there yet.
install_packages() {
    local missing=() package log total
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get: ${missing[*]}"
    [ "$(id -u)" = 0 ] || die "these packages must be installed first (run as root, or with sudo): ${missing[*]}"
    say "Installing ${#missing[@]} packages and what they need: ${missing[*]}"
    log=$(mktemp)
    apt-get update -q >"$log" 2>&1 </dev/null
    total=$(LC_ALL=C apt-get install -s --no-install-recommends "${missing[@]}" 2>/dev/null | grep -c '^Inst ')
    LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" 2>&1 </dev/null |
        progress '@(Get:|Unpacking |Setting up )*' $((3 * total)) steps >>"$log"
    if [ "${PIPESTATUS[0]}" -ne 0 ]; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "apt-get could not install the packages (its last lines are above)"
    fi
    rm -f "$log"
}

# Runs a command as the person who called sudo, so that nothing in the checkout ends up owned by root.
as_user() {
    if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ] && command -v runuser >/dev/null; then
        runuser -u "$SUDO_USER" -- "$@"
    else
        "$@"
    fi
}

# fresh_log FILE: an empty file of that person's, so that a later run without sudo can write it too.
fresh_log() {
    as_user rm -f "$1"
    as_user tee "$1" >/dev/null </dev/null
}

# build_tree DIR [configure arguments]: configures once and builds what changed. Environment such as CC is passed on.
build_tree() {
    local dir=$1 log stamp total
    shift
    as_user mkdir -p "$dir"
    log=$dir/build.log
    stamp="$* CC=${CC:-}"
    fresh_log "$log"
    if [ ! -x "$root/configure" ] || [ "$root/configure.ac" -nt "$root/configure" ]; then
        as_user "$root/autogen.sh" >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "autogen.sh failed, see $log"; }
    fi
    if [ ! -f "$dir/Makefile" ] || [ "$(cat "$dir/configured-with" 2>/dev/null)" != "$stamp" ]; then
        (cd "$dir" && as_user "$root/configure" --quiet "$@") >"$log" 2>&1 ||
            { tail -n 20 "$log" >&2; die "configure failed, see $log"; }
        printf '%s' "$stamp" | as_user tee "$dir/configured-with" >/dev/null
    fi
    total=$(as_user make -C "$dir" -n V=1 2>/dev/null | grep -c -- ' -MT [^ ]*o -MD ')
    as_user make -C "$dir" -j"$(nproc)" V=0 2>&1 </dev/null | progress '* CC *' "$total" files >>"$log"
    [ "${PIPESTATUS[0]}" -eq 0 ] || { grep -E 'error|Error' "$log" | head -n 20 >&2; die "the build failed, see $log"; }
}

# alive PIDFILE: true while the process it names runs. After a reboot the number may be another program's: only ours count.
alive() {
    local pid stat
    [ -s "$1" ] && read -r pid <"$1" && { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
    # PID (NAME) STATE; a zombie, which nobody has taken leave of yet, does not run.
    case $stat in
    *") Z "*) return 1 ;;
    *"softeuicc) "* | *"(pcscd) "*) return 0 ;;
    esac
    return 1
}

# stop_process PIDFILE: ends it, patiently, then not.
stop_process() {
    local pid i
    if alive "$1"; then
        pid=$(cat "$1")
        kill "$pid" 2>/dev/null || die "process $pid is not yours to end: run as root, or with sudo"
        for ((i = 0; i < 50; i++)); do
            alive "$1" || break
            sleep 0.1
        done
        ! alive "$1" || kill -9 "$pid" 2>/dev/null
    fi
    rm -f "$1"
}
