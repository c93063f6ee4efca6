#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Fetches Debian's arm64 kernels and static busybox into a folder, without touching the machine's own
# package state: apt runs with a private state for arm64, the machine's sources and keys, and
# checks every hash against the signed index as it always does.
#
#   tools/guest/fetch.sh FOLDER [--update] [FLAVOUR…]     flavours: generic cloud rt (default: generic cloud)
#
# FOLDER gets linux, linux-cloud, linux-rt, busybox and packages.txt (what came from which package).
# What is there already is not fetched again; --update fetches all anew.
set -euo pipefail

folder=${1:?usage: fetch.sh FOLDER [--update] [FLAVOUR…]}
shift
update=no
if [ "${1:-}" = --update ]; then
    update=yes
    shift
fi
flavours=("$@")
[ ${#flavours[@]} -gt 0 ] || flavours=(generic cloud)
kernel_series=6.1.0

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
say() { printf '   %s\n' "$*"; }
fail() { printf 'fetch.sh: %s\n' "$*" >&2; exit 1; }

missing() { [ "$update" = yes ] || [ ! -s "$folder/$1" ]; }
file_of() { if [ "$1" = generic ]; then echo linux; else echo "linux-$1"; fi; }

wanted=no
missing busybox && wanted=yes
for flavour in "${flavours[@]}"; do
    case $flavour in generic | cloud | rt) ;; *) fail "no such flavour: $flavour" ;; esac
    missing "$(file_of "$flavour")" && wanted=yes
done
[ "$wanted" = yes ] || exit 0

state=$folder/apt
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/download"
: > "$state/status"
cat > "$state/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
CONF
log=$state/log

say "reading Debian's index of arm64 packages"
# A source that has nothing for arm64 may fail here; what counts is whether the packages are found.
apt-get -c "$state/apt.conf" -q update > "$log" 2>&1 || true

# fetch PACKAGE: the .deb's path in $deb.
fetch() {
    local version
    version=$(apt-cache -c "$state/apt.conf" policy "$1" | sed -n 's/^ *Candidate: //p')
    case $version in '' | '(none)') cat "$log" >&2; fail "Debian's index has no package $1 for arm64" ;; esac
    say "fetching $1 $version"
    rm -f "$state/download/$1"_*.deb
    (cd "$state/download" && apt-get -c "$state/apt.conf" -q download "$1=$version") >> "$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "could not fetch $1 $version"; }
    deb=$(ls "$state/download/$1"_*.deb)
}
# take MEMBER FILE: one file out of $deb, whole or not at all; and a line for packages.txt.
take() {
    dpkg-deb --fsys-tarfile "$deb" | tar -xO "$1" > "$folder/$2.part"
    [ -s "$folder/$2.part" ] || fail "$(basename "$deb") has no $1"
    mv "$folder/$2.part" "$folder/$2"
    touch "$folder/packages.txt"
    sed -i "/^$2 /d" "$folder/packages.txt"
    echo "$2 $(basename "$deb") sha256 $(sha256sum < "$folder/$2" | cut -d' ' -f1)" >> "$folder/packages.txt"
    rm "$deb"
}

if missing busybox; then
    fetch busybox-static
    take ./bin/busybox busybox
    chmod +x "$folder/busybox"
fi
for flavour in "${flavours[@]}"; do
    missing "$(file_of "$flavour")" || continue
    suffix=$([ "$flavour" = generic ] || echo "-$flavour")
    package=$(apt-cache -c "$state/apt.conf" pkgnames "linux-image-$kernel_series-" |
        grep -E "^linux-image-$kernel_series-[0-9]+$suffix-arm64\$" | sort -V | tail -n 1) || true
    [ -n "$package" ] || { cat "$log" >&2; fail "Debian's index has no linux-image-$kernel_series-*$suffix-arm64"; }
    fetch "$package"
    take "./boot/vmlinuz-${package#linux-image-}" "$(file_of "$flavour")"
done
