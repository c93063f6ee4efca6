#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Fetches a newer QEMU than Debian 12 comes with, from its backports, as a private copy: nothing of the
# machine's own packages or sources changes.
#
#   tools/qemu/fetch.sh FOLDER [--update] [--unless VERSION]
#
# FOLDER gets qemu-system-aarch64, a script that starts the copy, and packages.txt. Libraries that the machine
# lacks, or has too old, are in the copy. What is there already is not fetched again; --update does it anew.
# With --unless nothing is fetched where the machine's own QEMU is VERSION or newer.
set -euo pipefail

folder=${1:?usage: fetch.sh FOLDER [--update] [--unless VERSION]}
shift
update=no
unless=
while [ $# -gt 0 ]; do
    case $1 in
    --update) update=yes ;;
    --unless) unless=${2:?--unless needs a version}; shift ;;
    *) echo "fetch.sh: unknown: $1" >&2; exit 1 ;;
    esac
    shift
done
program=qemu-system-aarch64
suite=bookworm
packages=(qemu-system-arm qemu-system-common qemu-system-data)

say() { printf '   %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

if [ -n "$unless" ]; then
    own=$("$program" --version 2> /dev/null | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p') || true
    ! dpkg --compare-versions "${own:-0}" ge "$unless" || exit 0
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9> "$folder/lock" # two that need it at once
flock 9
[ $update = yes ] || [ ! -x "$folder/$program" ] || exit 0

command -v apt-get > /dev/null || fail "needs Debian 12 (apt-get is missing); a QEMU of your own that is new enough is taken from PATH"
state=$folder/apt
log=$state/log
rm -rf "$state"
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/sources"

# The mirror that the machine uses for this suite.
mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' 2> /dev/null |
    sed -n "s/^$suite //p" | head -n 1) || true
[ -n "$mirror" ] || fail "apt's sources have no Debian $suite, whose backports have a newer QEMU; one of your own that is new enough is taken from PATH"
cat > "$state/sources/backports.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite $suite-updates $suite-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
# As if QEMU were not installed; its libraries may be.
awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^Package: qemu/' /var/lib/dpkg/status > "$state/status"
cat > "$state/apt.conf" <<CONF
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$state/sources";
CONF
apt() { apt-get -c "$state/apt.conf" -q "$@" >> "$log" 2>&1; }

say "fetching a newer QEMU from $suite-backports"
# What was fetched is what counts, not whether each source had something.
apt update || true
apt -y -d install -t "$suite-backports" "${packages[@]}" ||
    { tail -n 20 "$log" >&2; fail "could not fetch ${packages[*]} from $suite-backports"; }

rm -rf "$folder/copy" "$folder/packages.txt"
mkdir "$state/unpacked"
for deb in "$state"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$state/unpacked"
    echo "$(basename "$deb") sha256 $(sha256sum < "$deb" | cut -d' ' -f1)" >> "$folder/packages.txt"
done
(cd "$state/unpacked" && rm -rf usr/share/doc usr/share/man usr/bin/qemu-system-arm)
mv "$state/unpacked" "$folder/copy"
rm -rf "$state"

cat > "$folder/$program.part" <<'SCRIPT'
#!/bin/sh
# Made by tools/qemu/fetch.sh: QEMU with the modules, libraries and data of this copy.
here=$(dirname "$(readlink -f "$0")")/copy
libraries=$(echo "$here"/usr/lib/*-linux-gnu*)
export QEMU_MODULE_DIR="$libraries/qemu"
export LD_LIBRARY_PATH="$libraries:$(echo "$here"/lib/*-linux-gnu*)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/usr/bin/qemu-system-aarch64" -L "$here/usr/share/qemu" "$@"
SCRIPT
chmod +x "$folder/$program.part"
"$folder/$program.part" --version > /dev/null || fail "the copy in $folder does not start"
mv "$folder/$program.part" "$folder/$program"
