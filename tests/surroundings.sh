#!/usr/bin/env bash
# Runs a command where something that tests like to take for granted is otherwise than here.
#
# Usage: tests/surroundings.sh one-address|stranger COMMAND…
#   one-address  localhost is 127.0.0.1 alone
#   stranger     localhost is ::1 as well; no other name service; an empty environment but for PATH, SOFTEUICC and its ports, LANG=C;
#                for root, also a user whom no passwd file knows, if he may make the namespaces that tests with a pcscd need (not in a
#                chroot)
# Covers files of /etc in a mount namespace. Status 77 where none is to be had.
set -u
[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
kind=$1
shift

if [ -z "${SURROUNDINGS_DIR:-}" ]; then
    SURROUNDINGS_DIR=$(mktemp -d) && chmod 755 "$SURROUNDINGS_DIR" || exit 77
    trap 'rm -rf "$SURROUNDINGS_DIR"' EXIT
    for namespace in "unshare -m" "unshare -rm"; do
        # shellcheck disable=SC2086 # words
        $namespace mount --bind /etc/hosts /etc/hosts 2>/dev/null || continue
        # shellcheck disable=SC2086
        SURROUNDINGS_DIR=$SURROUNDINGS_DIR $namespace bash "$0" "$kind" "$@"
        exit
    done
    echo "${0##*/}: this machine gives no mount namespace, or has no /etc/hosts" >&2
    exit 77
fi

directory=$SURROUNDINGS_DIR
unset SURROUNDINGS_DIR

# cover FILE LINE…: with these lines, where the machine has that file.
cover() {
    local file=$1 text=$directory/${1##*/}
    shift
    printf '%s' "${@/%/$'\n'}" >"$text"
    if [ -e "$file" ]; then mount --bind "$text" "$file" || exit 77; fi
}

case $kind in
one-address)
    cover /etc/hosts '127.0.0.1 localhost'
    exec "$@"
    ;;
stranger)
    cover /etc/hosts '127.0.0.1 localhost' '::1 localhost ip6-localhost ip6-loopback'
    cover /etc/nsswitch.conf 'passwd: files' 'group: files' 'hosts: files'
    cover /etc/resolv.conf
    clean=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C HOME=/nonexistent
        ${SOFTEUICC:+SOFTEUICC="$SOFTEUICC"} ${SOFTEUICC_PORTS:+SOFTEUICC_PORTS="$SOFTEUICC_PORTS"})
    user=(setpriv --reuid 54321 --regid 54321 --clear-groups)
    "${user[@]}" unshare -rm true 2>/dev/null || user=()
    exec "${user[@]}" "${clean[@]}" "$@"
    ;;
*)
    echo "${0##*/}: there are no surroundings '$kind'" >&2
    exit 2
    ;;
esac
