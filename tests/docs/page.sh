# The shell of a page, started by run.sh: runs the blocks whose files are named on descriptor 8, one after the other in this one
# shell, as a user types them, and says a word on descriptor 9 after each. What they print is in FILE.log. The first block that fails
# ends the shell. Names begin with page_ to keep out of the way of the page's own.
# shellcheck shell=bash
set -euo pipefail
page_servers=()
page_last=
page_here=$(dirname "${BASH_SOURCE[0]}")

while IFS= read -r -u 8 page_block; do
    exec >"$page_block.log" 2>&1
    [ ! -s "$page_block.files" ] || cp "$(cat "$page_block.files")"/* .
    page_started=()
    page_command=
    # A command is as many lines as bash needs; each must succeed.
    while IFS= read -r -u 7 page_line; do
        page_command+=$page_line$'\n'
        [[ $page_line != *\\ && -z $(bash -n <<<"$page_command" 2>&1) ]] || continue
        printf '$ %s' "$page_command"
        eval "$page_command" 7<&- 8<&- 9>&-
        page_command=
        if [ "${!-}" != "$page_last" ]; then
            page_last=$!
            page_started+=("$page_last")
        fi
    done 7<"$page_block"
    [ -z "$page_command" ] || eval "$page_command"

    # Who types takes a breath between blocks, in which servers come up.
    for page_server in "${page_started[@]}"; do
        "$page_here/listens" "$page_server" || true
        page_servers+=("$page_server")
    done
    [ ${#page_started[@]} -eq 0 ] || sleep 1

    # What runs in the background may be ended by the page, and must not end by itself with an error.
    page_running=()
    for page_server in "${page_servers[@]}"; do
        if kill -0 "$page_server" 2>/dev/null; then
            page_running+=("$page_server")
            continue
        fi
        page_status=0
        wait "$page_server" 2>/dev/null || page_status=$?
        case $page_status in
        0 | 127 | 130 | 143) ;;
        *)
            echo "a command in the background ended with status $page_status"
            exit 1
            ;;
        esac
    done
    page_servers=("${page_running[@]}")
    echo ok >&9
done
