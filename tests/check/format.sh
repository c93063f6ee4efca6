#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# format.sh ROOT: every C and C++ file is as clang-format 14 would have it.
set -euo pipefail
cd "$1"
git -c safe.directory='*' ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' '*.c' '*.h' |
    while read -r file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
    xargs -0 -r -n 20 -P "$(nproc)" clang-format-14 --dry-run -Werror
