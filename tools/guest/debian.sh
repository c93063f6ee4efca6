#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes ext4 images of Debian's root file system for arm64, without running a program of it: apt
# chooses and fetches the packages (see apt.sh), their files are unpacked, what their installation
# scripts would have written is written here, and mke2fs puts it all into a file.
#
#   tools/guest/debian.sh FOLDER [--update] [NAME…]     NAME: debian debian-test (default: debian)
#
# FOLDER gets NAME.ext4 (sparse) and NAME.packages.txt. `debian` has systemd, apt, network tools;
# `debian-test` also fio, iperf3, socat and curl. root may log in without a password. What is there
# already is not made again; --update makes all anew.
# shellcheck disable=SC2154 # state, log and debs are apt.sh's
set -euo pipefail

folder=${1:?usage: debian.sh FOLDER [--update] [NAME…]}
shift
update=no
if [ "${1:-}" = --update ]; then
    update=yes
    shift
fi
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(debian)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/apt.sh"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# Chosen beside what is essential. usr-is-merged: the file system is made that way.
base=(usr-is-merged systemd-sysv udev apt e2fsprogs iproute2 iputils-ping kmod netbase procps)
more_of() {
    case $1 in
    debian) ;;
    debian-test) echo curl fio iperf3 socat ;;
    *) fail "this script does not know how to make: $1" ;;
    esac
}
size_of() { [ "$1" = debian ] && echo 512M || echo 1G; }

wanted=()
for name in "${names[@]}"; do
    more_of "$name" > /dev/null
    [ "$update" = no ] && [ -s "$folder/$name.ext4" ] || wanted+=("$name")
done
[ ${#wanted[@]} -gt 0 ] || exit 0
# Files belong to root in the image whoever makes it.
if [ "$(id -u)" -ne 0 ] && [ -z "${FAKEROOTKEY:-}" ]; then
    exec fakeroot "$0" "$folder" --update "${wanted[@]}"
fi

# choose PACKAGE…: these, what is essential, and all that they depend on
choose() {
    local essential
    essential=$(apt-cache -c "$state/apt.conf" dumpavail | awk '/^Package: /{p = $2} /^Essential: yes/{print p}' | sort -u)
    # shellcheck disable=SC2086 # a list
    apt-get -c "$state/apt.conf" -o Debug::NoLocking=1 -qq -y -s install $essential "$@" < /dev/null 2>> "$log" |
        sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}

# unpack ROOT DEB…: the packages' files, and dpkg's record of them
unpack() {
    local root=$1 deb package info=$1/var/lib/dpkg/info file
    shift
    mkdir -p "$root"/usr/{bin,sbin,lib} "$info"
    for file in bin sbin lib; do ln -s "usr/$file" "$root/$file"; done
    for deb in "$@"; do
        mkdir "$root/control"
        dpkg-deb --ctrl-tarfile "$deb" | tar -x -C "$root/control"
        package=$(sed -n 's/^Package: //p' "$root/control/control")
        ! grep -qx 'Multi-Arch: same' "$root/control/control" || package+=:arm64
        dpkg-deb --fsys-tarfile "$deb" | tar -xv -C "$root" -p --keep-directory-symlink \
            --exclude='./usr/share/doc/*/*' --exclude='./usr/share/man/*' --exclude='./usr/share/info/*' \
            --exclude='./usr/share/locale/*' --exclude='./usr/lib/udev/hwdb.d/*' |
            sed 's#^\./#/#; s#^/$#/.#; s#\(.\)/$#\1#' > "$info/$package.list"
        {
            sed '/^Package: /a Status: install ok installed' "$root/control/control"
            if [ -s "$root/control/conffiles" ]; then
                echo "Conffiles:"
                while read -r file; do
                    [ ! -f "$root$file" ] || echo " $file $(md5sum < "$root$file" | cut -d' ' -f1)"
                done < "$root/control/conffiles"
            fi
            echo
        } >> "$root/var/lib/dpkg/status"
        rm "$root/control/control"
        for file in "$root"/control/*; do
            [ ! -e "$file" ] || mv "$file" "$info/$package.$(basename "$file")"
        done
        rmdir "$root/control"
    done
    echo 1 > "$info/format"
    echo arm64 > "$root/var/lib/dpkg/arch"
    : > "$root/var/lib/dpkg/available"
}

# users ROOT: those of base-passwd, and those that services ask for in sysusers.d
users() {
    local root=$1 kind name id home next=990
    cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
    while read -r kind name _ _ home; do
        [ "$kind" = g ] || [ "$kind" = u ] || continue
        grep -q "^$name:" "$root/etc/group" || echo "$name:x:$next:" >> "$root/etc/group"
        id=$(sed -n "s/^$name:[^:]*:\([0-9]*\):.*/\1/p" "$root/etc/group")
        if [ "$kind" = u ] && ! grep -q "^$name:" "$root/etc/passwd"; then
            echo "$name:x:$id:$id::${home:-/}:/usr/sbin/nologin" >> "$root/etc/passwd"
        fi
        next=$((next - 1))
    done < <(printf 'g %s\n' input kvm render sgx; sed '/^#/d; s/"[^"]*"/-/' "$root"/usr/lib/sysusers.d/*.conf)
    sed -i 's#^root:.*#root:x:0:0:root:/root:/bin/bash#; s#^\([^:]*\):\*:#\1:x:#' "$root/etc/passwd"
    sed -i 's#^\([^:]*\):\*:#\1:x:#' "$root/etc/group"
    sed 's#^\([^:]*\):.*#\1:*:19000:0:99999:7:::#; s#^root:\*:#root::#' "$root/etc/passwd" > "$root/etc/shadow"
    sed 's#^\([^:]*\):.*#\1:*::#' "$root/etc/group" > "$root/etc/gshadow"
    chown 0:42 "$root/etc/shadow" "$root/etc/gshadow"
    chmod 640 "$root/etc/shadow" "$root/etc/gshadow"
}

# finish ROOT: what the packages' installation scripts would do, as far as this system needs it
finish() {
    local root=$1 name
    users "$root"
    mkdir -p "$root"/{dev,proc,sys,run,tmp,mnt,root,home,boot,var/{tmp,log,cache,lib/misc,lib/apt/lists/partial,cache/apt/archives/partial}}
    chmod 1777 "$root/tmp" "$root/var/tmp"
    chmod 700 "$root/root"
    cp "$root/usr/share/base-files/dot.bashrc" "$root/root/.bashrc"
    cp "$root/usr/share/base-files/dot.profile" "$root/root/.profile"
    cp "$root/usr/share/base-files/profile" "$root/etc/"
    cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/"
    ln -sf mawk "$root/usr/bin/awk"
    ln -sf more "$root/usr/bin/pager"
    ln -sf which.debianutils "$root/usr/bin/which"
    [ -e "$root/bin/sh" ] || ln -s dash "$root/bin/sh"
    [ -e "$root/var/run" ] || ln -s /run "$root/var/run"
    [ -e "$root/var/lock" ] || ln -s /run/lock "$root/var/lock"
    cp -r "$here/debian/." "$root/"
    # The sources that this machine has of Debian.
    # shellcheck disable=SC2016 # apt's own
    apt-get -c "$state/apt.conf" indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | sort -u > "$root/etc/apt/sources.list"
    : > "$root/etc/machine-id"
    ln -sf /proc/mounts "$root/etc/mtab"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -sf /lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
    # Of no use here, or without the kernel's module for it.
    for name in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
        e2scrub_reap.service iperf3.service getty-static.service proc-sys-fs-binfmt_misc.automount; do
        ln -sf /dev/null "$root/etc/systemd/system/$name"
    done
    # Nothing is to be updated at the first start.
    touch "$root/etc/.updated" "$root/var/.updated"
}

# make NAME
make() {
    local name=$1 root=$state/root packages uuid time=1767225600 # 2026-01-01
    # shellcheck disable=SC2046 # a list
    packages=$(choose "${base[@]}" $(more_of "$name"))
    [ -n "$packages" ] || { tail -n 20 "$log" >&2; fail "apt finds no set of packages for $name"; }
    # shellcheck disable=SC2086
    fetch $packages
    say "making $name.ext4 of ${#debs[@]} packages"
    rm -rf "$root"
    unpack "$root" "${debs[@]}"
    finish "$root"
    # Times of files that are not of a package would tell when this ran.
    find "$root" -newermt "@$time" -exec touch -h -d "@$time" {} +
    uuid=$(echo "$name" | sha256sum | sed 's/^\(.\{8\}\)\(....\).\(...\).\(...\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/')
    rm -f "$folder/$name.ext4.part"
    E2FSPROGS_FAKE_TIME=$time mke2fs -q -t ext4 -L debian -U "$uuid" -E "hash_seed=$uuid,root_owner=0:0" \
        -O ^orphan_file,^metadata_csum_seed -m 0 -d "$root" "$folder/$name.ext4.part" "$(size_of "$name")" >> "$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "mke2fs could not make $name.ext4"; }
    for deb in "${debs[@]}"; do
        echo "$(basename "$deb") sha256 $(sha256sum < "$deb" | cut -d' ' -f1)"
    done > "$folder/$name.packages.txt"
    mv "$folder/$name.ext4.part" "$folder/$name.ext4"
    (cd "$folder" && sha256sum ./*.ext4) > "$folder/disks.txt"
    rm -rf "$root" "${debs[@]}"
}

read_index
for name in "${wanted[@]}"; do make "$name"; done
