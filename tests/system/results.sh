#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# results.sh FOLDER WHAT: the table of what the long tests recorded in FOLDER, one file a test. WHAT is linux
# (guests under load), siege (a hostile virtIO driver), features (of virtIO devices, on and off), boards (of QEMU's) or
# projects (SDKs, projects of one's own, the manual). Prints nothing if no test of that kind recorded anything.
set -euo pipefail
what=${2:?usage: results.sh FOLDER linux|siege|features|boards|projects}
cd "$1"
commit=$(git -c safe.directory='*' rev-parse --short HEAD 2> /dev/null || echo unknown)
found="what ./test --long found on $(date +%F) at commit $commit. A test that failed has no line."

# section PREFIX TITLE
section() {
    local files
    files=$(find . -name "$1_*.txt" | sort)
    [ -n "$files" ] || return 0
    [ -z "$title" ] || echo "$title: $found"
    title=
    printf '\n%s\n\n' "$2"
    # shellcheck disable=SC2086 # names of ours, without blanks
    cat $files
}
case $what in
linux)
    title="Linux guests"
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
    title="A guest that breaks every rule of virtIO among neighbours that notice nothing"
    section siege "each attack, and what the device made of it (neither: nothing had to come of it)"
    ;;
projects)
    title="What users build"
    section sdk "with an SDK directory that has no more than an official one"
    section project "projects on an installed tree that was moved"
    section manual "pages of the manual that take minutes, followed to the letter"
    ;;
boards)
    title="Boards that a newer QEMU has"
    section boards "Debian's kernel in a VM with the board's serial port, until it powers off (QEMU's version: the oldest that will do)"
    section built "built, not run: images of boards that QEMU does not have"
    ;;
features)
    title="Features of virtIO devices, on and off"
    section features "switched off (or set) in the layout: what is left is checked by a bare-metal driver and by Linux"
    section bits "taken alone and left out by a bare-metal driver, from all that the devices offer"
    ;;
esac
