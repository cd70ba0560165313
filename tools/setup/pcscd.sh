# What scripts that start pcscd have to know of it. For the scripts here and the end-to-end tests. Sourced, not run.
# shellcheck shell=bash

# pcscd_options: what to give a pcscd of ours. Since 2.0 it asks polkit whom it may serve, and serves nobody where no D-Bus runs or
# nobody sits at the machine.
pcscd_options() {
    if pcscd --help 2>&1 | grep -q -- '--disable-polkit'; then printf '%s' --disable-polkit; fi
}

# is_listening PORT: true when a TCP server has the port. Looks at the socket tables instead of connecting: vpcd would take a
# connection for a card.
is_listening() {
    local port
    printf -v port ':%04X' "$1"
    awk -v port="$port" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
