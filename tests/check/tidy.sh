#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tidy.sh ROOT BUILD: clang-tidy (see .clang-tidy) over the sources of the host build in BUILD, tests
# excepted. What passed is not looked at again until it, any header, or the rules change.
set -euo pipefail
root=$1 build=$2
stamps=$build/tidy
mkdir -p "$stamps"
cd "$root"
headers=$( (cat .clang-tidy; git -c safe.directory='*' ls-files '*.hpp' '*.h' | sort | xargs cat) | sha256sum | cut -c1-16)
# A build may compile several sources as one, which then are looked at as one.
sources() { sed -n 's/^#include "\(.*\)"$/\1/p' "$1" | grep -x "$root/.*\.cpp" || echo "$1"; }
export root build stamps headers
export -f sources

one() {
    local file=$1 stamp
    stamp=$stamps/$( (echo "$headers $file"; sources "$file" | xargs -d '\n' cat) | sha256sum | cut -c1-32)
    [ ! -e "$stamp" ] || return 0
    # libstdc++ 12 shows <expected> only to compilers with C++23's concepts: Clang 19 has them. It does
    # not know all of GCC's warning options, and is of another mind about what is deprecated, and about
    # a C function whose C twin returns a struct of the same layout.
    clang-tidy-19 --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option \
        --extra-arg=-Wno-deprecated-declarations --extra-arg=-Wno-return-type-c-linkage "$file" \
        2> /dev/null || return 1
    touch "$stamp"
}
export -f one
# Only what the host build compiles, so that the compiler's options are known.
sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json" | sort -u |
    while read -r file; do
        # Not grep -q: it would end before who writes to it, which then counts as failed.
        if sources "$file" | grep -E '^('"$root"')/(lib|picokit|components|tools)/.*\.cpp$' |
            grep -vE '/test/|_test\.cpp$' > /dev/null; then
            echo "$file"
        fi
    done |
    xargs -r -d '\n' -n 1 -P "$(nproc)" bash -c 'one "$0"'
