#!/usr/bin/env bash
# Whether run.sh finds what is wrong with a page: it is fed broken ones, and one that is right. Output and status as run.sh's.
# shellcheck disable=SC2016,SC2317 # what is in single quotes is for the pages; wait_until calls functions
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/../../tools/setup/wait.sh"
pages=$(mktemp -d "${TMPDIR:-/tmp}/softeuicc-docs.XXXXXX")
trap 'rm -rf "$pages"' EXIT
trap 'exit 143' TERM
failed=0

# page: writes the page on standard input, in which ''' stands for a fence.
page() {
    sed "s/^'''/\`\`\`/" >"$pages/page.md"
}

# expect NAME STATUS LINE…: run.sh ends so, having printed exactly these lines of the page.
expect() {
    local name=$1 wanted=$2 expected=/dev/null status=0
    shift 2
    expected=$(printf '%s\n' "$@")
    # Any program will do: these pages do not use it.
    printed=$(SOFTEUICC=${SOFTEUICC:-$(type -P true)} SOFTEUICC_DOCS_SECONDS=3 bash "$here/run.sh" "$pages/page.md" 2>"$pages/errors") || status=$?
    if [ "$status" = 77 ]; then
        printf '%s\n' "$printed"
        exit 77
    elif [ "$status" = "$wanted" ] && [ "$printed" = "$expected" ]; then
        printf 'ok - %s\n' "$name"
    else
        printf 'not ok - %s\n' "$name"
        printf 'status %s; printed:\n%s\nexpected:\n%s\n' "$status" "$printed" "$expected" | sed 's/^/    /' >&2
        failed=1
    fi
}

page <<'TXT'
Text.
'''sh
cd /
word=$(printf '%s' kept) &&
    export word
'''
'''json
{"no": "command"}
'''
'''sh
# The shell is the same.
[ "$PWD $word" = "/ kept" ]
'''
TXT
expect "a page that is right" 0 'ok - page.md:2: cd /' 'ok - page.md:10: [ "$PWD $word" = "/ kept" ]'

page <<'TXT'
'''sh
true
false
true
'''
'''sh
true
'''
TXT
expect "a line that fails, and no block after it" 1 'not ok - page.md:1: true' 'skip - page.md:6: the page ended at line 1'

page <<'TXT'
'''sh
false && true
true
'''
TXT
expect "a list that fails in its first command" 1 'not ok - page.md:1: false && true'

page <<'TXT'
'''sh
false | true
'''
TXT
expect "a pipeline that fails in its first command" 1 'not ok - page.md:1: false | true'

page <<'TXT'
'''sh
echo "$NOBODY_SETS_THIS"
'''
TXT
expect "a variable that nobody has set" 1 'not ok - page.md:1: echo "$NOBODY_SETS_THIS"'

page <<'TXT'
'''sh
if true
'''
TXT
expect "a command without an end" 1 'not ok - page.md:1: if true'

page <<'TXT'
'''
softeuicc --help
'''
TXT
expect "a fence without an info string" 1 'not ok - page.md:1: a fence without an info string'

page <<'TXT'
'''shell
softeuicc --help
'''
TXT
expect "a fence of an unknown kind" 1 'not ok - page.md:1: a fence that is neither run nor known: shell'

page <<'TXT'
'''sh
true
TXT
expect "a fence that is never closed" 1 'not ok - page.md:1: a fence that is never closed'

page <<'TXT'
'''sh
sleep 1000
'''
TXT
expect "a block that hangs" 1 'not ok - page.md:1: sleep 1000 (no end after 3 seconds)'

page <<'TXT'
'''sh
false &
'''
TXT
expect "a command that fails in the background" 1 'not ok - page.md:1: false &'

page <<'TXT'
'''sh
sleep 1000 &
# The next one would find it half started.
true
'''
TXT
expect "a command that does not wait for the server before it" 1 \
    'not ok - page.md:4: a command after one that has just been started in the background' 'ok - page.md:1: sleep 1000 &'

page <<'TXT'
'''sh
sleep 1000 &
'''
'''sh
kill %1
'''
TXT
expect "one that the page ends" 0 'ok - page.md:1: sleep 1000 &' 'ok - page.md:4: kill %1'

page <<'TXT'
<!-- not run: it takes a year -->
'''sh
false
'''
<!-- needs: no-such-program -->
'''sh
false
'''
<!-- needs: ../no/such/directory -->
'''sh
false
'''
TXT
expect "blocks that are not run" 0 'skip - page.md:2: it takes a year' 'skip - page.md:6: there is no no-such-program' \
    'skip - page.md:10: there is no ../no/such/directory'

page <<'TXT'
<!-- not run: nothing is here -->
Text.
'''sh
true
'''
TXT
expect "a reason without its block" 1 'not ok - page.md:1: a comment for the test without a block below it' 'ok - page.md:3: true'

# A marker that no other process has.
marker=$((100000 + $$))
is_running() {
    grep -lsaz "^$marker\$" /proc/[0-9]*/cmdline
}
is_over() {
    [ -z "$(is_running)" ] && [ -z "$(ls "$pages/tmp")" ]
}
page <<TXT
'''sh
sleep $marker & setsid sleep $marker & sleep $marker
'''
TXT
mkdir "$pages/tmp"
TMPDIR=$pages/tmp SOFTEUICC=${SOFTEUICC:-$(type -P true)} bash "$here/run.sh" "$pages/page.md" >"$pages/output" 2>&1 &
run=$!
wait_until 20 is_running
began=$?
kill -TERM "$run"
status=0
wait "$run" || status=$?
if [ "$began $status" = "0 143" ] && wait_until 5 is_over && [ ! -s "$pages/output" ]; then
    printf 'ok - a signal ends it, with every process and file of its own\n'
else
    printf 'not ok - a signal ends it, with every process and file of its own\n'
    failed=1
fi

exit "$failed"
