# SPDX-License-Identifier: BSD-2-Clause
# For check.sh and needs.sh, which are called with VMM TREES OUTPUT: these three, a folder for $work, and what
# both do with trees and with their tables.
me=$(basename "$0")
vmm=${1:?usage: $me VMM TREES OUTPUT}
trees=${2:?usage: $me VMM TREES OUTPUT}
output=${3:?usage: $me VMM TREES OUTPUT}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/table"

fail() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }

# must_have TREE
must_have() {
    [ -s "$trees/$1.dtb" ] || fail "there is no $trees/$1.dtb; tools/guest/fetch.sh FOLDER trees fetches it"
}

# write_output: standard input, with @TREES@ and @RUN@ in words, and the table, to $output
write_output() {
    local commit
    commit=$(git -C "$root" -c safe.directory='*' rev-parse --short HEAD 2> /dev/null || echo unknown)
    mkdir -p "$(dirname "$output")"
    {
        sed -e "s|@TREES@|the device trees of Debian's kernel ($(cat "$trees/package"))|" \
            -e "s|@RUN@|$(date +%F) at commit $commit|"
        cat "$work/table"
    } > "$output"
}
