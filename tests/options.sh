#!/usr/bin/env bash
# The tables of options against what is written: every option that the program knows is in its help, its manual page and its completion;
# every one that README.md, docs/, man/ and tests/e2e/ name exists, for the command it stands behind. SOFTEUICC is the program (default
# build/softeuicc), beside which the manual pages lie. Prints "ok - …" and "not ok - …" lines; its status is 0 or 1.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

softeuicc=${SOFTEUICC:-build/softeuicc}
work=$(mktemp -d "${TMPDIR:-/tmp}/softeuicc-options.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

# none NAME: ok when standard input is empty; otherwise its lines say what is wrong.
none() {
    local found
    found=$(cat)
    if [ -z "$found" ]; then
        printf 'ok - %s\n' "$1"
    else
        failures=$((failures + 1))
        printf 'not ok - %s\n' "$1"
        printf '%s\n' "$found" | head -n 20 | sed 's/^/    /' >&2
    fi
}

# some NAME PATTERN: ok when standard input has a line that matches, and only such: a check that can fail.
some() {
    local found
    found=$(cat)
    if grep -qE -- "$2" <<<"$found" && ! grep -qvE -- "$2" <<<"$found"; then
        none "$1" </dev/null
    else
        none "$1" <<<"no such line: $2; but: $found"
    fi
}

"$softeuicc" --completion bash >"$work/completion" || exit 1
. "$work/completion"
subcommands() {
    local place='' options offers
    _softeuicc_words
    printf '%s\n' $offers
}

# --- what the program knows is written --------------------------------------------------------------------------------------

# Lines "PATH OPTIONS": every command, and what it takes. Read from the program's completion.
sed -n "s/^    ' \([a-z -]*\)') options='\([^']*\)'.*/\1:\2/p" "$work/completion" >"$work/known"
sed -n "s/^    '[a-z -]*') options='\([^']*\)'.*/\1/p" "$work/completion" | tr ' ' '\n' | grep . | sort -u >"$work/options"

# undocumented DIR: options that are not in --help of their command, or not in the manual page of its subcommand in DIR.
undocumented() {
    local path options option
    while IFS=: read -r path options; do
        # shellcheck disable=SC2086 # words
        "$softeuicc" $path --help >"$work/help" </dev/null || printf '%s --help: status %s\n' "$path" $?
        awk 'length($0) > 0 { n = gsub(/[\200-\277]/, "&"); if (length($0) > 100 + n) print }' "$work/help" | sed "s/^/$path --help, too long: /"
        for option in $options; do
            grep -qE -- "(^|[ ,])$option( |\[=|\$)" "$work/help" || printf '%s %s: not in its help\n' "$path" "$option"
            [ "$option" = --help ] || grep -qE -- "^\.It .*Fl -${option#--}( |\$)" "$1/softeuicc-${path%% *}.1" ||
                printf '%s %s: not in softeuicc-%s(1)\n' "$path" "$option" "${path%% *}"
        done
    done <"$work/known"
}

# unwrapped FILE: a manual page's text in one line, as words stand in it.
unwrapped() {
    sed -e '/^\.\(Bl\|El\|Pp\|It\|Sh\|Ss\|Nm\)/s/.*/ /' -e 's/\\&//g' -e 's/\\e/\\/g' -e 's/\\-/-/g' "$1" | tr '\n' ' ' | tr -s ' '
}

# unhelpful DIR: commands whose --help does not begin with their own usage, does not say in a sentence or more what they are for, in the
# words of the manual page in DIR, has no list of options, or says something else for -h. Among them those whose name is the first word of
# another one's.
unhelpful() {
    local path options page text first
    while IFS=: read -r path options; do
        # shellcheck disable=SC2086 # words
        "$softeuicc" $path --help >"$work/help" 2>"$work/err" </dev/null || printf '%s --help: status %s\n' "$path" $?
        # shellcheck disable=SC2086 # words
        "$softeuicc" $path -h 2>&1 </dev/null | cmp -s - "$work/help" || printf '%s -h: not as --help\n' "$path"
        [ ! -s "$work/err" ] || printf '%s --help: says something on standard error\n' "$path"
        grep -qE "^Usage: softeuicc $path( |\$)" "$work/help" || printf '%s --help: not its usage\n' "$path"
        # The usage takes lines that are indented; then comes the text, up to the next empty line.
        text=$(awk '/^Usage/ { usage = 1; next } usage && /^$/ { if (begun) exit; next } usage && (begun || !/^ /) { begun = 1; print }' \
            "$work/help" | tr '\n' ' ' | tr -s ' ' | sed 's/ $//')
        [[ $text =~ ^[A-Z].*[.:…]$|^eUICC.*[.:…]$ ]] || printf '%s --help: no sentence says what it is for: %s\n' "$path" "$text"
        ! grep -qiE '^[a-z]+ (it|one)( (in|on|off))?\.$|^no ' <<<"$text" || printf '%s --help: of what? %s\n' "$path" "$text"
        grep -q -- '--help ' "$work/help" || printf '%s --help: no options\n' "$path"
        page=$(unwrapped "$1/softeuicc-${path%% *}.1")
        [[ $page == *"$text"* ]] || printf '%s --help: other words than the manual page: %s\n' "$path" "$text"
        first=${path% *}
        # shellcheck disable=SC2086 # words
        [ "$first" = "$path" ] || "$softeuicc" $first --help >/dev/null 2>&1 </dev/null || printf '%s --help: status %s\n' "$first" $?
    done <"$work/known"
}

# --- what is written, the program knows -------------------------------------------------------------------------------------

# invocations FILE…: lines "FILE: WORDS", a line of words for each "softeuicc SUBCOMMAND …" in scripts, examples and texts.
invocations() {
    local file
    for file in "$@"; do
        sed -e ':a' -e '/\\$/{N;s/\\\n/ /;ba' -e '}' "$file" |
            grep -oE "softeuicc\"? +[a-z]+ [^|;&>\`']*" | sed -e 's/^softeuicc"* *//' -e "s|^|$file: |"
    done
}

# unknown: of lines as those, the options that their command does not know.
unknown() {
    local file words word
    local place values options offers
    while IFS=' ' read -r file words; do
        place=''
        # shellcheck disable=SC2086 # words
        set -f -- $words
        set +f
        while [ $# -gt 0 ]; do
            word=${1//[\"\',)(]/}
            shift
            case $word in
            --?*)
                if [ -n "$place" ]; then
                    _softeuicc_words
                    [[ " $options " = *" ${word%%=*} "* ]] || printf '%s softeuicc%s %s\n' "$file" "$place" "$word"
                fi
                if [[ $word != *=* ]] && _softeuicc_value "$word" && [ $# -gt 0 ]; then shift; fi
                ;;
            -*) if _softeuicc_value "$word" && [ $# -gt 0 ]; then shift; fi ;;
            '$'*) # perhaps a command that a variable names
                _softeuicc_words
                [ -z "$offers" ] || place=''
                ;;
            *) _softeuicc_step "$word" ;;
            esac
        done
    done
}

# nowhere FILE…: options in `…` and, in man/, behind .Fl, that no command knows. Those of other programs are listed here.
foreign='--with --without-[a-z]+ --enable-[a-z]+ --disable-polkit --prefix --cacert --host'
nowhere() {
    { grep -ohE '`--[a-z0-9-]+' "$@" | tr -d '`'; grep -ohE 'Fl -[a-z0-9-]+' "$@" | sed 's/^Fl -/--/'; } | sort -u |
        grep -vxE -- "${foreign// /|}" | grep -vxFf "$work/options"
}

# --- controls: what is wrong is found ---------------------------------------------------------------------------------------
mkdir "$work/man"
for name in $(subcommands); do printf '.It Fl -nothing\n' >"$work/man/softeuicc-$name.1"; done
unhelpful "$work/man" | some "a help that no page has is found" 'other words than the manual page: '
undocumented "$work/man" | some "an option that no page has is found" 'not in softeuicc-[a-z]+\(1\)$'
printf '%s\n' 'softeuicc pki init --dir d --no-such' '"$softeuicc" create --card c --pki p \' '  --trace' 'softeuicc run --card c --trace' >"$work/wrong"
invocations "$work/wrong" | unknown | some "an option of no command, or of another one, is found" 'pki init --no-such$|create --trace$'
printf 'say `--no-such`, or `--dir`\n.It Fl -never\n' >"$work/wrong"
nowhere "$work/wrong" | some "one that a text names is found, too" '^--(no-such|never)$'

# --- completion -------------------------------------------------------------------------------------------------------------
# completed WORD…: what bash offers for the last one, in one line.
completed() {
    local COMP_WORDS=(softeuicc "$@") COMP_CWORD=$# COMPREPLY=()
    _softeuicc 2>/dev/null
    printf '%s' "${COMPREPLY[*]}"
}

# offers EXPECTED WORD…
offers() {
    local expected=$1 got
    shift
    got=$(completed "$@")
    if [ "$got" = "$expected" ]; then
        printf 'ok - completion of: %s\n' "$*"
    else
        none "completion of: $*" <<<"expected: $expected; got: $got"
    fi
}

"$softeuicc" --completion 2>&1 | some "completion of no shell is refused" "'--completion' needs a value"
"$softeuicc" --completion csh 2>&1 | some "and of one that is not known" '--completion is not bash or zsh: csh'
touch "$work/card.db"
offers "create" cre
offers "pki profile" p
offers "init" pki i
offers "--dir --days" pki init --d
offers "p256 brainpool" pki init --curve ''
offers "$work/card.db" create --card "$work/ca"
offers "$work/card.db" run -c "$work/ca"
offers "hybrid" create --card pki --personality h
"$softeuicc" lpa --help >/dev/null 2>&1 && {
    offers "nickname notifications" lpa --card list n
    offers "process" lpa --json notifications p
    offers "--keep-notifications" lpa download --k
}
"$softeuicc" eim --help >/dev/null 2>&1 && {
    offers "fallback" eim order fall
    offers "set" eim order fallback s
    offers "--iccid" eim order --eid 1 enable --iccid 2 then fallback set --i
    offers "--rollback" eim enable --r
    offers "off error info debug" eim --log ''
}

# --- the checks -------------------------------------------------------------------------------------------------------------
undocumented "$(dirname "$softeuicc")/man" | none "every option is in its command's help and manual page, in lines of 100 columns"
unhelpful "$(dirname "$softeuicc")/man" | none "every command's help has its usage, what it is for and its options, as its manual page"
invocations README.md docs/*.md man/*.mdoc tests/e2e/*.sh | unknown | none "every option that stands behind a command exists there"
nowhere README.md docs/*.md man/*.mdoc | none "every option that a text names exists"
[ $failures -eq 0 ]
