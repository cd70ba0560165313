#!/usr/bin/env bash
# softeuicc create: the card is what was asked for, what cannot be is refused in one line and leaves no file behind.
set -u
. "$(dirname "$0")/lib.sh"
need jq openssl sqlite3

data=$(cd "$(dirname "$0")/../.." && pwd)/../shared/data/sgp26-nist
cd "$work" || exit 1
run() {
    "$softeuicc" create "$@" >out 2>err
}
fact() {
    jq -r "$1" out
}
# refused NAME STATUS PATTERN ARGUMENT…: the status, nothing on stdout, one line on stderr that matches, no card.
refused() {
    local name=$1 status=$2 pattern=$3 got
    shift 3
    run --card refused.db "$@"
    got=$?
    is "refused: $name (status)" "$status" "$got"
    matches "refused: $name (reason)" "$pattern" "$(cat err)"
    is "refused: $name (one line)" "0 1" "$(wc -c <out) $(wc -l <err)"
    is "refused: $name (no file)" "" "$(ls -d refused.db* 2>/dev/null)"
}

if ! "$softeuicc" pki init --dir pki >pki.log 2>&1; then
    not_ok "a PKI to begin with" pki.log
    finish
fi

check "a card of a test PKI" run --card a.db --pki pki --json
json_style "create" out
is "it prefers P-256 and trusts both CIs" "P-256 brainpoolP256r1" "$(fact '[.cis[].curve] | join(" ")')"
is "it serves an LPA and an IPA" hybrid "$(fact .personality)"
is "of the versions that are the default" "2.2 1.2" "$(fact '"\(.sgp22) \(.sgp32)"')"
matches "its EID is random, under the prefix that the EUM permits" '^89049032[0-9]{24}$' "$(fact .eid)"
is "the check digits are right" 1 "$(fact .eid | awk '{ for (i = 1; i <= length($1); i++) rest = (rest * 10 + substr($1, i, 1)) % 97; print rest }')"
is "nobody else reads it" 600 "$(stat -c %a a.db)"
is "nothing lies beside it" "a.db" "$(ls -d a.db*)"
is "a person can read it" "$(fact .eid)|hybrid" "$(sqlite3 a.db 'SELECT eid, personality FROM card')"
check "another one" run --card b.db --pki pki --json
isnt "every card has its own EID" "$(jq -r .eid out)" "$(sqlite3 a.db 'SELECT eid FROM card')"

sqlite3 a.db 'SELECT writefile("euicc.der", euicc_cert), writefile("eum.der", eum_cert), writefile("ci.der", ci_cert)
              FROM credentials WHERE priority = 0' >/dev/null
is "its certificate names its EID" "$(sqlite3 a.db 'SELECT eid FROM card')" \
    "$(openssl x509 -inform der -in euicc.der -noout -subject -nameopt multiline | sed -n 's/.*serialNumber *= //p')"

check "everything given" run --card c.db --eid 890490320010203040506070809010 --personality iot --sgp22 2.5 --sgp32 1.3 --free-nvm 512k \
    --default-smdp smdp.example.com --root-smds smds.example.com --ci pki/p256/ci.cert.pem \
    --eum-cert pki/p256/eum.cert.der --eum-key pki/p256/eum.key.pem
matches "shown as text" 'EID +890490320010203040506070809010[0-9]{2}.*personality +iot.*SGP.22 +2.5.*SGP.32 +1.3' "$(tr '\n' ' ' <out)"
is "and kept" "iot|2.5.0|1.3.0|524288|smdp.example.com|smds.example.com" \
    "$(sqlite3 c.db 'SELECT personality, sgp22, sgp32, nvm_size, default_smdp, root_smds FROM card')"

if "$softeuicc" profile make --out profile.der --iccid 89001122334455667788 --imsi 001010123456789 >/dev/null 2>&1; then
    check "a profile from the beginning" run --card d.db --pki pki --profile profile.der
    is "it is there, disabled" "89001122334455667788|disabled|preloaded" \
        "$(sqlite3 d.db 'SELECT iccid, state, origin FROM profile')"
    check "an Emergency Profile" run --card emergency.db --pki pki --profile profile.der --class provisioning --ecall --fallback-allowed
    is "its metadata say so" "provisioning|1|1" "$(sqlite3 emergency.db 'SELECT class, ecall, fallback_allowed FROM profile')"
    refused "a class there is not" 2 'operational, test or provisioning' --pki pki --profile profile.der --class other
    refused "what is said of no profile" 2 'after its --profile' --pki pki --ecall --profile profile.der
    refused "an Emergency Profile on a consumer card" 1 'profile 1: a consumer card' --pki pki --personality consumer --profile profile.der --ecall
    refused "a profile twice" 1 'profile 2: has the same ICCID' --pki pki --profile profile.der --profile profile.der
    head -c 1000 profile.der >cut.der
    refused "a profile that is cut off" 1 'profile 1: ' --pki pki --profile cut.der
    refused "a profile too large" 1 'profile 1: needs more memory' --pki pki --profile profile.der --free-nvm 1k
else
    skip "profiles a card is born with: this build cannot make one"
fi

if run --card self.db --pki pki --ipae; then
    check "a card with an IPAe that is set" run --card set.db --pki pki --ipae --ipae-set poll-interval=1h --ipae-set 'compact@e=x@y=on'
    is "keeps that" "compact|e=x@y|on poll-interval||3600" "$(sqlite3 set.db 'SELECT name, eim_id, value FROM ipae_setting ORDER BY name' | xargs)"
    refused "a setting there is not" 1 "no setting 'poll'" --pki pki --ipae --ipae-set poll=1h
    refused "a value that is none" 1 "quiet-hours is a time of the day" --pki pki --ipae --ipae-set quiet-hours=22:00-22:00
    refused "a setting that is none" 2 'NAME=VALUE' --pki pki --ipae --ipae-set poll-interval
else
    skip "settings of the IPAe: this build has none"
fi
refused "a setting without an IPAe" 2 'made with --ipae' --pki pki --ipae-set poll-interval=1h

cp a.db before.db
run --card a.db --pki pki
is "a card is never overwritten (status)" 1 $?
matches "a card is never overwritten (reason)" 'a.db exists already' "$(cat err)"
check "a card is never overwritten" cmp a.db before.db

refused "no CI" 2 'no CI is given'
refused "a directory without a PKI" 1 'holds no PKI' --pki "$work/run"
refused "a file that is not there" 1 'cannot open none.pem' --ci none.pem
refused "a file that is no certificate" 1 'pki.log' --ci pki.log
refused "no EUM certificate" 2 'CI 1: --eum-cert is missing' --ci ci.der
refused "no key" 2 'either --eum-key is needed' --ci ci.der --eum-cert eum.der
refused "two EUM certificates" 1 'has such a certificate already' --ci ci.der --eum-cert eum.der --eum-cert eum.der
refused "an EUM before its CI" 1 'ci comes first' --eum-cert eum.der
refused "the EUM of another CI" 1 'CI 1: EUM certificate: ' --ci pki/p256/ci.cert.der \
    --eum-cert pki/brainpool/eum.cert.der --eum-key pki/brainpool/eum.key.pem
refused "the key of another EUM" 1 'does not belong to the EUM certificate' --ci ci.der --eum-cert eum.der \
    --eum-key pki/brainpool/eum.key.pem
refused "a CI twice" 1 'CI 3: is the same CI' --pki pki --ci ci.der --eum-cert eum.der --eum-key pki/p256/eum.key.pem
refused "wrong check digits" 1 'check digits' --pki pki --eid 89049032123451234512345678901236
refused "an EID of another EUM" 1 'does not permit the EID' --pki pki --eid 890440321234512345123456789012
refused "letters in an EID" 1 'decimal digits' --pki pki --eid 8904903212345123451234567890123x
refused "no personality" 2 'personality is not hybrid, consumer or iot: phone' --pki pki --personality phone
refused "no version of SGP.22" 2 'sgp22 is not 2.2, 2.3, 2.4 or 2.5: 3.0' --pki pki --sgp22 3.0
refused "no version of SGP.32" 2 'sgp32 is not 1.2 or 1.3: 1.1' --pki pki --sgp32 1.1
refused "SGP.32 on a consumer card" 1 'no version of SGP.32' --pki pki --personality consumer --sgp32 1.3
refused "no size" 2 "not a number of octets" --pki pki --free-nvm 1G
refused "no option" 2 "no option '--frob'" --frob
refused "no value" 2 "'--ci' needs a value" --ci
refused "no address" 1 'default SM-DP\+ address' --pki pki --default-smdp 'a b'
run --pki pki
is "no card file (status)" 2 $?
check "help" run --help
matches "help says what it makes" 'Makes a card' "$(cat out)"

# --- the JSON beside a package, and ICCIDs of 18 digits ---------------------------------------------------------------------
"$softeuicc" profile make --out said.der --iccid 890011223344556677ff --imsi 001010123456789 --operator "An operator" --metadata --class test \
    --ppr 2 --notify n.example.com >made 2>&1
matches "a profile with an ICCID of 18 digits" 'ICCID 890011223344556677,' "$(cat made)"
check "a card with it, and what the JSON beside it says" run --card said.db --pki pki --profile said.der
is "is what it says" "890011223344556677|An operator|test|0|1|n.example.com" "$(sqlite3 said.db \
    'SELECT iccid, service_provider, class, ppr1, ppr2, address FROM profile JOIN notification_address ON id = profile')"
check "an option wins over it" run --card won.db --pki pki --profile said.der --class operational
is "and nothing else does" "An operator|operational|1" "$(sqlite3 won.db 'SELECT service_provider, class, ppr2 FROM profile')"
jq '.notifications[0].events = ["install", "boot"]' said.json >other && mv other said.json
refused "JSON with an event that is none" 1 'said\.json: notifications\[0\]\.events\[1\] is not' --pki pki --profile said.der
jq 'del(.notifications) | .colour = "blue"' said.json >other && mv other said.json
refused "JSON with a member that is none" 1 'said\.json: colour' --pki pki --profile said.der

if [ -d "$data" ]; then
    sgp26=(--ci "$data/CERT_CI_ECDSA_NIST.der" --eum-cert "$data/CERT_EUM_ECDSA_NIST.der")
    check "a card on SGP.26 material" run --card e.db "${sgp26[@]}" --eum-key "$data/SK_EUM_ECDSA_NIST.der" --json
    is "its CI" F54172BDF98A95D65CBEB88A38A1C11D800A85C3 "$(fact '.cis[0].key_id')"
    check "the SGP.26 card itself" run --card f.db "${sgp26[@]}" --euicc-cert "$data/CERT_EUICC_ECDSA_NIST.der" \
        --euicc-key "$data/SK_EUICC_ECDSA_NIST.der" --json
    is "its EID is the certificate's" 89049032123451234512345678901235 "$(fact .eid)"
    install -m 600 "$data/SK_EUICC_ECDSA_NIST.der" sk.der # without the warning that others may read it
    refused "another EID with that certificate" 1 'is for the EID 89049032123451234512345678901235' "${sgp26[@]}" \
        --euicc-cert "$data/CERT_EUICC_ECDSA_NIST.der" --euicc-key sk.der \
        --eid 890490321234512345123456789013
else
    skip "a card on SGP.26 material: the certificates are not there"
fi
finish
