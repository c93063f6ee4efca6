#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Fetches Debian's arm64 kernels and programs into a folder (see apt.sh for how).
#
#   tools/guest/fetch.sh FOLDER [--update] [WHAT…]     WHAT: generic cloud rt backports u-boot load sound trees
#   (default: generic cloud u-boot)
#
# FOLDER gets linux, linux-cloud, linux-rt, linux-6.12, for each of them the folder modules/NAME with
# the drivers that a guest needs, u-boot.bin, busybox and packages.txt (what came from which package); for `load`
# also the folder load: stress-ng, cyclictest and hackbench with the libraries that they need; for `sound`
# the folder sound: aplay, arecord, amixer and speaker-test, some spoken words, and their libraries;
# for `trees` the folder trees: device trees of real boards, from the kernel of `backports` (which brings them, too).
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
[ ${#wishes[@]} -gt 0 ] || wishes=(generic cloud u-boot)
kernel_series=6.1.0
# Programs that put a guest under load, and every library that they or these libraries are linked with.
load_programs=(stress-ng cyclictest hackbench)
load_packages=(stress-ng rt-tests libc6 libapparmor1 libbsd0 libmd0 libcrypt1 libegl1 libglvnd0 libgles2
    libgbm1 libdrm2 libexpat1 libffi8 libwayland-server0 libjpeg62-turbo libjudydebian1 libkmod2 liblzma5
    libzstd1 libssl3 libsctp1 libxxhash0 libnuma1 zlib1g libgcc-s1)
# shellcheck disable=SC2034 # fetch_programs names them
load_files=()
# The same for programs that make and take sound, and files that they read.
# shellcheck disable=SC2034
sound_programs=(aplay amixer speaker-test)
# shellcheck disable=SC2034
sound_packages=(alsa-utils libasound2 libasound2-data libc6)
# shellcheck disable=SC2034
sound_files=(usr/share/alsa/alsa.conf usr/share/alsa/pcm usr/share/alsa/ctl usr/share/alsa/cards/aliases.conf
    usr/share/sounds/alsa/Front_Left.wav usr/share/sounds/alsa/Front_Right.wav usr/share/sounds/alsa/Front_Center.wav)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/apt.sh"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

missing() { [ "$update" = yes ] || [ ! -s "$folder/$1" ]; }
file_of() {
    case $1 in
    generic) echo linux ;;
    cloud | rt) echo "linux-$1" ;;
    backports) echo linux-6.12 ;;
    u-boot) echo u-boot.bin ;;
    load | sound) echo "$1/complete" ;;
    trees) echo trees/package ;;
    *) fail "this script does not know how to fetch: $1" ;;
    esac
}
# complete WISH: whether all of it is there
complete() {
    local file
    file=$(file_of "$1")
    ! missing "$file" && { [[ "$file" != linux* ]] || ! missing "modules/$file/modules.dep"; } &&
        { [ "$1" != backports ] || ! missing "modules/$file/virtio_snd.ko"; }
}

wanted=no
missing busybox && wanted=yes
for wish in "${wishes[@]}"; do
    complete "$wish" || wanted=yes
done
[ "$wanted" = yes ] || exit 0

read_index
if missing busybox; then
    fetch busybox-static
    take "${debs[0]}" ./bin/busybox busybox
    chmod +x "$folder/busybox"
    rm "${debs[@]}"
fi

# What a guest may have a use for, by the modules' names; what they stand on comes with them.
drivers=(virtio_mmio virtio_console virtio_blk virtio_net virtio-rng vmw_vsock_virtio_transport vsock_loopback virtio_snd
    arm_smccc_trng
    ext4 crc32c_generic)

# modinfo FILE FIELD: the field's values, one a line
modinfo() {
    aarch64-linux-gnu-readelf -p .modinfo "$1" | sed -n "s/^ *\[ *[0-9a-f]*\]  $2=//p"
}

# take_modules FOLDER NAME: the drivers from an unpacked kernel's modules, and what modprobe wants to
# know about them.
take_modules() {
    local target=$folder/modules/$2 wanted=("${drivers[@]}") name file
    rm -rf "$target"
    mkdir -p "$target"
    while [ ${#wanted[@]} -gt 0 ]; do
        name=${wanted[0]}
        wanted=("${wanted[@]:1}")
        file=$(find "$1" -name "${name//_/[-_]}.ko" -o -name "${name//_/[-_]}.ko.xz" | head -n 1)
        # A kernel may have it built in, or not at all.
        [ -n "$file" ] || continue
        name=$(basename "${file%.xz}" .ko)
        [ ! -e "$target/$name.ko" ] || continue
        case $file in
        *.xz) xz -dc "$file" > "$target/$name.ko" ;;
        *) cp "$file" "$target" ;;
        esac
        # shellcheck disable=SC2207 # names without blanks
        wanted+=($(modinfo "$target/$name.ko" depends | tr ',' ' '))
    done
    (
        cd "$target"
        for file in *.ko; do
            modinfo "$file" alias | sed "s/.*/alias & $(basename "$file" .ko)/" >> modules.alias
            echo "$file: $(closure "$file")" >> modules.part
        done
        basename "$1" > release
        mv modules.part modules.dep
    )
}
# closure FILE: what it depends on, and what that depends on; modprobe loads the last one first
closure() {
    local name
    for name in $(modinfo "$1" depends | tr ',' ' '); do
        name=$(find . -name "${name//_/[-_]}.ko" -printf '%f')
        printf '%s ' "$name"
        closure "$name"
    done
}

# What the boards in boards/ were made from, and tests/debian_trees looks at.
trees=(amlogic/meson-sm1-odroid-c4 freescale/imx8mq-evk freescale/imx8mm-evk broadcom/bcm2711-rpi-4-b
    rockchip/rk3568-rock-3b)

# take_trees FOLDER PACKAGE: the device trees from an unpacked kernel's package
take_trees() {
    local tree
    mkdir -p "$folder/trees"
    for tree in "${trees[@]}"; do
        cp "$1/$tree.dtb" "$folder/trees/" || fail "$2 has no device tree $tree"
    done
    echo "$2" > "$folder/trees/package"
}

fetch_kernel() {
    local pattern package release unpacked=$state/unpacked file
    file=$(file_of "$1")
    case $1 in
    generic) pattern="$kernel_series-[0-9]+-arm64" ;;
    backports | trees) pattern="6\.12\.[0-9]+\+deb12-arm64" ;;
    *) pattern="$kernel_series-[0-9]+-$1-arm64" ;;
    esac
    package=$(apt-cache -c "$state/apt.conf" pkgnames linux-image- | grep -E "^linux-image-$pattern\$" | sort -V |
        tail -n 1) || true
    [ -n "$package" ] || { cat "$log" >&2; fail "Debian's index has no kernel like linux-image-$pattern"; }
    fetch "$package"
    rm -rf "$unpacked"
    dpkg-deb -x "${debs[0]}" "$unpacked"
    release=${package#linux-image-}
    case $1 in backports | trees) take_trees "$unpacked/usr/lib/$package" "$(basename "${debs[0]}" .deb)" ;; esac
    if [ "$1" = trees ]; then
        rm -rf "$unpacked" "${debs[@]}"
        return
    fi
    take_modules "$unpacked/lib/modules/$release" "$file"
    note "modules/$file" "${debs[0]}" "$folder/modules/$file/modules.dep"
    mv "$unpacked/boot/vmlinuz-$release" "$folder/$file"
    note "$file" "${debs[0]}" "$folder/$file"
    rm -rf "$unpacked" "${debs[@]}"
}

# needed FILE…: the libraries that ELF files name, one a line.
needed() { aarch64-linux-gnu-readelf -d "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u; }

# fetch_programs WISH: its programs, the dynamic linker where they look for it, of all libraries those that
# are needed, and its files.
fetch_programs() {
    local unpacked=$state/unpacked to=$folder/$1 library found deb file changed=yes
    local -n programs=$1_programs packages=$1_packages files=$1_files
    rm -rf "$unpacked" "$to"
    mkdir -p "$unpacked" "$to/usr/bin" "$to/lib"
    : > "$state/$1.txt"
    fetch "${packages[@]}"
    for deb in "${debs[@]}"; do
        dpkg-deb -x "$deb" "$unpacked"
        echo "$1 $(basename "$deb") sha256 $(sha256sum < "$deb" | cut -d' ' -f1)" >> "$state/$1.txt"
    done
    rm "${debs[@]}"
    for program in "${programs[@]}"; do
        cp "$unpacked/usr/bin/$program" "$to/usr/bin/" || fail "Debian's packages have no program $program"
    done
    for file in "${files[@]}"; do
        mkdir -p "$to/$(dirname "$file")"
        cp -rL "$unpacked/$file" "$to/$file" || fail "Debian's packages have no $file"
    done
    while [ $changed = yes ]; do
        changed=no
        for library in $(needed "$to"/usr/bin/* $(find "$to/lib" -type f)); do
            [ ! -e "$to/lib/$library" ] || continue
            found=$(find "$unpacked" -name "$library" | head -n 1)
            [ -n "$found" ] || fail "none of $1_packages in fetch.sh has the library $library"
            cp -L "$found" "$to/lib/$library"
            changed=yes
        done
    done
    rm -rf "$unpacked"
    sed -i "/^$1 /d" "$folder/packages.txt"
    cat "$state/$1.txt" >> "$folder/packages.txt"
    date +%F > "$to/complete"
}

for wish in "${wishes[@]}"; do
    ! complete "$wish" || continue
    case $wish in
    load | sound) fetch_programs "$wish" ;;
    u-boot)
        fetch u-boot-qemu
        take "${debs[0]}" ./usr/lib/u-boot/qemu_arm64/u-boot.bin u-boot.bin
        rm "${debs[@]}"
        ;;
    *) fetch_kernel "$wish" ;;
    esac
done
