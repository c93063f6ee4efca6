#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# results.sh FOLDER: the table of what the long tests of Linux guests recorded in FOLDER, one file a test.
set -euo pipefail
cd "${1:?usage: results.sh FOLDER}"
commit=$(git -c safe.directory='*' rev-parse --short HEAD 2> /dev/null || echo unknown)
echo "Linux guests: what ./test --long found on $(date +%F) at commit $commit. A test that failed has no line."

# section PREFIX TITLE
section() {
    local files
    files=$(find . -name "$1_*.txt" | sort)
    [ -n "$files" ] || return 0
    printf '\n%s\n\n' "$2"
    # shellcheck disable=SC2086 # names of ours, without blanks
    cat $files
}
section matrix "kernel, vCPUs, GIC: no stall, BUG, WARNING or hung task in any log"
section power "CPUs off and on, reboots: as above"
section ticks "timer interrupts of CPUs that are all busy, against time (nohz=off highres=off); one counter on all CPUs"
section stress "cyclictest while stress-ng works, then hackbench; an instruction takes 8 ns: no stall, no complaint"
section simulation "guests, VMMs, components and devices on the host, one schedule a seed"
