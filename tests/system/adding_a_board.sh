#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs the commands of docs/manual/adding-a-board.md, as they stand there, in a copy of the project, and
# boots what comes of it: the device tree is that of a machine that QEMU has.
#
#   tests/system/adding_a_board.sh SCRATCH-FOLDER
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
scratch=${1:?usage: adding_a_board.sh SCRATCH-FOLDER}
fail() { printf 'adding_a_board.sh: %s\n' "$*" >&2; exit 1; }

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$root"
# Also what is not committed yet, but not what is ignored.
git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -t "$scratch" 2> /dev/null || true
[ -x "$scratch/run" ] || fail "the copy has no ./run"
mkdir -p "$scratch/.cache"
ln -s "$root/.cache/guest" "$scratch/.cache/guest"
cd "$scratch"

./run list > /dev/null # builds the tools, as whoever reads the page has done
cp boards/qemu_virt_aarch64/board.dts acme.dts

# The blocks of commands, one after the other.
commands=$(awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' docs/manual/adding-a-board.md)
[ "$(grep -c . <<< "$commands")" -ge 3 ] || fail "the page has lost its commands"
printf '%s\n' "$commands"
bash -euxo pipefail -c "$commands"

images=build/product/picokit/acme/debug/examples
[ -s $images/hello/hello.img ] || fail "there is no $images/hello/hello.img"
[ -s $images/simple/simple.img ] || fail "there is no $images/simple/simple.img"
sed -i '$s/}/, "qemu": { "machine": "virt,virtualization=on", "cpu": "cortex-a53", "memory": "2G" } }/' boards/acme/board.json
./run hello --board acme | grep -q "hello: hello, world" || fail "hello does not run on the new board"
