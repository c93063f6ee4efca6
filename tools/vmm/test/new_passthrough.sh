#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# new_passthrough.sh VMM CASES: `vmm new --passthrough` makes a project whose layout has the device, or says to
# the letter why not and makes nothing.
set -euo pipefail
vmm=$1 count=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Each way to name a device. The layout means something: `vmm graph` reads it as the build does.
for device in uart1 serial1 serial@ff010000 /serial@ff010000; do
    project=$folder/made-$((++count))
    "$vmm" new "$project" --name made --board zcu102 --guest bare-metal --passthrough "$device" --yes > "$folder/said"
    grep -qF "a bare-metal guest on zcu102 with console, and $device for itself." "$folder/said" ||
        fail "vmm new says: $(cat "$folder/said")"
    grep -qxF "        <passthrough device=\"$device\" />" "$project/made.layout.xml" ||
        fail "no $device in: $(cat "$project/made.layout.xml")"
    # Its registers are mapped, and its interrupt is its VMM's.
    (cd "$project" && "$vmm" graph --json) > "$folder/system.json" || fail "vmm graph does not read the layout"
    for part in '"physical": 4278255616' '"number": 54'; do
        grep -qF "$part" "$folder/system.json" || fail "no $part of $device in: $(cat "$folder/system.json")"
    done
done
# A folder that cannot be is refused before anything else is asked or looked at.
said=$("$vmm" new "$folder/made-1" --name made --board none 2>&1) && fail "a project was made over another"
[ "$said" = "vmm new: $folder/made-1 is a project already: it has a vmm.json" ] || fail "vmm new says: $said"
(cd "$folder/made-1" && "$vmm" check) || fail "vmm check finds something in the project"

# Blocks of CASES: "$ ARGUMENTS", then all that is printed.
cases=0
check_case() {
    [ -n "$arguments" ] || return 0
    local said words
    read -ra words <<< "$arguments"
    said=$("$vmm" new "$folder/refused" --name made --guest bare-metal --yes "${words[@]}" 2>&1) &&
        fail "it does not fail: $arguments"
    said=$(sed -E 's,`[^ ]*(run|vmm) needs,`vmm needs,' <<< "$said")
    [ "$said" = "${wanted%$'\n'}" ] || fail "$arguments"$'\nsays:\n'"$said"$'\nin place of:\n'"${wanted%$'\n'}"
    [ ! -e "$folder/refused" ] || fail "a refused project was made: $arguments"
    cases=$((cases + 1))
}
arguments=
while IFS= read -r line; do
    case $line in
    '$ '*)
        check_case
        arguments=${line#'$ '} wanted=
        ;;
    '') ;;
    *) wanted+=$line$'\n' ;;
    esac
done < "$2"
check_case
[ "$cases" -ge 6 ] || fail "only $cases cases were read"
