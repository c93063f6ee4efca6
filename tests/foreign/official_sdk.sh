#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# official_sdk.sh FROM TO: picokit's SDK in FROM as an SDK directory in TO that has no more than an official one:
# a header for C alone, a library and a linker script that know nothing of picokit, and a tool that refuses what
# only ours takes. What is built and run with it needs nothing of picokit but that it runs.
set -euo pipefail
from=${1:?usage: official_sdk.sh FROM TO}
result=${2:?usage: official_sdk.sh FROM TO}
to=$result.$$
trap 'rm -rf "$to"' EXIT
mkdir -p "$to" "$result"
cp -r "$from/." "$to"
echo 2.3.0 > "$to/VERSION"

for board in "$to"/board/*/*/; do
    rm -r "$board/include/picokit.h"
    mv "$board/include/microkit.h" "$board/include/microkit_for_c.h"
    printf '%s\n' '#ifdef __cplusplus' '#error "an official microkit.h is for C"' '#endif' \
        '#include "microkit_for_c.h"' > "$board/include/microkit.h"
    aarch64-linux-gnu-ar d "$board/lib/libmicrokit.a" picokit.c.obj
    # Names of sections are matched as in an official script: .rodata and .data exactly, the rest are orphans.
    cat > "$board/lib/microkit.ld" << 'SCRIPT'
PHDRS
{
    text PT_LOAD;
    data PT_LOAD;
}
ENTRY(_start)
SECTIONS
{
    . = 0x200000;
    .text :
    {
        _text = .;
        *(.text.start)
        *(.text*)
        *(.rodata)
        _text_end = .;
    } :text
    . = ALIGN(0x1000);
    .init_array :
    {
        __init_array_start = .;
        *(SORT_BY_INIT_PRIORITY(.init_array.*))
        *(.init_array)
        __init_array_end = .;
    } :data
    .data :
    {
        _data = .;
        *(.data)
        *(.data.rel*)
        _data_end = .;
    } :data
    .bss :
    {
        _bss = .;
        *(.bss*)
        *(COMMON)
        _bss_end = .;
    } :data
}
SCRIPT
done

mv "$to/bin/microkit" "$to/bin/picokit_tool"
cat > "$to/bin/microkit" << 'TOOL'
#!/usr/bin/env bash
# What an official tool would not take, then picokit's.
set -euo pipefail
sdk=$(cd "$(dirname "$0")/.." && pwd)
system=$1 # a search path would swallow it anywhere else
refuse() {
    echo "$system: an official tool refuses this: $*" >&2
    exit 1
}
while [ $# -gt 0 ]; do
    case $1 in
    --board) board=$2 ;;
    --config) config=$2 ;;
    esac
    arguments+=("$1")
    shift
done
# These numbers are decimal, without a prefix or an underscore.
for element in irq end vcpu; do
    odd=$(grep -oE "<$element [^>]*" "$system" | grep -oE ' (id|irq)="[^"]*[^"0-9][^"]*"' || true)
    [ -z "$odd" ] || refuse "<$element$odd>"
done
# At the end of RAM are the first objects of the kernel.
ends=$(awk -F '[:,]' '/"ram"/ { ram = 1 } /]/ { ram = 0 } ram && /"start"/ { start = $2 }
    ram && /"size"/ { printf "%.0f\n", start + $2 }' "$sdk/board/$board/$config/board.json")
[ -n "$ends" ] || refuse "the board has no RAM"
for place in $(grep -oE 'phys_addr="[^"]*"' "$system" | tr -d '_"' | cut -d= -f2); do
    for end in $ends; do
        if ((place < end && place >= end - 0x800000)); then
            refuse "phys_addr=\"$place\" is the kernel's"
        fi
    done
done
MICROKIT_SDK=$sdk exec "$sdk/bin/picokit_tool" "${arguments[@]}"
TOOL
chmod +x "$to/bin/microkit"

# What has not changed stays, so that nobody builds anew for it.
(cd "$to" && find . -type f) | while read -r file; do
    if ! cmp -s "$to/$file" "$result/$file"; then
        mkdir -p "$(dirname "$result/$file")"
        cp "$to/$file" "$result/$file"
    fi
done
