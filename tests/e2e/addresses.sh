#!/usr/bin/env bash
# Names that stand for several addresses, as localhost does (127.0.0.1 and ::1): servers listen on all of them, clients try one after
# the other, whether an address refuses, says nothing, or is no address of this machine. Runs in a mount namespace with an /etc/hosts
# of its own and no other name service.
set -u
if [ -z "${SOFTEUICC_E2E_HOSTS:-}" ] && unshare -m true 2>/dev/null; then
    SOFTEUICC_E2E_HOSTS=yes exec unshare -m bash "$0" "$@"
elif [ -z "${SOFTEUICC_E2E_HOSTS:-}" ] && unshare -rm true 2>/dev/null; then
    SOFTEUICC_E2E_HOSTS=yes exec unshare -rm bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
[ -n "${SOFTEUICC_E2E_HOSTS:-}" ] || skip_all "this machine gives no mount namespace for an /etc/hosts of our own"
need curl perl
need_parts smdpp eim ipa

# Linux has the whole of 127.0.0.0/8; of several addresses the resolver puts 127.0.0.1 first. 192.0.2.1 is nobody's (RFC 5737).
cat >"$work/hosts" <<TXT
127.0.0.1 localhost
127.0.0.2 both.test
127.0.0.3 both.test
127.0.0.1 second.test
127.0.0.3 second.test
192.0.2.1 elsewhere.test
127.0.0.2 elsewhere.test
TXT
printf 'hosts: files\n' >"$work/nsswitch.conf"
: >"$work/resolv.conf"
for file in hosts nsswitch.conf resolv.conf; do
    [ -e "/etc/$file" ] || skip_all "this machine has no /etc/$file"
    mount --bind "$work/$file" "/etc/$file" || skip_all "/etc/$file cannot be covered"
done

is "the resolver's order" "127.0.0.1 127.0.0.3" "$(getent ahosts second.test | awk '$2 == "STREAM" { print $1 }' | paste -sd ' ')"

port=$(free_port)
coap_port=$(free_port)
smdpp_port=$(free_port)

"$softeuicc" pki init --dir "$work/pki" --host both.test --host second.test --host elsewhere.test --host localhost >"$work/pki.log" 2>&1 ||
    not_ok "pki init" "$work/pki.log"
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/profiles/demo.der" --metadata >/dev/null || not_ok "profile make"

# starts NAME ARGUMENT…: a server of ours, until it listens.
starts() {
    local name=$1
    shift
    fresh "$work/$name.out"
    "$softeuicc" "$@" --pki "$work/pki" >"$work/$name.out" 2>"$work/$name.err" &
    server_pid=$!
    processes+=("$server_pid")
    wait_until 10 grep -q '^listening on https' "$work/$name.out" || {
        not_ok "$name starts" "$work/$name.err"
        exit 1
    }
}

# dies NAME PATTERN ARGUMENT…: one line on stderr, and a status that is not 0.
dies() {
    local name=$1 pattern=$2
    shift 2
    if timeout 10 "$softeuicc" "$@" --pki "$work/pki" >/dev/null 2>"$work/dies.log"; then
        not_ok "$name (it ran)"
    else
        matches "$name" "$pattern" "$(cat "$work/dies.log")"
        is "$name: one line" 1 "$(wc -l <"$work/dies.log")"
    fi
}

# reached HOST ADDRESS PORT: the server's certificate is shown there, for the host.
reached() {
    curl -s --cacert "$work/pki/ci.pem" --resolve "$1:$3:$2" "https://$1:$3/"
}

# bound ADDRESS-HEX PORT PROTOCOL: somebody has it, by the socket table.
bound() {
    grep -qi "$1:$(printf %04X "$2") " "/proc/net/$3"
}

# --- servers ------------------------------------------------------------------------------------------------------------
starts smdpp smdpp --profiles "$work/profiles" --listen "both.test:$smdpp_port"
check "smdpp listens on the name's first address" reached both.test 127.0.0.2 "$smdpp_port"
check "and on its second" reached both.test 127.0.0.3 "$smdpp_port"
check "and nowhere else" not reached both.test 127.0.0.1 "$smdpp_port"
is "one ready line" "listening on https://both.test:$smdpp_port as both.test:$smdpp_port" "$(cat "$work/smdpp.out")"
dies "a port that is taken on one of them" "cannot listen on both\.test port $smdpp_port: Address already in use" \
    smdpp --profiles "$work/profiles" --listen "both.test:$smdpp_port" --log error
dies "a name that is none" 'cannot listen on nobody\.test port 1' smdpp --profiles "$work/profiles" --listen nobody.test:1 --log error
starts elsewhere smdpp --profiles "$work/profiles" --listen elsewhere.test:0
elsewhere_port=$(sed -n 's/.*:\([0-9]*\) as .*/\1/p' "$work/elsewhere.out")
check "an address of another machine is passed over" reached elsewhere.test 127.0.0.2 "$elsewhere_port"
end_process "$server_pid"

coap=yes
has_coap || coap=
starts eim eim --state "$work/eim.db" --listen "both.test:$port" ${coap:+--coap "both.test:$coap_port"}
check "eim listens on the first address" reached both.test 127.0.0.2 "$port"
check "and on the second" reached both.test 127.0.0.3 "$port"
if [ -n "$coap" ]; then
    check "CoAP is on the first address" bound 0200007F "$coap_port" udp
    check "and on the second" bound 0300007F "$coap_port" udp
    dies "a CoAP port that is taken on one of them" "cannot listen on both\.test port $coap_port for CoAP: Address already in use" \
        eim --state "$work/other.db" --listen 127.0.0.1:0 --coap "both.test:$coap_port" --log error
fi

# --- clients ------------------------------------------------------------------------------------------------------------
"$softeuicc" eim config --pki "$work/pki" --out "$work/eim.der" --fqdn "both.test:$port" >/dev/null
make_card card
"$softeuicc" ipa --card "$work/card.db" add-eim "$work/eim.der" >/dev/null || not_ok "add-eim"

# polls NAME URL: a poll by way of it, in how many milliseconds: $took.
polls() {
    local start
    start=$(date +%s%N)
    check "$1" timeout 50 "$softeuicc" ipa --card "$work/card.db" --cacert "$work/pki/ci.pem" --eim "$2" poll
    took=$((($(date +%s%N) - start) / 1000000))
}

# silent PORT: a UDP socket on 127.0.0.1 that takes everything and answers nothing.
silent() {
    perl -MSocket -e '
        socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
        bind($s, pack_sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))) or die "$!";
        sleep 60' "$1" &
    silent_pid=$!
    processes+=("$silent_pid")
    wait_until 5 bound 0100007F "$1" udp
}

polls "an IPA by HTTPS, and the first address refuses" "https://second.test:$port"
if [ -n "$coap" ]; then
    polls "by CoAP, the first address refuses" "coaps://second.test:$coap_port"
    check "it does not wait for that (took $took ms)" test "$took" -lt 1900
    silent "$coap_port"
    polls "by CoAP, the first address says nothing" "coaps://second.test:$coap_port"
    check "it waits two seconds and no more (took $took ms)" test "$took" -ge 1900 -a "$took" -lt 20000
    end_process "$silent_pid"
    check "no address answers" not timeout 70 "$softeuicc" ipa --card "$work/card.db" --eim "coaps://second.test:1" poll
fi
starts second smdpp --profiles "$work/profiles" --listen 127.0.0.3:0 --address second.test
second_port=$(sed -n 's/.*https:[^ ]*:\([0-9]*\) as .*/\1/p' "$work/second.out")
end_process "$server_pid"
starts second smdpp --profiles "$work/profiles" --listen "127.0.0.3:$second_port" --address "second.test:$second_port"
code=$("$softeuicc" smdpp order --url "https://second.test:$second_port" --cacert "$work/pki/ci.pem" --profile demo)
is "an order, and the first address refuses" "LPA:1\$second.test:$second_port" "${code%\$*}"
make_card lpa
check "a download of an LPA" "$softeuicc" lpa --card "$work/lpa.db" --cacert "$work/pki/ci.pem" download "$code"
finish
