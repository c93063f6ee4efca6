#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# panic_paths.sh LIST PROGRAM…: finds in linked programs every function that can end the program: a
# trap instruction, a branch to itself, or a call of a function that crashes on purpose. Each must be in
# LIST with the reason why no guest leads there. Indirect calls need no care: all functions count.
set -euo pipefail
list=$1
shift
objdump=aarch64-linux-gnu-objdump
status=0
for program; do
    [ -e "$program" ] || { echo "$program is not there: build it first" >&2; exit 1; }
    found=$($objdump -d --no-show-raw-insn "$program" | awk '
        /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); next }
        !/^ *[0-9a-f]+:\t/ { next }
        { at = $1; sub(/:/, "", at); what = $2 }
        what == "brk" || what == "hlt" || (what == "udf" && $3 != "#0") { print name }
        what == "b" && $3 == at { print name }
        what ~ /^(b|bl|b\..*|cbn?z|tbn?z)$/ &&
            /<(fail|seam_crash|picokit_call_failed|microkit_internal_crash|abort|__assert_fail|__stack_chk_fail|_ZN4base5panic[^>]*)>$/ { print name }
    ' | sort -u)
    [ -n "$found" ] || { echo "$program: found nothing at all, which cannot be" >&2; exit 1; }
    unknown=0
    for function in $found; do
        if ! grep -q "^$function " "$list"; then
            echo "$program: $function can end the program; nothing in $list says why no guest leads there" >&2
            unknown=$((unknown + 1))
            status=1
        fi
    done
    echo "$program: $(wc -w <<< "$found") functions can end it, $unknown unknown"
done
exit $status
