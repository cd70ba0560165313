#!/usr/bin/env bash
# README.md and docs/*.md as a new user takes them: every ```sh block, top to bottom, on one machine where README's set-up has run.
# The machine is a room of its own (namespaces), so that ports and pcscd are nobody else's.
#
#   tests/docs/run.sh [-v]                     all pages
#   tests/docs/run.sh [-v] README.md PAGE…     these; without README.md there is no reader, and no set-up has run
#
# -v shows on standard error what the blocks print.
# SOFTEUICC is the program under test (default build/softeuicc) on all pages but README, which builds its own in a copy of the checkout.
# Prints "ok - PAGE:LINE: COMMAND", "not ok - …" and "skip - …"; the status is 0, 1, or 77 when it could not run at all.
#
# In the pages: a block that cannot be run here has a line <!-- not run: REASON --> above it; <!-- needs: PROGRAM --> skips it where the
# program is not installed, and <!-- needs: ../DIR --> where the checkout has no such directory beside it, else puts its files there.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
seconds=${SOFTEUICC_DOCS_SECONDS:-120} # a block may take
build_seconds=600                      # one that builds
verbose=${SOFTEUICC_DOCS_VERBOSE:-}
in_checkout=' README.md docs/testing.md ' # pages that begin in the checkout; the others in an empty directory

skip_all() {
    printf 'skip - %s\n' "$1"
    exit 77
}

# --- the room, and its end ----------------------------------------------------------------------------------------------

room_flags=(--mount --net --pid --fork --kill-child --mount-proc)

# lo is all of the network; /run is empty, so that pcscd's place is free. (iproute2 is not on every machine; Perl is, on Debian.)
furnish() {
    mount -t tmpfs tmpfs /run || return 1
    ip link set lo up 2>/dev/null ||
        perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0) && ioctl(S, 0x8914, my $up = pack("a16 s x22", "lo", 0x41)) or exit 1'
}

choose_room() {
    for room in unshare "unshare --map-root-user"; do
        # shellcheck disable=SC2128,SC2206 # words
        room=($room "${room_flags[@]}")
        "${room[@]}" bash "$here/run.sh" --furnish 2>/dev/null && return
    done
    # No namespaces, as in many containers: the machine itself will do when nobody else is on it.
    [ "$(id -u)" = 0 ] || skip_all "this machine gives no namespaces to a user who is not root"
    [ ! -e /run/pcscd/pcscd.comm ] || skip_all "another pcscd is running, and this machine gives no namespace for one of our own"
    room=()
}

# end_processes FUNCTION [WORD]: ends those that the function finds, patiently, then not.
end_processes() {
    local signal i
    for signal in TERM KILL; do
        for ((i = 0; i < 50; i++)); do
            "$@"
            [ ${#members[@]} -gt 0 ] || return 0
            [ "$i" -gt 0 ] || kill "-$signal" "${members[@]}" 2>/dev/null
            sleep 0.1
        done
    done
}

# A page's shell and what it has started, but for what quickstart leaves behind.
in_session() {
    local file stat fields
    members=()
    for file in /proc/[0-9]*/stat; do
        { read -r stat <"$file"; } 2>/dev/null || continue
        read -r -a fields <<<"${stat##*) }" # PID (NAME) STATE PPID PGRP SESSION: the name may have blanks
        [ "${fields[3]}" = "$1" ] && [ "${fields[0]}" != Z ] && members+=("${stat%% *}")
    done
}

# All that any page has started. (HOME tells: it is the pages' own.)
of_pages() {
    mapfile -t members < <(grep -lsaz "^HOME=$work/home\$" /proc/[0-9]*/environ | tr -dc '0-9\n')
}

leave() {
    local first
    if [ -n "${inside:-}" ]; then
        # With the room's first process all the others end, and unshare after them.
        read -r first _ <"/proc/$inside/task/$inside/children" || first=$inside
        kill -KILL "$first"
        wait "$inside"
    fi 2>/dev/null
    [ ${#room[@]} -gt 0 ] || end_processes of_pages
    rm -rf "$work"
}

# --- what the pages find ------------------------------------------------------------------------------------------------

# The checkout as somebody would clone it, with what is not committed yet. (Without git, .gitignore tells what builds leave.)
copy_checkout() {
    mkdir -p "$copy"
    if git -c safe.directory='*' -C "$root" ls-files -z --cached --others --exclude-standard >"$work/files" 2>/dev/null; then
        (cd "$root" && while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done <"$work/files" |
            tar -c --null --no-recursion -T - -f -) | tar -x --no-same-owner -C "$copy" -f -
    else
        { echo ./.git && sed 's|^/|./|; s|/$||' "$root/.gitignore"; } >"$work/files"
        tar -c -C "$root" -X "$work/files" -f - . | tar -x --no-same-owner -C "$copy" -f -
    fi
}

prepare() {
    mkdir "$work/bin" "$work/home" "$work/tmp" "$work/sudo"
    ln -s "$program" "$work/bin/softeuicc"
    # The user of the room is root already, and the real sudo needs more of a system than there is.
    # shellcheck disable=SC2016 # its shell expands them
    printf '#!/bin/sh\nPATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH exec "$@"\n' >"$work/sudo/sudo"
    chmod 755 "$work/sudo/sudo"
}

# --- a page -------------------------------------------------------------------------------------------------------------

ok() {
    printf 'ok - %s\n' "$1"
}

not_ok() {
    printf 'not ok - %s\n' "$1"
    failed=1
    [ ! -s "${2:-}" ] || tail -n 12 "$2" | sed 's/^/    /' >&2
}

start_page() {
    local path=$work/bin:$PATH directory=$work/pages/$name
    [ "$name" != README.md ] || path=$PATH
    if [[ $in_checkout == *" $name "* ]]; then
        directory=$copy
        [ -d "$copy" ] || copy_checkout || not_ok "$name: the checkout cannot be copied"
        # README builds its own.
        [ "$name" = README.md ] || [ -d "$copy/build" ] || { mkdir "$copy/build" && ln -s "$program" "$copy/build/softeuicc"; }
    fi
    mkdir -p "$directory"
    mkfifo "$blocks/to" "$blocks/from"
    (cd "$directory" && exec setsid env -i PATH="$work/sudo:$path" HOME="$work/home" TMPDIR="$work/tmp" LANG="${LANG:-C}" TERM=dumb \
        bash "$here/page.sh" 8<"$blocks/to" 9>"$blocks/from" </dev/null >/dev/null 2>&1) &
    page_pid=$!
    exec 6>"$blocks/to" 5<"$blocks/from"
}

end_page() {
    exec 6>&- 5<&-
    end_processes in_session "$page_pid"
    wait "$page_pid" 2>/dev/null
    page_pid=
}

# run_block FILE SECONDS: sets result to ok, failed, or late.
run_block() {
    result=ok
    printf '%s\n' "$1" >&6
    read -r -t "$2" -u 5 _ && return
    if [ $? -gt 128 ]; then result=late; else result=failed; fi
}

run_page() {
    local page=$1 line kind said label limit broken=
    name=${page#"$root"/}
    [ "$name" != "$page" ] || name=${page##*/}
    blocks=$work/blocks/$name
    mkdir -p "$blocks"
    awk -v dir="$blocks" -f "$here/blocks.awk" "$page" >"$blocks/index" || not_ok "$name: cannot be read"
    page_pid=
    while IFS=$'\t' read -r line kind said label <&4; do
        label="$name:$line: $label"
        limit=$seconds
        case $kind in
        bad)
            not_ok "$name:$line: $said"
            continue
            ;;
        skip)
            printf 'skip - %s:%s: %s\n' "$name" "$line" "$said"
            continue
            ;;
        need)
            if [[ $said == */* && -d $root/$said ]]; then
                printf '%s\n' "$root/$said" >"$blocks/$line.sh.files"
            elif [[ $said == */* ]] || ! command -v "$said" >/dev/null; then
                printf 'skip - %s:%s: there is no %s\n' "$name" "$line" "$said"
                continue
            fi
            ;;
        esac
        if [ -n "$broken" ]; then
            printf 'skip - %s:%s: the page ended at line %s\n' "$name" "$line" "$broken"
            continue
        fi
        ! grep -q tools/quickstart "$blocks/$line.sh" || limit=$build_seconds
        [ -n "$page_pid" ] || start_page
        run_block "$blocks/$line.sh" "$limit"
        case $result in
        ok) ok "$label" ;;
        failed) not_ok "$label" "$blocks/$line.sh.log" ;;
        late) not_ok "$label (no end after $limit seconds)" "$blocks/$line.sh.log" ;;
        esac
        [ "$result" = ok ] || broken=$line
        [ -z "$verbose" ] || sed 's/^/    /' "$blocks/$line.sh.log" >&2
    done 4<"$blocks/index"
    [ -z "$page_pid" ] || end_page
}

run_pages() {
    local page
    failed=0
    prepare
    copy=$work/softeuicc
    for page in "$@"; do
        run_page "$page"
    done
    return "$failed"
}

# --- the order of things ------------------------------------------------------------------------------------------------

case ${1:-} in
--furnish)
    furnish
    exit
    ;;
--inside)
    work=$2
    shift 2
    program=$SOFTEUICC
    furnish || exit 77
    run_pages "$@"
    exit
    ;;
esac

if [ "${1:-}" = -v ]; then
    export SOFTEUICC_DOCS_VERBOSE=1
    verbose=1
    shift
fi
program=${SOFTEUICC:-$root/build/softeuicc}
[ -x "$program" ] || skip_all "there is no $program: build first, or name a program in SOFTEUICC"
room=()
program=$(cd "$(dirname "$program")" && pwd)/${program##*/}
pages=()
for page in "$@"; do
    [ -r "$page" ] || skip_all "there is no page $page"
    pages+=("$(cd "$(dirname "$page")" && pwd)/${page##*/}")
done
[ $# -gt 0 ] || pages=("$root/README.md" "$root"/docs/*.md)

work=$(mktemp -d "${TMPDIR:-/tmp}/softeuicc-docs.XXXXXX") || skip_all "there is no place for files"
trap leave EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP
chmod 755 "$work"
choose_room
if [ ${#room[@]} -gt 0 ]; then
    SOFTEUICC=$program "${room[@]}" bash "$here/run.sh" --inside "$work" "${pages[@]}" &
    inside=$!
    wait "$inside"
    status=$?
    inside=
    exit "$status"
fi
run_pages "${pages[@]}"
