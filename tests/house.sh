#!/usr/bin/env bash
# What CONTRIBUTING.md asks of a change and no compiler sees: the floors, and the lists in which something new is easily forgotten.
# Reads the sources only. Prints "ok - …" and "not ok - …" lines; its status is 0 or 1.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

failures=0
floors=(apdu crypto profiles protocol ipa euicc vpcd-bridge common device servers tools)

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

tags_without_seed() {
    local tag
    sed -n 's/^    {0xBF\(..\), "ES10.*/\1/p' euicc/isdr/es10.c | sort -u | while read -r tag; do
        grep -qF "\\xBF\\x$tag" tests/fuzz/es10.dict || echo "BF$tag"
    done
}

includes_from_above | none "a file includes its own floor and those to its left"
unlisted_sources | none "every source is in Makefile.am"
undescribed_subcommands | none "every subcommand is in the table, the manual, the README, the changelog and a test"
conditional_subcommands | none "every subcommand that can be left out says what it needs"
tags_without_seed | none "every ES10 function is in the fuzz targets' dictionary"
[ $failures -eq 0 ]
