# Waiting for something to become true. For the scripts here and the end-to-end tests. Sourced, not run.
# shellcheck shell=bash

# wait_until SECONDS COMMAND…: true as soon as the command is.
wait_until() {
    local i times=$(($1 * 20))
    shift
    for ((i = 0; i < times; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}
