#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# build.sh ROOT MANUAL_PAGES OUT VERSION [html|dummy]: makes the manual of the project ROOT in OUT/html. Any
# warning of Sphinx is an error: a link that leads nowhere, a page that nothing leads to. `dummy` looks for those and
# writes nothing.
set -euo pipefail
root=$1 pages=$2 out=$3 version=$4 builder=${5:-html}
for program in doxygen sphinx-build; do
    if ! command -v "$program" > /dev/null; then
        echo "build.sh: $program is missing. ./run manual installs what the manual needs;" \
            "the packages are in section [manual] of cmake/packages.txt" >&2
        exit 1
    fi
done
mkdir -p "$out/doxygen" "$out/pages"
{
    cat "$root/tools/manual/Doxyfile"
    echo "OUTPUT_DIRECTORY = \"$out/doxygen\""
    printf 'INPUT ='
    printf ' "%s"' "$root"/lib/*/include
    echo
    echo "STRIP_FROM_INC_PATH = $(printf ' "%s"' "$root"/lib/*/include)"
} > "$out/doxygen/Doxyfile"
doxygen "$out/doxygen/Doxyfile" 2> "$out/doxygen/warnings.txt" # of words like <vcpu> in comments
"$pages" "$root" "$out/doxygen/xml" "$out/pages"
LIBVMM_VERSION=$version sphinx-build -q -W --keep-going -j auto -b "$builder" \
    -d "$out/doctrees-$builder" "$out/pages" "$out/$builder"
