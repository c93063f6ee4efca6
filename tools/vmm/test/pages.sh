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
is "$("$vmm" complete run --config=r)" --config=release
# What `vmm needs` and `vmm new --passthrough` take: names of board.json, aliases, nodes and paths, but not the kernel's.
is "$("$vmm" complete needs --board zcu102 uart1)" uart1
is "$("$vmm" complete needs --board zcu102 serial | tr '\n' ' ')" "serial0 serial1 serial@ff000000 serial@ff010000 "
is "$("$vmm" complete needs --board=zcu102 /serial@ff01)" /serial@ff010000
is "$("$vmm" complete needs --board zcu102 interrupt-controller)" ""
is "$("$vmm" complete needs --board qemu_virt_aarch64 virtio_mmio.30)" virtio_mmio.30
is "$("$vmm" complete new --passthrough rtc)" rtc
is "$("$vmm" complete check --explain dma-u)" dma-unprotected
# As bash does it, which takes words apart at @ and =.
eval "$("$vmm" completion)"
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
replies_to() {
    COMP_LINE="$vmm $1" COMPREPLY=()
    COMP_POINT=${#COMP_LINE}
    _vmm
    is "${COMPREPLY[*]}" "$2"
}
replies_to "run sim" simple
replies_to "needs --board zcu102 serial@ff01" ff010000
replies_to "run --config=r" release
COMP_WORDBREAKS=' :'
replies_to "needs --board zcu102 serial@ff01" serial@ff010000
COMP_WORDBREAKS=' '
replies_to "run --config=r" --config=release
refuses() {
    local wanted=$1 said
    shift
    said=$("$vmm" "$@" 2>&1) && { echo "vmm $* does not fail" >&2; exit 1; }
    [ "$said" = "$wanted" ] || { printf 'vmm %s says: %s\nin place of: %s\n' "$*" "$said" "$wanted" >&2; exit 1; }
}
refuses "vmm build: there is no option --bord; is --board meant? (vmm build --help shows the options)" build --bord zcu102
refuses "vmm check: there is no option --loud (vmm check --help shows the options)" check --loud
refuses "vmm where: 'x' is one word too many (vmm where --help shows the options)" where x
refuses "vmm needs: NODE is required (vmm needs --help shows the options)" needs
page=$("$vmm" manual-page)
for command in $("$vmm" complete ''); do
    case $command in --help) continue ;; esac
    grep -q "vmm $command" <<< "$("$vmm" "$command" --help)" || { echo "no help of $command" >&2; exit 1; }
    grep -q "^\.SS vmm $command " <<< "$page" || { echo "$command is not in the man page" >&2; exit 1; }
done
