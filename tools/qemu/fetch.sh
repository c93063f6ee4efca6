#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Fetches a newer QEMU than Debian 12 comes with, from the next release of Debian, as a private copy with all the
# libraries that it needs: nothing of the machine's own packages or sources changes.
#
#   tools/qemu/fetch.sh FOLDER [--update] [--unless VERSION]
#
# FOLDER gets qemu-system-aarch64, a script that starts the copy, and packages.txt. What is there already is not
# fetched again; --update does it anew. With --unless nothing is fetched where the machine's own QEMU is VERSION or
# newer, and a copy that is older is replaced.
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
suite=trixie
packages=(qemu-system-arm)

say() { printf '   %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# is_enough PROGRAM   whether it starts, and is VERSION or newer.
is_enough() {
    local version
    version=$("$1" --version 2> /dev/null | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p') || true
    [ -n "$version" ] && dpkg --compare-versions "$version" ge "${unless:-0}"
}
[ -z "$unless" ] || ! is_enough "$program" || exit 0
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9> "$folder/lock" # two that need it at once
flock 9
[ $update = yes ] || ! is_enough "$folder/$program" || exit 0

command -v apt-get > /dev/null || fail "needs Debian 12 (apt-get is missing); a QEMU of your own that is new enough is taken from PATH"
state=$folder/apt
log=$state/log
rm -rf "$state"
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/sources"

# The mirror that the machine uses for its own Debian.
mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' 2> /dev/null |
    sed -n "s/^\(bookworm\|$suite\) //p" | head -n 1) || true
[ -n "$mirror" ] || fail "apt's sources have no Debian, whose $suite has a newer QEMU; one of your own that is new enough is taken from PATH"
cat > "$state/sources/debian.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite $suite-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
# As if nothing were installed: the copy has its own libraries, and their loader.
: > "$state/status"
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

say "fetching a newer QEMU from $suite"
# What was fetched is what counts, not whether each source had something.
apt update || true
apt -y -d install "${packages[@]}" ||
    { tail -n 20 "$log" >&2; fail "could not fetch ${packages[*]} from $suite"; }

rm -rf "$folder/copy" "$folder/packages.txt"
mkdir "$state/unpacked"
for deb in "$state"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$state/unpacked"
    echo "$(basename "$deb") sha256 $(sha256sum < "$deb" | cut -d' ' -f1)" >> "$folder/packages.txt"
done
# Of it QEMU, its data and libraries.
(cd "$state/unpacked" && find usr/bin usr/sbin -type f ! -name "$program" -delete &&
    rm -rf etc var usr/share/{bash-completion,bug,doc,info,lintian,locale,man,perl*,zoneinfo} usr/lib/*-linux-gnu/{gconv,perl*,perl-base})
mv "$state/unpacked" "$folder/copy"
rm -rf "$state"

cat > "$folder/$program.part" <<'SCRIPT'
#!/bin/sh
# Made by tools/qemu/fetch.sh: QEMU with the loader, libraries, modules and data of this copy.
copy=$(dirname "$(readlink -f "$0")")/copy/usr
libraries=$(echo "$copy"/lib/*-linux-gnu)
loader=$(echo "$libraries"/ld-linux-*.so.*)
export QEMU_MODULE_DIR="$libraries/qemu"
exec "$loader" --library-path "$libraries:$libraries/systemd:$libraries/pulseaudio" "$copy/bin/qemu-system-aarch64" -L "$copy/share/qemu" "$@"
SCRIPT
chmod +x "$folder/$program.part"
"$folder/$program.part" --version > /dev/null || fail "the copy in $folder does not start"
mv "$folder/$program.part" "$folder/$program"
