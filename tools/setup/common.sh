# What tools/quickstart and tools/runtests share: packages, the unprivileged build, processes that end with us. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Everything the build, the card's reader and the tools need, as Debian 12 names it.
build_packages=(autoconf automake libtool make gcc pkg-config libssl-dev libsqlite3-dev libevent-dev
    libcurl4-openssl-dev libjansson-dev libpcsclite-dev libqrencode-dev)
run_packages=(pcscd vsmartcard-vpcd)
# What only the tests need.
test_packages=(check libsubunit-dev clang llvm libclang-rt-14-dev pcsc-tools opensc jq curl sqlite3 procps openssl)

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

say() {
    printf '\n== %s\n' "$*"
}

# Installs those of the named packages that are not there yet.
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get: ${missing[*]}"
    [ "$(id -u)" = 0 ] || die "these packages must be installed first, run with sudo: ${missing[*]}"
    say "Installing ${#missing[@]} packages: ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
        >"$log" 2>&1 </dev/null; then
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

# build_tree DIR [configure arguments]: configures once and builds what changed. Environment such as CC is passed on.
build_tree() {
    local dir=$1 log stamp
    shift
    as_user mkdir -p "$dir"
    log=$dir/build.log
    stamp="$* CC=${CC:-}"
    if [ ! -x "$root/configure" ] || [ "$root/configure.ac" -nt "$root/configure" ]; then
        as_user "$root/autogen.sh" >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "autogen.sh failed, see $log"; }
    fi
    if [ ! -f "$dir/Makefile" ] || [ "$(cat "$dir/configured-with" 2>/dev/null)" != "$stamp" ]; then
        (cd "$dir" && as_user "$root/configure" --quiet "$@") >"$log" 2>&1 ||
            { tail -n 20 "$log" >&2; die "configure failed, see $log"; }
        printf '%s' "$stamp" | as_user tee "$dir/configured-with" >/dev/null
    fi
    as_user make -C "$dir" -j"$(nproc)" >"$log" 2>&1 || { grep -E 'error|Error' "$log" | head -n 20 >&2; die "the build failed, see $log"; }
}

# alive PIDFILE: true while the process it names runs.
alive() {
    [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null
}

# stop_process PIDFILE: ends it, patiently, then not.
stop_process() {
    local pid i
    [ -s "$1" ] || return 0
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || { rm -f "$1"; return 0; }
    for ((i = 0; i < 50; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null
    rm -f "$1"
}

# wait_until SECONDS COMMAND…: true as soon as the command is.
wait_until() {
    local tenths=$(($1 * 10)) i
    shift
    for ((i = 0; i < tenths; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}
