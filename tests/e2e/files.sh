#!/usr/bin/env bash
# What is no file where a file is wanted: a FIFO that nobody writes to, a directory, a device. Every option that names a file refuses it at once,
# in one line that says which and what it is; a server goes on with the other files of its directory.
set -u
. "$(dirname "$0")/lib.sh"
need curl jq

pki=$work/pki
"$softeuicc" pki init --dir "$pki" --host localhost >"$work/pki.log" 2>&1 || not_ok "pki init" "$work/pki.log"
make_card card
mkfifo "$work/fifo"
mkdir "$work/directory"
ln -s fifo "$work/link"

# refused PATH KIND NAME COMMAND…: the command, in which @ stands for the path, fails within seconds, and its only line says what the path is.
refused() {
    local path=$1 kind=$2 name="$3: $2" error status
    shift 3
    error=$(timeout 10 "$softeuicc" "${@//@/$path}" 2>&1 >"$work/out")
    status=$?
    if [ "$status" = 1 ] && [ "$(wc -l <<<"$error")" = 1 ] && [[ $error == *"$path"*"$kind"* ]]; then
        ok "$name"
    else
        printf 'status %s: %s\n' "$status" "$error" >"$work/check.log"
        not_ok "$name" "$work/check.log"
    fi
}

# Who may make a device has one of the test's own: a program that writes over what it should refuse writes over the machine's otherwise.
device=$work/device
mknod "$device" c 1 5 2>/dev/null || device=/dev/zero
# each NAME COMMAND…
each() {
    refused "$work/fifo" "a FIFO" "$@"
    refused "$work/link" "a FIFO" "$@"
    refused "$work/directory" "a directory" "$@"
    refused "$device" "a device" "$@"
}

create=(create --card "$work/new.db")
ci=(--ci "$pki/p256/ci.cert.der")
eum=("${ci[@]}" --eum-cert "$pki/p256/eum.cert.der")
smdpp=(smdpp --pki "$pki" --profiles "$work" --listen 127.0.0.1:0)
eim=(eim --pki "$pki" --listen 127.0.0.1:0)

each "create --ci" "${create[@]}" --ci @
each "create --eum-cert" "${create[@]}" "${ci[@]}" --eum-cert @
each "create --eum-key" "${create[@]}" "${eum[@]}" --eum-key @
each "create --euicc-cert" "${create[@]}" "${eum[@]}" --euicc-cert @
each "create --euicc-key" "${create[@]}" "${eum[@]}" --euicc-key @
each "create --profile" "${create[@]}" --pki "$pki" --profile @
each "pki show" pki show @
each "pki crl --revoke" pki crl --dir "$pki" --out "$work/crl" --revoke @
each "pki crl --out" pki crl --dir "$pki" --out @
each "profile show" profile show @
each "profile make --out" profile make --out @
each "eim config --out" eim config --pki "$pki" --out @
each "ipa add-eim" ipa --card "$work/card.db" --state "$work/ipa" add-eim @
each "smdpp --ci" "${smdpp[@]}" --ci @
for option in dpauth-cert dpauth-key dppb-cert dppb-key; do
    own=(--dpauth-cert "$pki/p256/dp-auth.cert.der" --dpauth-key "$pki/p256/dp-auth.key.pem"
        --dppb-cert "$pki/p256/dp-pb.cert.der" --dppb-key "$pki/p256/dp-pb.key.pem")
    for ((i = 0; i < ${#own[@]}; i += 2)); do
        [ "${own[i]}" != "--$option" ] || own[i + 1]=@
    done
    each "smdpp --$option" "${smdpp[@]}" "${own[@]}"
done
each "smdpp --tls-cert" "${smdpp[@]}" --tls-cert @ --tls-key "$pki/p256/dp-tls.key.pem"
each "smdpp --tls-key" "${smdpp[@]}" --tls-cert "$pki/p256/dp-tls.cert.pem" --tls-key @
each "smdpp --state" "${smdpp[@]}" --state @
each "eim --ci" "${eim[@]}" --ci @
each "eim --sign-cert" "${eim[@]}" --sign-cert @ --sign-key "$pki/p256/eim-sign.key.pem"
each "eim --sign-key" "${eim[@]}" --sign-cert "$pki/p256/eim-sign.cert.der" --sign-key @
each "eim --tls-cert" "${eim[@]}" --tls-cert @ --tls-key "$pki/p256/eim-tls.key.pem"
each "eim --tls-key" "${eim[@]}" --tls-cert "$pki/p256/eim-tls.cert.pem" --tls-key @
each "eim --state" "${eim[@]}" --state @
if has_coap; then
    each "eim --coap" "${eim[@]}" --plain --coap 127.0.0.1:0 --tls-cert @ --tls-key "$pki/p256/eim-tls.key.pem"
fi

# --- a PKI's directory ----------------------------------------------------------------------------------------------------
# fifo_in FILE COMMAND…: a PKI in whose place FILE is a FIFO; the command names it.
fifo_in() {
    local file=$1
    shift
    rm -rf "$work/spoiled"
    cp -r "$pki" "$work/spoiled"
    rm "$work/spoiled/$file"
    mkfifo "$work/spoiled/$file"
    matches "$1 with a FIFO as $file" "$file is a FIFO, not a file" "$(timeout 10 "$softeuicc" "$@" 2>&1)"
}

for file in ci.cert.der eum.cert.der eum.key.pem; do
    fifo_in "p256/$file" create --card "$work/new.db" --pki "$work/spoiled"
done
for file in ci.cert.der dp-auth.cert.der dp-auth.key.pem dp-pb.cert.der dp-pb.key.pem dp-tls.cert.pem dp-tls.key.pem; do
    fifo_in "p256/$file" smdpp --pki "$work/spoiled" --profiles "$work" --listen 127.0.0.1:0
done
for file in ci.cert.der eim-sign.cert.der eim-sign.key.pem eim-tls.cert.pem eim-tls.key.pem; do
    fifo_in "p256/$file" eim --pki "$work/spoiled" --listen 127.0.0.1:0
done

# --- a server's directory, and who asks it --------------------------------------------------------------------------------
port=$(free_port)
url=https://localhost:$port
mkdir "$work/profiles"
"$softeuicc" profile make --out "$work/profiles/good.der" >/dev/null
"$softeuicc" profile make --out "$work/profiles/described.der" --iccid 8988211000000000025 >/dev/null
mkfifo "$work/profiles/described.json" "$work/profiles/fifo.der"
mkdir "$work/profiles/directory.der"
ln -s "$device" "$work/profiles/device.der"
"$softeuicc" profile make --out "$work/profiles/icon.der" --iccid 8988211000000000033 >/dev/null
mkfifo "$work/profiles/icon.png"
printf '{"icon": "icon.png"}' >"$work/profiles/icon.json"
"$softeuicc" smdpp --pki "$pki" --profiles "$work/profiles" --listen "127.0.0.1:$port" >"$work/smdpp.out" 2>"$work/smdpp.log" &
processes+=($!)
wait_until 10 grep -q '^listening on' "$work/smdpp.out" || not_ok "the SM-DP+ starts with a FIFO among its profiles" "$work/smdpp.log"
complaints=$(curl -s -m 10 --cacert "$pki/ci.pem" "$url/profiles" | jq -r 'map("\(.name): \(.error)") | sort[]')
is "the SM-DP+ tells which of its profiles are no files" "described: metadata: it is a FIFO, not a file
device: the package is a device, not a file
directory: the package is a directory, not a file
fifo: the package is a FIFO, not a file
good: null
icon: metadata: icon: icon.png is a FIFO, not a file" "$complaints"

each "smdpp profiles --cacert" smdpp profiles --url "$url" --cacert @
each "eim status --cacert" eim status --url "$url" --cacert @
each "lpa --cacert" lpa --card "$work/card.db" --cacert @ download "1\$localhost:$port\$good"
matches "without certificates nobody is trusted" "there is no certificate in /dev/null|/dev/null is a device" \
    "$(timeout 10 "$softeuicc" smdpp profiles --url "$url" --cacert /dev/null 2>&1)"

# --- hostile names --------------------------------------------------------------------------------------------------------
# is_harmless FILE LINES: UTF-8 of so many lines, in which nothing can be hidden, turned round or forged.
is_harmless() {
    iconv -f UTF-8 -t UTF-8 "$1" >/dev/null && [ "$(wc -l <"$1")" = "$2" ] &&
        ! LC_ALL=C.UTF-8 grep -qP '[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\p{Cf}\p{Zl}\p{Zp}]' "$1"
}

names=($'\e[31m' $'\e]0;x\a' $'\xc2\x9b2J' $'a\nsofteuicc: forged' $'\r' $'\xe2\x80\xae' $'\xe2\x81\xa6' $'\xe2\x80\x8b' $'\xe2\x80\xa8' $'\xef\xbb\xbf' $'\xf3\xa0\x81\x81'
    $'\xff' $'\xc0\x8a')
mkdir "$work/hostile"
for name in "${names[@]}"; do
    i=0
    for command in "profile show @" "pki show @" "pki show --dir @" "create --card @ --pki @" "create --card $work/new.db --pki $pki --profile @" \
        "run --card @" "lpa --card @ info" "lpa --reader @ info" "ipa --card @ status" "ctl show --card @" "smdpp --pki @ --profiles @" \
        "eim --pki @" "eim status --url https://@" "smdpp profiles --url https://@" "@" "profile @" "lpa --@" "eim order --eid @ list"; do
        read -ra words <<<"$command"
        timeout 10 "$softeuicc" "${words[@]//@/x$name}" >"$work/out" 2>&1 </dev/null
        i=$((i + 1))
        is_harmless "$work/out" 1 || {
            not_ok "softeuicc $command with $(printf %q "$name")" "$work/out"
        }
    done
    cp "$work/profiles/good.der" "$work/hostile/$name.der"
done
[ "$failures" -gt 0 ] || ok "no name reaches the terminal as it is"
for json in '' --json; do
    timeout 10 "$softeuicc" create --card "$work/x${names[5]}.db" --pki "$pki" $json >"$work/out"
    rm "$work/x${names[5]}.db"
    check "create ${json:-as text} shows a name" is_harmless "$work/out" "$(wc -l <"$work/out")"
done
printf junk >"$work/hostile/bad"$'\e[2J\xe2\x80\xae\n.der'
other=$(free_port)
"$softeuicc" smdpp --pki "$pki" --profiles "$work/hostile" --listen "127.0.0.1:$other" --log debug >"$work/smdpp2.out" 2>"$work/smdpp2.log" &
processes+=($!)
wait_until 10 grep -q '^listening on' "$work/smdpp2.out"
timeout 10 "$softeuicc" smdpp profiles --url "https://localhost:$other" --cacert "$pki/ci.pem" >"$work/out" 2>&1
check "the list of such profiles" is_harmless "$work/out" $((${#names[@]} + 1))
check "the log about them" is_harmless "$work/smdpp2.log" "$(grep -c '^20..-..-..T' "$work/smdpp2.log")"

# --- what is a pipe on purpose --------------------------------------------------------------------------------------------
matches "a pipe of the caller is read" ' CI ' "$("$softeuicc" pki show <(cat "$pki/p256/ci.cert.pem"))"
matches "so is standard input" ' CI ' "$(cat "$pki/p256/ci.cert.pem" | "$softeuicc" pki show /dev/stdin)"

# --- secrets --------------------------------------------------------------------------------------------------------------
chmod 640 "$pki/p256/eum.key.pem"
is "a key that the group may read is warned of once" \
    "softeuicc create: warning: others may read the secret in $pki/p256/eum.key.pem (mode 0640): chmod 600 $pki/p256/eum.key.pem" \
    "$("$softeuicc" create --card "$work/warned.db" --pki "$pki" 2>&1 >/dev/null)"
finish
