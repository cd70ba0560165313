#!/usr/bin/env bash
# "make coverage": builds an instrumented tree, runs every test in it, and shows how many lines of the card they reach.
# Usage: tests/coverage.sh BUILD-DIRECTORY. SOFTEUICC_E2E=no leaves the end-to-end scripts out.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -eq 1 ] || { echo "usage: $0 BUILD-DIRECTORY" >&2; exit 2; }
mkdir -p "$1"
build=$(cd "$1" && pwd)
command -v lcov >/dev/null || { echo "lcov is needed: sudo apt-get install lcov" >&2; exit 1; }

cd "$build"
[ -f Makefile ] || CC=gcc "$root/configure" --quiet --enable-coverage CFLAGS="-g"
make -j"$(nproc)" >build.log 2>&1 || { tail -n 20 build.log >&2; exit 1; }
find . -name '*.gcda' -delete
failed=
make -j"$(nproc)" -k check >check.log 2>&1 || failed="unit tests (see $build/check.log)"
if [ "${SOFTEUICC_E2E:-yes}" != no ]; then
    for script in "$root"/tests/e2e/*.sh; do
        [ -f "$script" ] && [ "${script##*/}" != lib.sh ] || continue
        log=e2e-$(basename "$script" .sh).log
        status=0
        SOFTEUICC=$build/softeuicc bash "$script" >"$log" 2>&1 </dev/null || status=$?
        [ $status -eq 0 ] || [ $status -eq 77 ] || failed="$failed ${script##*/} (see $build/$log)"
    done
fi

# The first capture counts what no test has even loaded.
{
    lcov --quiet --capture --initial --directory . --no-external --base-directory "$root" --output-file base.info
    lcov --quiet --capture --directory . --no-external --base-directory "$root" --output-file run.info
    lcov --quiet --add-tracefile base.info --add-tracefile run.info --output-file all.info
} 2>lcov.log || { tail -n 5 lcov.log >&2; exit 1; }
lcov --quiet --extract all.info "$root/apdu/*" "$root/crypto/*" "$root/profiles/*" "$root/euicc/*" --output-file card.info

# One line per file, one per folder, and the total, from lcov's own records.
awk -v root="$root/" '
    /^SF:/ { file = substr($0, 4); sub(root, "", file) }
    /^LF:/ { found[file] = substr($0, 4) }
    /^LH:/ { hit[file] = substr($0, 4) }
    function line(name, f, h) { return sprintf("%-34s %5d of %5d lines  %5.1f %%", name, h, f, f ? 100 * h / f : 0) }
    END {
        for (file in found) {
            folder = substr(file, 1, index(file, "/"))
            folder_found[folder] += found[file]; folder_hit[folder] += hit[file]
            all_found += found[file]; all_hit += hit[file]
            print line(file, found[file], hit[file]) | "sort"
        }
        close("sort")
        print ""
        for (folder in folder_found) print line(folder, folder_found[folder], folder_hit[folder])
        print line("coverage", all_found, all_hit)
    }' card.info
if command -v genhtml >/dev/null; then
    genhtml --quiet --prefix "$root" --output-directory html card.info >/dev/null 2>&1 && echo "lines in colour: $build/html/index.html"
fi
[ -z "$failed" ] || { echo "some tests failed: $failed" >&2; exit 1; }
