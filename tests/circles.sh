#!/usr/bin/env bash
# No file needs another that needs it back, by however many steps, and no folder does: what of the house can be understood, tested and
# moved alone. Read from the symbols of a build's objects, as the linker sees them; a table of handlers needs its handlers.
# Prints "ok - …" and "not ok - …" lines, and what ties a circle to standard error; its status is 0 or 1.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1

usage() {
    cat <<TXT
Usage: tests/circles.sh BUILD_DIR [SOURCE_DIR]    look at the objects of what lies in SOURCE_DIR (default: this tree) outside tests/
       tests/circles.sh --self-check              whether circles are found where there are some
TXT
}

# objects BUILD_DIR SOURCE_DIR: "SOURCE OBJECT" lines, the newest object of each source: one that moved may have left its old ones behind.
# Automake writes PROGRAM- or LIBRARY- in front of the name, libtool puts its objects into .libs.
objects() {
    find "$1" -name '*.o' -printf '%T@ %P\n' | sort -rn | cut -d ' ' -f 2- |
        awk -v listing="cd '$2' && find . -name '*.c' -not -path './tests/*'" '
            BEGIN { while ((listing | getline name) > 0) sources[substr(name, 3)] }
            {
                path = $0
                sub(/\.o$/, ".c", path)
                sub(/\.libs\//, "", path)
                folder = path
                if (!sub(/[^\/]*$/, "", folder)) folder = ""
                name = substr(path, length(folder) + 1)
                while (!((folder name) in sources) && sub(/^[^-]*-/, "", name)) continue
                if ((folder name) in sources && !((folder name) in seen)) print folder name, $0
                seen[folder name]
            }'
}

# symbols BUILD_DIR: "SOURCE TYPE SYMBOL" lines of what objects has found.
symbols() {
    local listed
    listed=$(cat)
    [ -z "$listed" ] || (cd "$1" && printf '%s\n' "$listed" | cut -d ' ' -f 2 | xargs nm -g -P -A) |
        awk 'NR == FNR { source[$2 ":"] = $1; next } { print source[$1], $3, $2 }' <(printf '%s\n' "$listed") -
}

# circles: the circles in the lines of symbols (strongly connected parts of the graph, by Tarjan), first among files, then among folders.
circles() {
    awk '
        function visit(node,    i, n, list, next_node, part) {
            number[node] = low[node] = ++visited
            stack[++depth] = node
            on_stack[node] = 1
            n = split(successors[node], list, " ")
            for (i = 1; i <= n; i++) {
                next_node = list[i]
                if (!(next_node in number)) {
                    visit(next_node)
                    if (low[next_node] < low[node]) low[node] = low[next_node]
                } else if (on_stack[next_node] && number[next_node] < low[node]) {
                    low[node] = number[next_node]
                }
            }
            if (low[node] != number[node]) return
            part = ""
            do {
                next_node = stack[depth--]
                on_stack[next_node] = 0
                part = part " " next_node
            } while (next_node != node)
            if (part != " " node) tell(part)
        }
        # A circle is a line; what ties it follows, indented.
        function tell(part,    i, j, n, list) {
            n = split(part, list, " ")
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
                    part = list[j]; list[j] = list[j - 1]; list[j - 1] = part
                }
            part = list[1]
            for (i = 2; i <= n; i++) part = part " " list[i]
            printf "not ok - a circle of %d %s: %s\n", n, what, part
            fflush()
            for (i = 1; i <= n; i++)
                for (j = 1; j <= n; j++)
                    if ((list[i], list[j]) in ties)
                        printf "    %s needs of %s:%s\n", list[i], list[j], ties[list[i], list[j]] | "cat >&2"
            close("cat >&2")
            found++
        }
        function tie(from, to, symbol) {
            if (!((from, to) in ties)) successors[from] = successors[from] " " to
            ties[from, to] = ties[from, to] " " symbol
            nodes[from]
            nodes[to]
        }
        function look(name,    node) {
            what = name
            found = depth = visited = 0
            split("", number); split("", low); split("", on_stack)
            for (node in nodes) if (!(node in number)) visit(node)
            if (!found) printf "ok - no circle among %s\n", name
            bad += found
        }
        function folder_of(path) {
            return sub(/\/[^\/]*$/, "", path) ? path : "."
        }
        { files[$1] }
        $2 ~ /^[A-Zu]$/ && $2 != "U" && $3 != "main" { definers[$3] = definers[$3] " " $1 }
        $2 ~ /^[Uwv]$/ { needs[$1] = needs[$1] " " $3 }
        END {
            for (file in files) {
                n = split(needs[file], symbols, " ")
                for (i = 1; i <= n; i++) {
                    m = split(definers[symbols[i]], owners, " ")
                    for (j = 1; j <= m; j++) {
                        if (owners[j] == file) continue
                        tie(file, owners[j], symbols[i])
                        pairs[++count] = file " " owners[j] " " symbols[i]
                    }
                }
            }
            look("files")
            split("", ties); split("", successors); split("", nodes)
            for (i = 1; i <= count; i++) {
                split(pairs[i], pair, " ")
                from = folder_of(pair[1]); to = folder_of(pair[2])
                if (from != to) tie(from, to, pair[1] "(" pair[3] ")")
            }
            look("folders")
            if (NR == 0) { print "not ok - there are objects to look at"; bad++ }
            exit bad > 0
        }'
}

look() {
    objects "$1" "$2" | symbols "$1" | circles
}

# --- whether it finds what it should ----------------------------------------------------------------------------------------

place=''
self_check_failures=0

# unit FILE TEXT: a source, and the object that Automake would make of it for a library.
unit() {
    local file=$1 folder
    folder=$(dirname "$file")
    mkdir -p "$place/source/$folder" "$place/build/$folder/.libs"
    printf '%s\n' "$2" >"$place/source/$file"
    "${CC:-cc}" -c -o "$place/build/$folder/.libs/libx_la-$(basename "$file" .c).o" "$place/source/$file"
}

# expect NAME STATUS LINE…: these units give exactly these lines; the next ones begin with nothing.
expect() {
    local name=$1 wanted=$2 status=0 printed
    shift 2
    mkdir -p "$place/source" "$place/build"
    printed=$(look "$place/build" "$place/source" 2>"$place/ties") || status=$?
    if [ "$status" = "$wanted" ] && [ "$printed" = "$(printf '%s\n' "$@")" ]; then
        printf 'ok - %s\n' "$name"
    else
        printf 'not ok - %s\n' "$name"
        printf 'status %s; printed:\n%s\n' "$status" "$printed" | sed 's/^/    /' >&2
        self_check_failures=1
    fi
    rm -rf "$place/source" "$place/build"
}

self_check() {
    place=$(mktemp -d) || exit 1
    trap 'rm -rf "$place"' EXIT

    unit top/a.c 'void b(void); void a(void) { b(); }'
    unit low/b.c 'void b(void) {}'
    expect "what goes down is no circle" 0 "ok - no circle among files" "ok - no circle among folders"

    unit one/a.c 'void b(void); void a(void) { b(); }'
    unit one/b.c 'void c(void); void b(void) { c(); }'
    unit one/c.c 'void a(void); void (*c_table[])(void) = {a}; void c(void) { c_table[0](); }'
    unit one/d.c 'void a(void); void d(void) { a(); }'
    expect "three files in a circle, and one that only uses them" 1 \
        "not ok - a circle of 3 files: one/a.c one/b.c one/c.c" "ok - no circle among folders"
    if grep -qxF '    one/b.c needs of one/c.c: c' "$place/ties"; then
        echo "ok - a circle is told with what ties it"
    else
        echo "not ok - a circle is told with what ties it"
        self_check_failures=1
    fi

    unit one/a.c 'void b(void); void a(void) { b(); }'
    unit two/b.c 'void b(void) {}'
    unit two/c.c 'extern int d[]; int *c(void) { return d; }'
    unit one/d.c 'int d[] = {1, 2};'
    expect "two folders in a circle whose files are in none" 1 \
        "ok - no circle among files" "not ok - a circle of 2 folders: one two"

    unit one/a.c 'void b(void); void a(void) { b(); }'
    unit tests/b.c 'void a(void); void b(void) { a(); }'
    expect "tests may stand on what they are used by" 0 "ok - no circle among files" "ok - no circle among folders"

    unit one/a.c 'void b(void); void a(void) { b(); }'
    unit one/b.c 'void a(void); void b(void) { a(); }'
    touch -d '1 hour ago' "$place"/build/one/.libs/*.o
    printf 'void b(void) {}\n' >"$place/source/one/b.c"
    "${CC:-cc}" -c -o "$place/build/one/b.o" "$place/source/one/b.c"
    expect "an object that a move has left behind is passed over" 0 "ok - no circle among files" "ok - no circle among folders"

    expect "nothing to look at is a failure" 1 "ok - no circle among files" "ok - no circle among folders" \
        "not ok - there are objects to look at"
    return $self_check_failures
}

case ${1:-} in
--self-check)
    self_check
    ;;
-h | --help)
    usage
    ;;
'' | -*)
    usage >&2
    exit 2
    ;;
*)
    look "$1" "${2:-$root}"
    ;;
esac
