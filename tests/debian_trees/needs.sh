#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a guest must have for the UART, the MMC controller, the Ethernet and an I2C controller of each board
# of needs.txt, by `vmm needs` on the device trees that Debian's kernel ships.
#
#   tests/debian_trees/needs.sh VMM TREES OUTPUT     TREES: by tools/guest/fetch.sh … trees
#
# Each device is asked for twice: as it is, which may be refused because others need its providers, too;
# and with the first way out that each refusal names, which must go, with the device's registers and
# interrupts, and nodes that dtc takes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

count=0
while read -r tree device; do
    case $tree in '#'* | '') continue ;; esac
    must_have "$tree"
    count=$((count + 1))
    printf '\n%s %s\n' "$tree" "$device" >> "$work/table"
    choices=()
    # Leaving one thing may show that something else is needed.
    for _ in 1 2 3 4 5 6 7 8; do
        code=0
        "$vmm" needs "$device" --board-dtb "$trees/$tree.dtb" "${choices[@]}" > "$work/said" 2>&1 || code=$?
        [ "$code" = 1 ] || break
        grep '^error:' "$work/said" | sed 's/^/  /' >> "$work/table"
        while read -r word node; do
            choices+=("--$word" "$node")
            printf '  --%s %s\n' "$word" "$node" >> "$work/table"
        done < <(sed -nE 's/^ +hint: [^(]*\((pass [^)]*\)[^(]*\()?(leave|share|give) ([^),]+).*/\2 \3/p' "$work/said")
    done
    [ "$code" = 0 ] || { cat "$work/said" >&2; fail "$tree $device: refused, whatever is done"; }
    sed 's/^/  /' "$work/said" >> "$work/table"
    grep -q '    registers 0x' "$work/said" || fail "$tree $device: no registers"
    grep -q '    interrupt ' "$work/said" || fail "$tree $device: no interrupt"
    "$vmm" needs "$device" --board-dtb "$trees/$tree.dtb" "${choices[@]}" --nodes > "$work/nodes.dts"
    dtc -q -I dts -O dtb -o /dev/null "$work/nodes.dts" || fail "$tree $device: dtc refuses its nodes"
done < "$here/needs.txt"
[ "$count" -ge 20 ] || fail "needs.txt has lost its devices"

write_output << 'TEXT'
What `vmm needs` says of devices in @TREES@: by
./test --long on @RUN@. First what is refused, with the way out that was taken; then what the guest gets.
TEXT
echo "$count devices can be given, each by the ways out that its refusals name"
