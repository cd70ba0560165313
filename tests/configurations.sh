#!/usr/bin/env bash
# What configure can leave out (--without-…), each alone and all together: it builds without a warning, the program knows what it has
# and what it lacks, nothing of what was left out is included or linked, and the test programs link.
#
#     tests/configurations.sh [DIRECTORY [OPTION...]]
#
# builds in DIRECTORY (default: one that is removed at the end), without each OPTION only (libcurl, …) when there are any. Prints "ok - …", "not ok - …" and "skip - …" lines; its status is 0,
# 1, or 77 when it could not run at all. Not for the figures: -O0, so that it is done in minutes.
#
# One build directory serves all configurations; forget() removes what one of them must not take over from the last.
set -u

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
failures=0
child=

if [ $# -gt 0 ]; then
    mkdir -p "$1" && work=$(cd "$1" && pwd) || exit 1
    shift
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/softeuicc-configurations.XXXXXX") || exit 1
    trap 'rm -rf "$work"' EXIT
fi
trap '[ -z "$child" ] || { kill "$child"; wait "$child"; } 2>/dev/null; exit 1' INT TERM
log=$work/log

# --- results ------------------------------------------------------------------------------------------------------------

ok() {
    printf 'ok - %s\n' "$1"
}

# With the lines of the log that say why, or else its last ones.
not_ok() {
    failures=$((failures + 1))
    printf 'not ok - %s\n' "$1"
    { grep -E 'error:|warning:|undefined reference|\*\*\*' "$log" || cat "$log"; } | tail -n 12 | sed 's/^/    /' >&2
}

skip_all() {
    printf 'skip - %s\n' "$1"
    exit 77
}

# check NAME COMMAND…: ok when the command is true.
check() {
    local name=$1
    shift
    "$@" >"$log" 2>&1 &
    child=$!
    if wait "$child"; then child=; ok "$name"; else child=; not_ok "$name"; return 1; fi
}

# Why a check fails, for the log.
wrong() {
    printf 'error: %s\n' "$*"
    return 1
}

# --- what there is to leave out -----------------------------------------------------------------------------------------

# Fills options (in order) and modules (option → what pkg-config calls the libraries it is about; none for a subcommand).
read_options() {
    local option words
    while read -r option words; do
        options+=("$option")
        modules[$option]=$(sed -n 's/^leave out what needs //p' <<<"$words" | sed -E 's/ *[<>=]+ *[^ ]+//g')
    done < <("$source/configure" --help | awk '
        /^  --/ { if (line != "") print line; line = "" }
        /^  --without-[a-z]/ { line = $0; sub(/^ *--without-/, "", line) }
        /^          / && line != "" { line = line " " $0 }
        /^[^ ]|^$/ { if (line != "") print line; line = "" }')
    [ ${#options[@]} -gt 0 ]
}

# The libraries of some options, a name a line: event_openssl, curl, …
libraries() {
    local option
    for option in "$@"; do
        # shellcheck disable=SC2086 # a list
        [ -z "${modules[$option]}" ] || pkg-config --libs-only-l ${modules[$option]} | tr ' ' '\n' | sed -n 's/^-l//p'
    done | sort -u
}

# The headers of an option's library, as an extended regular expression: curl/…, event2/…, jansson.h, PCSC/pcsclite.h, …
headers() {
    printf '/include/([^ /]*/)?%s[0-9]*(_[a-z]*)?(/[^ ]*)?\\.h' "${1#lib}"
}

# The objects there are that read a header.
reads() {
    local object
    grep -rlE --include='*.P*o' -e "$1" . | sed -E 's|/\.deps/(.*)\.P(l?o)$|/\1.\2|' | while read -r object; do
        [ ! -e "$object" ] || printf '%s\n' "$object"
    done
}

# --- one configuration --------------------------------------------------------------------------------------------------

# The objects there are for which the new config.h says something else than the last one did: they read a file that has the name of a
# macro that has changed. All others would become the same again, and so would every program that is linked with them.
configured_anew() {
    local macros object makefile
    touch "$work/config.h"
    macros=$(diff "$work/config.h" config.h | sed -nE 's/^[<>] .*# ?(define|undef) ([A-Z0-9_]+).*/\2/p' | sort -u | paste -sd'|')
    cp config.h "$work/config.h"
    [ -n "$macros" ] || return 0
    while read -r object; do
        makefile=$(dirname "$object")/.deps/$(basename "$object" | sed -E 's/\.(l?)o$/.P\1o/')
        tr -s ' \\:' '\n' <"$makefile" | grep -E '\.[ch]$' | grep -v '^/usr/' | grep -vxE '(\./)?config\.h' | sort -u |
            xargs -r grep -lqwE "$macros" 2>/dev/null && printf '%s\n' "$object"
    done < <(reads '(^| )config\.h')
}

# Removes what make would take for good though it is the last configuration's: what is made from a list of objects, libraries or flags
# that has changed, and objects for which config.h has changed, or that read a header of what is left out now. config.h is then made to
# look old: as new as it is, make would take every object that reads it for too old.
forget() {
    local variable product option
    # shellcheck disable=SC2016 # make expands it
    make -s --eval 'lists: ; @: $(foreach v,$(filter %_OBJECTS %_LIBADD %_LDADD %_CFLAGS,$(.VARIABLES)),$(info $v = $($v)))' lists |
        sort >"$work/lists.new" || return 1
    touch "$work/lists"
    diff "$work/lists" "$work/lists.new" | sed -n 's/^[<>] \([^ ]*\) =.*/\1/p' | sort -u >"$work/changed"
    while read -r variable; do
        case $variable in
        *_CFLAGS) sed -n "s/^${variable%CFLAGS}OBJECTS = //p" "$work/lists" | xargs -r rm -f ;;
        esac
    done <"$work/changed"
    find . -name '*.la' -o -type f -perm -u+x ! -name '*.*' ! -name libtool | while read -r product; do
        product=${product#./}
        ! grep -qxE "${product//[^A-Za-z0-9]/_}_(OBJECTS|LIBADD|LDADD|CFLAGS)" "$work/changed" || rm -f "$product"
    done
    mv "$work/lists.new" "$work/lists"
    for option in "${left_out[@]}"; do
        [ -z "${modules[$option]}" ] || reads "$(headers "$option")" | xargs -r rm -f
    done
    configured_anew | xargs -r rm -f
    touch -d @0 config.h
    rm -f softeuicc
}

# Hundreds of programs are linked: gold, where there is one, needs a third of the time, and libtool in dash two thirds of that in bash.
configure_it() {
    ${dash:+env CONFIG_SHELL="$dash"} "$source/configure" --quiet --cache-file=cache --enable-werror CFLAGS=-O0 "LDFLAGS=${gold:+-fuse-ld=gold}" "${left_out[@]/#/--without-}" && forget
}

# Every subcommand that there is, the program has, or says in a line which of these options took it away.
knows_itself() {
    local version name option text status has='' lacks=''
    version=$("$source/configure" --version | sed -n '1s/.* configure //p')
    [ "$(./softeuicc --version)" = "softeuicc $version" ] || wrong "--version: $(./softeuicc --version)" || return
    ./softeuicc --help >help || wrong "--help ends with $?" || return
    while read -r name; do
        text=$(./softeuicc "$name" --help 2>&1)
        status=$?
        if grep -qE "^  $name +not in this build \(configured [^)]+\)$" help; then
            lacks+=" $name"
            [ $status -eq 1 ] && [[ $text =~ ^"softeuicc: this build has no '$name' (configured "(.*)")"$ ]] ||
                wrong "'$name' is not refused in one line: status $status, $text" || return
            for option in ${BASH_REMATCH[1]}; do
                [[ " ${left_out[*]/#/--without-} " = *" $option "* ]] || wrong "'$name' blames $option" || return
            done
        elif grep -qE "^  $name +[^ ]" help; then
            has+=" $name"
            [ $status -eq 0 ] && [[ $text = "Usage: softeuicc $name"* ]] || wrong "'$name --help' ends with $status: $text" || return
        else
            wrong "--help does not say '$name'" || return
        fi
    done < <(sed -n 's/^extern const struct command subcommand_\([a-z]*\);$/\1/p' "$root/tools/subcommands.h")
    ! ./softeuicc no-such-subcommand || wrong "a subcommand that there is not is taken" || return
    # A subcommand with an option of its own is what that leaves out (ipae is none, but a part of the card); those that need no library are always there.
    for option in "${left_out[@]}"; do
        [ -n "${modules[$option]}" ] || [ "$option" = ipae ] || [[ "$lacks " = *" $option "* ]] || wrong "'$option' is there" || return
    done
    [[ $has = *" create"*" pki"* ]] || wrong "create and pki are not both there" || return
    printf '%s\n' "$has" >has
    printf '%s\n' "$lacks" >lacks
}

makes_cards() {
    rm -rf pki card.db
    ./softeuicc pki init --dir pki && ./softeuicc pki show --dir pki && ./softeuicc create --card card.db --pki pki
}

# is_linked LIBRARY: by the loader, or by name when it is needed.
is_linked() {
    ldd ./softeuicc | grep -E "lib${1}[-0-9.]*\.so" || grep -aoE "lib${1}[-0-9.]*\.so" softeuicc
}

# Neither linked nor included. What is not left out leaves a note that it was found, lest these patterns look for what is never there.
has_nothing_left_out() {
    local option library
    # Some libraries are several options', such as libssl.
    for library in $(comm -23 <(libraries "${left_out[@]}") <(libraries "${kept[@]}")); do
        ! is_linked "$library" || wrong "lib$library is linked" || return
    done
    for option in "${left_out[@]}"; do
        [ -z "${modules[$option]}" ] || [ -z "$(reads "$(headers "$option")")" ] ||
            wrong "headers of $option are read by $(reads "$(headers "$option")" | tr '\n' ' ')" || return
    done
    for option in "${kept[@]}"; do
        for library in $(libraries "$option"); do
            ! is_linked "$library" >/dev/null || touch "$work/linked-$option"
        done
        [ -z "$(reads "$(headers "$option")")" ] || touch "$work/read-$option"
    done
}

link_tests() {
    make -s -j"$(nproc)" check TESTS=
}

# configuration OPTION…: builds without these.
configuration() {
    local left_out=("$@") kept=() option name="--without-$1"
    [ $# -eq 1 ] || name="without all of them"
    for option in "${options[@]}"; do
        [[ " $* " = *" $option "* ]] || kept+=("$option")
    done
    check "$name: configures" configure_it && check "$name: builds without a warning" make -s -j"$(nproc)" || return
    check "$name: the subcommands are right" knows_itself &&
        printf '    has%s; lacks%s\n' "$(cat has)" "$(cat lacks)" >&2
    check "$name: makes a PKI and a card" makes_cards
    check "$name: nothing of it is included or linked" has_nothing_left_out
    if pkg-config --exists check; then
        check "$name: the test programs link" link_tests
    else
        printf 'skip - %s: the test programs: check is not installed\n' "$name"
    fi
}

# Every pattern has matched where the library is there.
looked_right() {
    local option
    for option in "${options[@]}"; do
        [ -z "${modules[$option]}" ] || { [ -e "$work/linked-$option" ] && [ -e "$work/read-$option" ]; } ||
            wrong "$option was neither linked nor included where it is not left out" || return
    done
}

# --- all of them --------------------------------------------------------------------------------------------------------

source=$root
if [ ! -x "$root/configure" ] || [ "$root/configure.ac" -nt "$root/configure" ] || [ "$root/Makefile.am" -nt "$root/Makefile.in" ]; then
    command -v autoreconf >/dev/null || skip_all "there is no configure, and no autoconf to make it"
    # In a copy: the checkout is left as it is.
    source=$work/source
    mkdir -p "$source"
    tar -C "$root" --exclude='./build*' --exclude=./.git --exclude=./autom4te.cache -cf - . | tar -C "$source" -xf -
    check "autogen.sh makes configure" "$source/autogen.sh" || exit 1
fi

options=()
declare -A modules
read_options || {
    : >"$log"
    not_ok "configure --help lists what can be left out"
    exit 1
}
for option in "${options[@]}"; do
    # shellcheck disable=SC2086 # a list
    [ -z "${modules[$option]}" ] || pkg-config --exists ${modules[$option]} || skip_all "${modules[$option]}: not installed"
done

gold=$(command -v ld.gold)
dash=$(command -v dash)
rm -rf "$work/build" "$work"/{linked,read}-* "$work"/{lists,config.h}
mkdir -p "$work/build" && cd "$work/build" || exit 1
if [ $# -gt 0 ]; then
    for option in "$@"; do
        configuration "$option"
    done
else
    for option in "${options[@]}"; do
        configuration "$option"
    done
    configuration "${options[@]}"
    check "what was looked for is found where it is not left out" looked_right
fi
[ $failures -eq 0 ]
