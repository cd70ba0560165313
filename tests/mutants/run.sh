#!/usr/bin/env bash
# Would the tests notice? Applies each patch of tests/mutants/table to a copy of the tree, builds what the patch's tests need and runs them: they must
# fail. Touches nothing outside a directory of its own, which it removes whatever happens.
#
# run.sh [--check | --list] [NAME…]    some patches only; --check: only whether they apply, without building
#
# One line for each patch; status 1 when one survived, does not apply or does not build, 2 when the tests fail without any.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)
jobs=${MUTANT_JOBS:-2}

die() {
    printf 'mutants: %s\n' "$1" >&2
    exit 2
}

# --- the table -------------------------------------------------------------------------------------------------------------------------------
names=() files=() finds=() withs=() tests=()

read_table() {
    local line key value
    while IFS= read -r line; do
        key=${line%%:*}
        value=${line#"$key":}
        value=${value# }
        case $line in
        '' | '#'*) ;;
        'name:'*) names+=("$value") ;;
        'file:'*) files+=("$value") ;;
        'find:'*) finds+=("$value") ;;
        'with:'*) withs+=("$value") ;;
        'test:'*) tests+=("$value") ;;
        *) die "table: what is '$line'?" ;;
        esac
        if [ -z "$line" ] && [ "${#files[@]} ${#finds[@]} ${#withs[@]} ${#tests[@]}" != "${#names[@]} ${#names[@]} ${#names[@]} ${#names[@]}" ]; then
            die "table: something is missing in '${names[-1]}'"
        fi
    done <"$here/table"
    [ -z "$(printf '%s\n' "${names[@]}" | sort | uniq -d)" ] || die "table: a name stands there twice"
}

# patch FILE FIND WITH OUT: FIND stands exactly once in FILE, whatever blanks and line ends a formatter puts between its words.
patch() {
    FIND=$2 WITH=$3 perl -0777 -e '
        my ($text, $find) = (scalar <STDIN>, join "\\s+", map { quotemeta } split / +/, $ENV{FIND});
        my $count = () = $text =~ /$find/g;
        exit 1 if $count != 1;
        $text =~ s/$find/$ENV{WITH}/;
        print $text' <"$1" >"$4"
}

applies() {
    [ -f "$source/${files[$1]}" ] && patch "$source/${files[$1]}" "${finds[$1]}" "${withs[$1]}" /dev/null
}

# --- the copy --------------------------------------------------------------------------------------------------------------------------------
work=''
child=''

die_with_log() {
    tail -n 20 "$work/log" >&2
    die "$1"
}

clean() {
    if [ -n "$child" ]; then
        kill -- "-$child" 2>/dev/null
        wait "$child"
    fi
    [ -z "$work" ] || rm -rf "$work"
}

# in_group COMMAND…: in a process group of its own, so that an interruption ends all of it.
in_group() {
    local status
    set -m
    "$@" </dev/null >"$work/log" 2>&1 &
    child=$!
    set +m
    wait "$child"
    status=$?
    child=''
    return $status
}

copy_tree() {
    mkdir "$work/tree" "$work/tree/build"
    (cd "$source" && git ls-files -co --exclude-standard -z | tar -c --null --ignore-failed-read -T - 2>/dev/null) |
        tar -x -C "$work/tree"
    [ -f "$work/tree/configure.ac" ] || die 'cannot copy the tree'
}

configure() {
    cd "$work/tree" && ./autogen.sh && cd build && ../configure -q --disable-shared CFLAGS=-O1
}

# build TEST…: the programs that these tests are or drive.
build() {
    local test targets=()
    for test in "$@"; do
        case $test in
        *.sh) targets+=(softeuicc) ;;
        *) targets+=("$test") ;;
        esac
    done
    make -C "$work/tree/build" -s -j "$jobs" "${targets[@]}"
}

declare -A limits # seconds for a test; one that does not end has noticed something

# run_test TEST: in place of the shell, so that timeout leads the group that in_group ends.
run_test() {
    local limit=${limits[$1]:-600}
    cd "$work/tree/build" || return
    case $1 in
    *.sh) SOFTEUICC=$work/tree/build/softeuicc exec timeout -k 10 "$limit" bash "$work/tree/$1" ;;
    *) exec timeout -k 10 "$limit" "./$1" ;;
    esac
}

# The tests must pass as things are; how long they take then is the measure of how long they may.
try_tests() {
    local test begun
    in_group build "$@" || die_with_log 'the tree does not build'
    for test in "$@"; do
        begun=$SECONDS
        in_group run_test "$test" || die_with_log "$test fails without any patch"
        limits[$test]=$((30 + 5 * (SECONDS - begun)))
    done
}

# --- one patch -------------------------------------------------------------------------------------------------------------------------------
killed=0 survived=0 broken=0

say() {
    printf '%3d/%d %-44s %s\n' "$2" "${#chosen[@]}" "${names[$1]}" "$3"
}

# try ROW NUMBER: says what became of it.
try() {
    local file=$work/tree/${files[$1]} test status words
    read -ra words <<<"${tests[$1]}"
    cp "$file" "$work/original"
    patch "$work/original" "${finds[$1]}" "${withs[$1]}" "$file"
    if ! in_group build "${words[@]}"; then
        broken=$((broken + 1))
        say "$1" "$2" "DOES NOT BUILD: $(grep -m 1 'error' "$work/log")"
    else
        status=0
        for test in "${words[@]}"; do
            in_group run_test "$test"
            status=$?
            [ $status -eq 0 ] || break
        done
        if [ $status -eq 0 ]; then
            survived=$((survived + 1))
            say "$1" "$2" "SURVIVED ${tests[$1]}"
        else
            killed=$((killed + 1))
            [ $status -ne 124 ] && [ $status -ne 137 ] && status=''
            say "$1" "$2" "killed by $test${status:+ (which did not end)}"
        fi
    fi
    cp "$work/original" "$file"
}

# --- which, and all of it --------------------------------------------------------------------------------------------------------------------
mode=run
wanted=()
for argument in "$@"; do
    case $argument in
    --check | --list) mode=${argument#--} ;;
    -*) die "unknown option $argument" ;;
    *) wanted+=("$argument") ;;
    esac
done
read_table

chosen=()
for i in "${!names[@]}"; do
    [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" ${names[$i]} "* ]] && continue
    chosen+=("$i")
done
if [ ${#chosen[@]} -eq 0 ] || { [ ${#wanted[@]} -gt 0 ] && [ ${#wanted[@]} -ne ${#chosen[@]} ]; }; then
    die 'no such patch'
fi

if [ "$mode" = list ]; then
    for i in "${chosen[@]}"; do
        printf '%-44s %-36s %s\n' "${names[$i]}" "${files[$i]}" "${tests[$i]}"
    done
    exit 0
fi

applying=()
absent=0
for i in "${chosen[@]}"; do
    if applies "$i"; then
        applying+=("$i")
    else
        absent=$((absent + 1))
        printf 'DOES NOT APPLY %s: %s: %s\n' "${names[$i]}" "${files[$i]}" "${finds[$i]}"
    fi
done
for i in "${applying[@]}"; do
    # shellcheck disable=SC2086
    for test in ${tests[$i]}; do
        [ -f "$source/$test" ] || [ -f "$source/$test.c" ] || die "${names[$i]}: there is no $test"
    done
done
if [ "$mode" = check ]; then
    printf '%d apply, %d do not\n' "${#applying[@]}" "$absent"
    [ "$absent" -eq 0 ]
    exit
fi

trap clean EXIT
trap 'exit 130' INT TERM HUP
work=$(mktemp -d "${TMPDIR:-/tmp}/mutants.XXXXXX") || die 'no directory to work in'
begun=$SECONDS
copy_tree
in_group configure || die_with_log 'the tree cannot be configured'
mapfile -t all_tests < <(for i in "${applying[@]}"; do tr ' ' '\n' <<<"${tests[$i]}"; done | sort -u)
printf 'building %d tests in %s\n' "${#all_tests[@]}" "$work"
try_tests "${all_tests[@]}"
printf 'they pass; trying %d patches after %d s\n' "${#applying[@]}" $((SECONDS - begun))
number=0
for i in "${applying[@]}"; do
    number=$((number + 1))
    try "$i" $number
done
printf '%d patches: %d killed, %d survived, %d do not build, %d do not apply; %d s\n' \
    "${#chosen[@]}" $killed $survived $broken $absent $((SECONDS - begun))
[ $((survived + broken + absent)) -eq 0 ]
