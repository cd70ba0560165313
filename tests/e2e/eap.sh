#!/usr/bin/env bash
# EAP-SIM, EAP-AKA and EAP-AKA' with a profile of our own, by programs that know nothing of us: wpa_supplicant's EAP peer (Debian:
# eapoltest) on the card over PC/SC, hostapd as RADIUS and EAP server, and behind it an authentication centre (auc.pl) with the profile's
# keys. Both sides come to the same keys; a centre whose sequence number is behind is synchronised; one with other keys is not believed.
set -u
PATH=$PATH:/usr/sbin
. "$(dirname "$0")/lib.sh"
need eapol_test hostapd opensc-tool openssl perl

here=$(cd "$(dirname "$0")" && pwd)
k=000102030405060708090a0b0c0d0e0f
opc=f0e1d2c3b4a5968778695a4b3c2d1e0f
imsi=001010123456789
radius_port=$(free_port)

# start_auc SQN [K [OPc]]: another centre on the socket; hostapd finds it when it next asks.
start_auc() {
    rm -f "$work/auc.sock"
    fresh "$work/auc.log"
    perl "$here/auc.pl" "$work/auc.sock" "$1" "${2:-$k}" "${3:-$opc}" >"$work/auc.log" 2>&1 &
    auc_pid=$!
    processes+=("$auc_pid")
    wait_until 5 test -S "$work/auc.sock"
}

is_bound() {
    awk -v port=":$(printf %04X "$radius_port")" 'substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' /proc/net/udp
}

start_hostapd() {
    printf '127.0.0.1/32 secret\n' >"$work/clients"
    # The first digit of an identity says which method it is for (TS 23.003 19.3.2).
    printf '"0"* AKA\n"1"* SIM\n"6"* AKA'"'"'\n' >"$work/users"
    printf '%s\n' driver=none interface=lo "radius_server_clients=$work/clients" "radius_server_auth_port=$radius_port" \
        eap_server=1 "eap_user_file=$work/users" "eap_sim_db=unix:$work/auc.sock" eap_sim_db_timeout=20 >"$work/hostapd.conf"
    hostapd -ddK -f "$work/hostapd.log" "$work/hostapd.conf" >"$work/hostapd.out" 2>&1 &
    hostapd_pid=$!
    processes+=("$hostapd_pid")
    wait_until 10 is_bound || skip_all "hostapd does not serve RADIUS here ($(tail -n 1 "$work/hostapd.log"))"
}

# authenticate METHOD [line of the network]: its status is eapol_test's; logs of this attempt in eapol.log and hostapd.attempt.
authenticate() {
    local before
    before=$(wc -l <"$work/hostapd.log")
    printf 'network={\n ssid="test"\n key_mgmt=IEEE8021X\n eapol_flags=0\n eap=%s\n pcsc=""\n%s\n}\n' "$1" "${2:-}" >"$work/network.conf"
    timeout 40 eapol_test -c "$work/network.conf" -a 127.0.0.1 -p "$radius_port" -s secret -t 30 >"$work/eapol.log" 2>&1
    status=$?
    tail -n +$((before + 1)) "$work/hostapd.log" >"$work/hostapd.attempt"
    return "$status"
}

# msk FILE: the key that the method came to, as a log shows it.
msk() {
    sed -n 's/^.*: \(keying material (MSK)\|MSK\) - hexdump(len=64): //p' "$1" | tail -n 1 | tr -d ' '
}

# succeeds NAME METHOD [line]: both sides say so, and have the same key.
succeeds() {
    local name=$1
    shift
    if authenticate "$@" && [ "$(tail -n 1 "$work/eapol.log")" = SUCCESS ] && grep -q 'mismatch: 0' "$work/eapol.log"; then
        ok "$name"
    else
        not_ok "$name" "$work/eapol.log" "$work/hostapd.attempt" "$work/auc.log"
    fi
    matches "$name: there is a key" '^[0-9a-f]{128}$' "$(msk "$work/eapol.log")"
    is "$name: both sides have it" "$(msk "$work/eapol.log")" "$(msk "$work/hostapd.attempt")"
}

requests() {
    grep -c "^$1 " "$work/auc.log"
}

"$softeuicc" profile make --out "$work/eap.der" --imsi "$imsi" --k "$k" --opc "$opc" --pin1 1234 --enable-pin >"$work/make.log" 2>&1 ||
    not_ok "a profile with these keys" "$work/make.log"
make_card card --profile "$work/eap.der"
"$softeuicc" lpa --card "$work/card.db" --keep-notifications enable 8900112233445566778 >"$work/lpa.log" 2>&1 ||
    not_ok "it is enabled" "$work/lpa.log"
start_pcscd
start_cards --card "$work/card.db" --trace
start_auc 000000001000
start_hostapd

# --- the three methods -----------------------------------------------------------------------------------------------------
succeeds "EAP-SIM" SIM 'pin="1234"'
is "EAP-SIM: the identity is that of the IMSI" "SIM-REQ-AUTH $imsi" "$(tail -n 1 "$work/auc.log")"
check "EAP-SIM: the USIM is asked in the GSM context" grep -q '> 00880080' "$work/run.log"
succeeds "EAP-AKA" AKA 'pin="1234"'
is "EAP-AKA: without synchronisation" "1 0" "$(requests AKA-REQ-AUTH) $(requests AKA-AUTS)"
check "EAP-AKA: the USIM is asked in the 3G context" grep -q '> 00880081' "$work/run.log"
succeeds "EAP-AKA'" "AKA'" 'pin="1234"'
is "EAP-AKA': without synchronisation" "2 0" "$(requests AKA-REQ-AUTH) $(requests AKA-AUTS)"
succeeds "EAP-AKA again" AKA 'pin="1234"'

# --- the centre is behind --------------------------------------------------------------------------------------------------
end_process "$auc_pid"
start_auc 000000000020
succeeds "EAP-AKA with a centre that is behind" AKA 'pin="1234"'
is "it is asked, told where the card is, and asked again" "2 1" "$(requests AKA-REQ-AUTH) $(requests AKA-AUTS)"
is "the card's number is what was accepted last; the centre takes the next" "AKA-AUTS $imsi 000000001060" "$(grep AUTS "$work/auc.log")"
succeeds "EAP-AKA' after that" "AKA'" 'pin="1234"'
is "needs no more synchronisation" 1 "$(requests AKA-AUTS)"

# --- a centre that is none -------------------------------------------------------------------------------------------------
# fails NAME METHOD: and nobody has a key.
fails() {
    authenticate "$2" 'pin="1234"'
    isnt "$1" 0 "$status"
    is "$1: eapol_test says so" FAILURE "$(tail -n 1 "$work/eapol.log")"
}
end_process "$auc_pid"
start_auc 000000002000 "$k" "${opc%f}e"
fails "EAP-SIM with another OPc" SIM
fails "EAP-AKA with another OPc" AKA
check "EAP-AKA with another OPc: the card finds the MAC wrong" grep -q '< 9862' "$work/run.log"
fails "EAP-AKA' with another OPc" "AKA'"
end_process "$auc_pid"
start_auc 000000002000 "${k%f}e"
fails "EAP-AKA with another K" AKA
end_process "$auc_pid"
start_auc 000000002000
succeeds "EAP-AKA with the right ones again" AKA 'pin="1234"'

# --- without the PIN -------------------------------------------------------------------------------------------------------
authenticate AKA
isnt "without its PIN the card helps nobody" 0 "$status"
finish
