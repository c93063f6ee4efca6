#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# pages.sh VMM HELP: what ./run shows before anything is built is what the program says; its man page,
# completion and the help of each command are there.
set -euo pipefail
vmm=$1
diff "$2" <("$vmm" --help) || { echo "make it anew: vmm --help > tools/vmm/help.txt" >&2; exit 1; }
is() { [ "$1" = "$2" ] || { printf 'completion: %s\nin place of: %s\n' "$1" "$2" >&2; exit 1; }; }
is "$("$vmm" complete b | tr '\n' ' ')" "bench board boards build "
is "$("$vmm" complete run --board qemu_virt_aarch64_ | tr '\n' ' ')" "qemu_virt_aarch64_gicv3 "
is "$("$vmm" complete run --config r)" release
is "$("$vmm" complete run two)" two-guests
is "$("$vmm" complete run --kernel x)" "<files>"
is "$("$vmm" complete new --device console,d)" console,disk
eval "$("$vmm" completion)"
COMP_WORDS=("$vmm" run sim)
COMP_CWORD=2
_vmm
is "${COMPREPLY[*]}" simple
page=$("$vmm" manual-page)
for command in $("$vmm" complete ''); do
    case $command in --help) continue ;; esac
    grep -q "vmm $command" <<< "$("$vmm" "$command" --help)" || { echo "no help of $command" >&2; exit 1; }
    grep -q "^\.SS vmm $command " <<< "$page" || { echo "$command is not in the man page" >&2; exit 1; }
done
