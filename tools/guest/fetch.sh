#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Fetches Debian's arm64 kernels and programs into a folder, without touching the machine's own
# package state: apt runs with a private state for arm64, the machine's sources and keys, and
# checks every hash against the signed index as it always does.
#
#   tools/guest/fetch.sh FOLDER [--update] [WHAT…]     WHAT: generic cloud rt load (default: generic cloud)
#
# FOLDER gets linux, linux-cloud, linux-rt, busybox and packages.txt (what came from which package);
# for `load` also the folder load: stress-ng, cyclictest and hackbench with the libraries that they need.
# What is there already is not fetched again; --update fetches all anew.
set -euo pipefail

folder=${1:?usage: fetch.sh FOLDER [--update] [WHAT…]}
shift
update=no
if [ "${1:-}" = --update ]; then
    update=yes
    shift
fi
wishes=("$@")
[ ${#wishes[@]} -gt 0 ] || wishes=(generic cloud)
kernel_series=6.1.0
# Programs that put a guest under load, and every library that they or these libraries are linked with.
load_programs=(stress-ng cyclictest hackbench)
load_packages=(stress-ng rt-tests libc6 libapparmor1 libbsd0 libmd0 libcrypt1 libegl1 libglvnd0 libgles2
    libgbm1 libdrm2 libexpat1 libffi8 libwayland-server0 libjpeg62-turbo libjudydebian1 libkmod2 liblzma5
    libzstd1 libssl3 libsctp1 libxxhash0 libnuma1 zlib1g libgcc-s1)

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
say() { printf '   %s\n' "$*"; }
fail() { printf 'fetch.sh: %s\n' "$*" >&2; exit 1; }

missing() { [ "$update" = yes ] || [ ! -s "$folder/$1" ]; }
file_of() {
    case $1 in
    generic) echo linux ;;
    cloud | rt) echo "linux-$1" ;;
    load) echo load/complete ;;
    *) fail "this script does not know how to fetch: $1" ;;
    esac
}

wanted=no
missing busybox && wanted=yes
for wish in "${wishes[@]}"; do
    file=$(file_of "$wish")
    missing "$file" && wanted=yes
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

fetch_kernel() {
    local suffix package
    suffix=$([ "$1" = generic ] || echo "-$1")
    package=$(apt-cache -c "$state/apt.conf" pkgnames "linux-image-$kernel_series-" |
        grep -E "^linux-image-$kernel_series-[0-9]+$suffix-arm64\$" | sort -V | tail -n 1) || true
    [ -n "$package" ] || { cat "$log" >&2; fail "Debian's index has no linux-image-$kernel_series-*$suffix-arm64"; }
    fetch "$package"
    take "./boot/vmlinuz-${package#linux-image-}" "$(file_of "$1")"
}

# needed FILE…: the libraries that ELF files name, one a line.
needed() { aarch64-linux-gnu-readelf -d "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u; }

# The programs, the dynamic linker where they look for it, and of all libraries those that are needed.
fetch_load() {
    local unpacked=$state/unpacked load=$folder/load library found changed=yes
    rm -rf "$unpacked" "$load"
    mkdir -p "$unpacked" "$load/usr/bin" "$load/lib"
    : > "$state/load.txt"
    for package in "${load_packages[@]}"; do
        fetch "$package"
        dpkg-deb -x "$deb" "$unpacked"
        echo "load $(basename "$deb") sha256 $(sha256sum < "$deb" | cut -d' ' -f1)" >> "$state/load.txt"
        rm "$deb"
    done
    for program in "${load_programs[@]}"; do
        cp "$unpacked/usr/bin/$program" "$load/usr/bin/" || fail "Debian's packages have no program $program"
    done
    while [ $changed = yes ]; do
        changed=no
        for library in $(needed "$load"/usr/bin/* $(find "$load/lib" -type f)); do
            [ ! -e "$load/lib/$library" ] || continue
            found=$(find "$unpacked" -name "$library" | head -n 1)
            [ -n "$found" ] || fail "none of load_packages in fetch.sh has the library $library"
            cp -L "$found" "$load/lib/$library"
            changed=yes
        done
    done
    rm -rf "$unpacked"
    sed -i '/^load /d' "$folder/packages.txt"
    cat "$state/load.txt" >> "$folder/packages.txt"
    date +%F > "$load/complete"
}

for wish in "${wishes[@]}"; do
    missing "$(file_of "$wish")" || continue
    if [ "$wish" = load ]; then fetch_load; else fetch_kernel "$wish"; fi
done
