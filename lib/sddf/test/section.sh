#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# section.sh COMPILER INCLUDE-DIR…   a configuration object that nobody fills keeps its section, with
# contents, through the optimiser and the linker's garbage collection; objcopy can fill it.
set -euo pipefail
compiler=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/program.cpp" <<'CODE'
#include "sddf/config.hpp"
#include "sddf/serial.hpp"
SDDF_CONFIG(".serial_client_config") sddf::serial::ClientConfig config;
SDDF_CONFIG(".device_resources") sddf::DeviceResources unused;
int main() { return config.tx.id; }
CODE
"$compiler" -std=c++23 -O2 -ffunction-sections -fdata-sections "${@/#/-I}" \
    "$folder/program.cpp" -Wl,--gc-sections -o "$folder/program"

expect() { # SECTION SIZE(hex)
    local line
    line=$(readelf -SW "$folder/program" | sed 's/^ *\[ *[0-9]*\] *//' | grep "^\\$1 ") || { echo "$compiler drops $1"; exit 1; }
    read -r _ type _ _ size _ <<< "$line"
    [ "$type" = PROGBITS ] || { echo "$1 has no contents: $type"; exit 1; }
    [ $((16#$size)) -eq "$2" ] || { echo "$1 has $((16#$size)) bytes, not $2"; exit 1; }
}
expect .serial_client_config 88
expect .device_resources 1608

# Byte 48 + 32 is tx.id.
head -c 88 /dev/zero > "$folder/data"
printf '\x2a' | dd of="$folder/data" bs=1 seek=80 conv=notrunc status=none
objcopy --update-section .serial_client_config="$folder/data" "$folder/program"
status=0
"$folder/program" || status=$?
[ "$status" -eq 42 ] || { echo "the program read $status instead of what was written into it"; exit 1; }
