#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `vmm check` finds on the device trees that Debian's kernel 6.12 ships for boards of ours: on each tree
# alone, and on each as the tree of a guest that is given the board's console and nothing else.
#
#   tests/debian_trees/check.sh VMM TREES OUTPUT     TREES: by tools/guest/fetch.sh … trees
#
# Findings are judged by a person: README.md says how. Here, findings on trees alone that are not in
# judged.txt fail, and so do judged ones that are not found any more.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# finds FILE OPTIONS…: the findings, one a line, in $work/found. Exit code 2 is a call that makes no sense.
finds() {
    local code=0
    "$vmm" check "$@" --all > "$work/said" 2>&1 || code=$?
    [ "$code" -le 1 ] || { cat "$work/said" >&2; fail "vmm check $* ended with $code"; }
    grep -E ' \[[a-z-]+\]$' "$work/said" | grep -v '^ ' > "$work/found" || true
}
# by_rule FILE: "rule number" of findings
by_rule() { sed 's/.*\[\([a-z-]*\)\]$/\1/' "$1" | sort | uniq -c | awk '{ printf "  %-34s %3d\n", $2, $1 }'; }

: > "$work/alone"
count=0
while read -r board tree device; do
    case $board in '#'* | '') continue ;; esac
    must_have "$tree"
    [ -f "$root/boards/$board/board.json" ] || fail "there is no board $board: correct boards.txt"
    count=$((count + 1))
    finds "$trees/$tree.dtb"
    # "imx8mm-evk.dtb: /psci: warning: … [psci-by-smc]"
    sed "s/^\([^:]*\): \([^:]*\): .*\[\([a-z-]*\)\]\$/$board \2 \3/" "$work/found" >> "$work/alone"
    {
        printf '\n%s: %s\n\nalone:\n\n' "$board" "$tree.dtb"
        sed 's/^[^:]*: /  /' "$work/found"
    } >> "$work/table"
    cat > "$work/$board.layout.xml" <<XML
<system>
    <timer name="timer" />
    <guest name="linux" image="linux.elf" ram="0x8000000">
        <passthrough device="$device" />
    </guest>
</system>
XML
    finds "$work/$board.layout.xml" --board "$board" --guest-dtb "$trees/$tree.dtb"
    grep -q 'node-unmapped' "$work/found" || { cat "$work/said" >&2; fail "$board: a guest with one device of many got no node-unmapped"; }
    {
        printf '\nas the tree of a guest that has %s alone, findings by rule:\n\n' "$device"
        by_rule "$work/found"
        printf '\nand of these, those about the console:\n\n'
        node=$(sed -n 's/.*: \(\/[^:]*serial@[^:]*\): error: clocks of.*/\1/p' "$work/found" | head -n 1)
        grep -F " $node: " "$work/found" | sed 's/^[^:]*: /  /' || echo "  none"
    } >> "$work/table"
done < "$here/boards.txt"
[ "$count" -ge 5 ] || fail "boards.txt has lost its boards"

write_output << 'TEXT'
What `vmm check` finds on @TREES@: by ./test --long
on @RUN@. How the findings were judged: tests/debian_trees/README.md.
TEXT

sort "$work/alone" > "$work/have"
sed '/^#/d' "$here/judged.txt" | cut -d' ' -f1-3 | sort > "$work/want"
diff "$work/want" "$work/have" > "$work/differs" || {
    cat "$work/differs" >&2
    fail "findings that judged.txt does not have (>), or has in vain (<): look at them, judge them, correct it"
}
echo "all findings on $count trees are those that were judged"
