#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# commands.sh VMM PAGE: PAGE is what `VMM manual-chapter` prints.
set -euo pipefail
if ! "$1" manual-chapter | diff -u "$2" -; then
    echo "$2 is not what the commands say; make it anew: build/host/tools/vmm/vmm manual-chapter > docs/manual/commands.md"
    exit 1
fi
