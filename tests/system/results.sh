#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# results.sh FOLDER WHAT: the table of what the long tests recorded in FOLDER, one file a test. WHAT is linux
# (guests under load), siege (a hostile virtIO driver), features (of virtIO devices, on and off) or boards (of QEMU's).
set -euo pipefail
what=${2:?usage: results.sh FOLDER linux|siege|features|boards}
cd "$1"
commit=$(git -c safe.directory='*' rev-parse --short HEAD 2> /dev/null || echo unknown)
found="what ./test --long found on $(date +%F) at commit $commit. A test that failed has no line."

# section PREFIX TITLE
section() {
    local files
    files=$(find . -name "$1_*.txt" | sort)
    [ -n "$files" ] || return 0
    printf '\n%s\n\n' "$2"
    # shellcheck disable=SC2086 # names of ours, without blanks
    cat $files
}
case $what in
linux)
    echo "Linux guests: $found"
    section matrix "kernel, vCPUs, GIC: no stall, BUG, WARNING or hung task in any log"
    section power "CPUs off and on, reboots: as above"
    section ticks "timer interrupts of CPUs that are all busy, against time (nohz=off highres=off); one counter on all CPUs"
    section stress "cyclictest while stress-ng works, then hackbench; an instruction takes 8 ns: no stall, no complaint"
    section virtio "Debian with systemd on virtIO devices"
    section fio "every block that fio writes to a virtIO disk is read back and compared"
    section vsock "sockets between two guests, and between a guest and a program without one"
    section simulation "guests, VMMs, components and devices on the host, one schedule a seed"
    ;;
siege)
    echo "A guest that breaks every rule of virtIO among neighbours that notice nothing: $found"
    section siege "each attack, and what the device made of it (neither: nothing had to come of it)"
    ;;
boards)
    echo "Boards that a newer QEMU has: $found"
    section boards "Debian's kernel in a VM with the board's serial port, until it powers off (QEMU's version: the oldest that will do)"
    section built "built, not run: images of boards that QEMU does not have"
    ;;
features)
    echo "Features of virtIO devices, on and off: $found"
    section features "switched off (or set) in the layout: what is left is checked by a bare-metal driver and by Linux"
    section bits "taken alone and left out by a bare-metal driver, from all that the devices offer"
    ;;
esac
