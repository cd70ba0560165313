#!/usr/bin/env bash
# What CONTRIBUTING.md asks of a change and no compiler sees: the floors, and the lists in which something new is easily forgotten.
# Reads the sources only. Prints "ok - …" and "not ok - …" lines; its status is 0 or 1.
set -u
shopt -s lastpipe # so that what "none" counts at the end of a pipe stays counted
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

failures=0
floors=(apdu crypto profiles protocol ipa euicc common vpcd-bridge device servers tools)
# Floors that have floors inside: their folders, lowest first; "." is what stands in the floor itself.
inner_floors=(
    "profiles saip . uicc remote"
    "euicc . os network profile terminal lifecycle rsp iot isdr ipae card"
    "servers/smdpp store model network"
    "servers/smds store model network"
    "servers/eim store model network"
)

# none NAME: ok when standard input is empty; otherwise its lines say what is wrong.
none() {
    local found
    found=$(cat)
    if [ -z "$found" ]; then
        printf 'ok - %s\n' "$1"
    else
        failures=$((failures + 1))
        printf 'not ok - %s\n' "$1"
        printf '%s\n' "$found" | head -n 12 | sed 's/^/    /' >&2
    fi
}

includes_from_above() {
    local i above
    for ((i = 0; i < ${#floors[@]}; i++)); do
        above=$(IFS='|' && echo "${floors[*]:i+1}")
        grep -rnE --include='*.[ch]' "^#include \"(${above:+$above|}tests)/" "${floors[i]}"
    done
}

# inner_includes_from_above FLOOR FOLDER…: what its folders, lowest first, include of those above them.
inner_includes_from_above() {
    local floor=$1 above folder
    shift
    while [ $# -gt 1 ]; do
        folder=$floor/$1
        above=$(printf '%s\n' "${@:2}" | sed 's,$,/[^/"]*,; s,^\./,,' | paste -sd '|')
        grep -HnE "^#include \"$floor/($above)\"" "${folder%/.}"/*.[ch]
        shift
    done
}

# unordered_folders FLOOR FOLDER…: folders that have no place in the order of their floor.
unordered_folders() {
    local floor=$1 folder
    shift
    for folder in "$floor"/*/; do
        case " $* " in
        *" $(basename "$folder") "*) ;;
        *) printf '%s: where in %s?\n' "${folder%/}" "$*" ;;
        esac
    done
}

inner_floors() {
    local line words
    for line in "${inner_floors[@]}"; do
        read -ra words <<<"$line"
        inner_includes_from_above "${words[@]}"
        unordered_folders "${words[@]}"
    done
}

tags_without_seed() {
    local name tag
    sed -n 's/^    {\(TAG_[A-Z0-9_]*\), *"ES10.*/\1/p' euicc/isdr/es10.c | sort -u | while read -r name; do
        tag=$(sed -n "s/^#define $name  *0xBF\(..\).*/\1/p" protocol/tags.h)
        [ -n "$tag" ] || echo "$name: not in protocol/tags.h"
        grep -qF "\\xBF\\x$tag" tests/fuzz/es10.dict || echo "$name (BF$tag)"
    done
    grep -c '^    {TAG_[A-Z0-9_]*, *"ES10' euicc/isdr/es10.c | grep -qE '^[0-9]{2}' || echo "no table in euicc/isdr/es10.c"
}

# A tag of the list has one number, and no file but the list gives it one.
tags_twice() {
    local name
    sed -n 's/^#define \(TAG_[A-Z0-9_]*\) .*/\1/p' protocol/tags.h | sort | uniq -d
    sed -n 's/^#define \(TAG_[A-Z0-9_]*\) .*/\1/p' protocol/tags.h | while read -r name; do
        grep -rlE --include='*.[ch]' "^#define $name\>" "${floors[@]}" | grep -vx protocol/tags.h
    done
    grep -rnE --include='*.[ch]' '^#define [A-Z0-9_]*TAG[A-Z0-9_]* +0x(BF[0-9A-F]{2}|5F37|5F49)\>' "${floors[@]}" | grep -v '^protocol/tags.h:'
}

# A function of one word says where it belongs when a debugger shows it, unless no other file has one of that name.
names_of_one_word() {
    find "${floors[@]}" -name '*.c' | sort |
        xargs grep -HoE '^static [A-Za-z_ *0-9]+[ *][a-z0-9]+\(' |
        sed -E 's/^([^:]*):.*[ *]([a-z0-9]+)\($/\2 \1/' | sort -u |
        awk '{ files[$1] = files[$1] " " $2; count[$1]++ } END { for (name in count) if (count[name] > 1) print name ":" files[name] }'
}

# A server knows no other, only what servers share (servers/rsp, servers/rules), which knows none; a server without its line above has no order.
servers_apart() {
    local server name others
    for server in servers/*/; do
        name=$(basename "$server")
        others=$name'|rsp|rules'
        case $name in rsp | rules) others=$name ;; esac
        grep -rnE --include='*.[ch]' '^#include "servers/' "$server" | grep -vE "\"servers/($others)/"
        [ "$others" != "$name" ] || continue
        printf '%s\n' "${inner_floors[@]}" | grep -q "^servers/$name " || echo "$server: in which order are its rooms?"
    done
}

unlisted_sources() {
    local file
    find "${floors[@]}" tests -name '*.[ch]' | sort | while read -r file; do
        grep -qE "(^|[[:space:]])${file//./\\.}([[:space:]]|\$)" Makefile.am || printf '%s\n' "$file"
    done
    for file in tests/*.sh; do
        grep -qF "$file" Makefile.am || printf '%s\n' "$file"
    done
}

# undescribed_subcommands: what tools/subcommands.h declares, and where it should stand as well.
undescribed_subcommands() {
    local name
    sed -n 's/^extern const struct command subcommand_\([a-z]*\);$/\1/p' tools/subcommands.h | while read -r name; do
        grep -q "^    &subcommand_$name,$" tools/main.c || echo "$name: not in the list of tools/main.c"
        [ -f "man/$name.mdoc" ] || echo "$name: no man/$name.mdoc"
        grep -q "man/softeuicc-$name\.1" Makefile.am || echo "$name: its page is not in Makefile.am"
        grep -q "softeuicc $name\>" README.md || echo "$name: not in README.md"
        grep -q "\`$name\`" CHANGELOG.md || grep -q "softeuicc $name\>" CHANGELOG.md || echo "$name: not in CHANGELOG.md"
        grep -qE "softeuicc\"? ([^ ]+=[^ ]+ )*$name\>" tests/e2e/*.sh || echo "$name: no test in tests/e2e calls it"
    done
}

# Those that in tools/main.c stand under #ifdef and those that configure knows are the same.
conditional_subcommands() {
    diff <(sed -n 's/^SOFTEUICC_SUBCOMMAND(\[\([a-z]*\)\].*/\1/p' configure.ac | sort) \
        <(sed -n '/^#ifdef WITH_/{n;s/^    &subcommand_\([a-z]*\),$/\1/p}' tools/main.c | sort) |
        sed -n 's/^< \(.*\)/\1: its place in tools\/main.c wants #ifdef WITH_…/p; s/^> \(.*\)/\1: no SOFTEUICC_SUBCOMMAND in configure.ac/p'
}

# services_of KIND: the services of saip_capability.c's table that are SAIP_KIND, as README writes them.
services_of() {
    tr '\n' ' ' <profiles/saip/saip_capability.c | grep -oE '\{"[A-Za-z0-9-]+", [^}]*\}' | grep "SAIP_$1\>" |
        sed -E 's/^\{"([^"]*)".*/`\1`/' | paste -sd ',' | sed 's/,/, /g'
}

services_of_readme() {
    grep -qxF "| works | services that a profile package may need, and that the card announces: $(services_of OFFERED) |" README.md ||
        echo "announced: $(services_of OFFERED)"
    grep -qxF "| stored | services that a profile package may need although nothing runs them, and that the card does not announce: $(services_of STORED) |" README.md ||
        echo "stored: $(services_of STORED)"
}

# What people read goes through common/print/print.h, common/print/table.h, common/tool.h or common/log.h, which filter what comes from outside.
printing_past_the_filters() {
    grep -rnE --include='*.[ch]' \
        -e '(^|[^[:alnum:]_])(v?printf|puts|putchar|perror|v?warnx?|v?errx?)\(' \
        -e '(^|[^[:alnum:]_])(v?fprintf|v?dprintf|fputs|fputc|putc|fwrite|write)\(.*(stdout|stderr|STD(OUT|ERR)_FILENO)' \
        "${floors[@]}" | grep -vE '^common/'
}

# A test program that is in no list compiles, and is never run.
tests_that_never_run() {
    local built file
    built=" $(sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' Makefile.am | grep -oE '^check_PROGRAMS \+?=.*' | tr -s '\t ' '  ' | tr '\n' ' ') "
    find tests -name 'test_*.c' | sort | while read -r file; do
        [[ $built == *" ${file%.c} "* ]] || echo "$file is no program of check_PROGRAMS"
    done
}

includes_from_above | none "a file includes its own floor and those to its left"
inner_floors | none "a file includes its own folder and those below it, inside a floor"
servers_apart | none "no server knows another"
unlisted_sources | none "every source is in Makefile.am"
tests_that_never_run | none "every test program is run"
undescribed_subcommands | none "every subcommand is in the table, the manual, the README, the changelog and a test"
conditional_subcommands | none "every subcommand that can be left out says what it needs"
printing_past_the_filters | none "what people read is printed by common/"
names_of_one_word | none "no two files have a function of the same single word"
tags_twice | none "a tag stands in protocol/tags.h alone"
services_of_readme | none "README's services are those of the card's table"
tags_without_seed | none "every ES10 function is in the fuzz targets' dictionary"
[ $failures -eq 0 ]
