#!/usr/bin/env bash
# What "make install" leaves: the program, the manual, the library; and the README's example, compiled against the library as anybody would.
set -u
. "$(dirname "$0")/lib.sh"
need cc make pkg-config nm
build=$(dirname "$softeuicc")
readme=$(dirname "$0")/../../README.md
root=$work/root
[ -f "$build/Makefile" ] || skip_all "the program does not lie in a build directory"

make -C "$build" install DESTDIR="$root" >"$work/install.log" 2>&1 || not_ok "make install" "$work/install.log"
prefix=$(find "$root" -name softeuicc.pc -printf '%h' -quit)
prefix=${prefix%/lib*/pkgconfig}
check "the program is installed" test -x "$prefix/bin/softeuicc"
check "the manual is installed" test -s "$prefix/share/man/man1/softeuicc.1"
check "and a page for each subcommand" test -s "$prefix/share/man/man1/softeuicc-create.1"
check "completion for bash is installed" bash -n "$prefix/share/bash-completion/completions/softeuicc"
check "and for zsh" test -s "$prefix/share/zsh/site-functions/_softeuicc"
check "the header is installed" test -s "$prefix/include/softeuicc.h"
check "the installed program runs" env LD_LIBRARY_PATH="$prefix/lib" "$prefix/bin/softeuicc" --version

# pkg-config puts DESTDIR in front of what the file says.
export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=$prefix/lib/pkgconfig
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$readme" >"$work/eid.c"
check "the README has an example" grep -q softeuicc_transmit "$work/eid.c"
if grep -q '^SOFTEUICC_CFLAGS = .*-fsanitize' "$build/Makefile"; then
    printf 'skip - the example against the library (a sanitizer build does not link with a plain program)\n'
else
    # shellcheck disable=SC2046 # these are words
    check "the example compiles with what pkg-config says" \
        cc -Wall -Wextra -Werror -o "$work/eid" "$work/eid.c" $(pkg-config --cflags --libs softeuicc)
    "$softeuicc" pki init --dir "$work/pki" >/dev/null
    "$softeuicc" create --card "$work/card.db" --pki "$work/pki" --eid 89049032123451234512345678901235 >/dev/null
    is "the example reads the card's EID" 89049032123451234512345678901235 \
        "$(LD_LIBRARY_PATH=$prefix/lib "$work/eid" "$work/card.db")"
    exported=$(nm -D --defined-only "$prefix/lib/libsofteuicc.so" | awk '$2 == "T" { print $3 }')
    is "the library exports its own names only" "" "$(grep -v '^softeuicc_' <<<"$exported")"
    is "and all that the header declares" "$(grep -o '\bsofteuicc_[a-z_]*(' "$prefix/include/softeuicc.h" | tr -d '(' | grep -v '^softeuicc_api$' | sort -u)" \
        "$(sort <<<"$exported")"
fi
finish
