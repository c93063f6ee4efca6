# SPDX-License-Identifier: BSD-2-Clause
# What ./run and ./test have in common: install what is missing, fetch the guest, build the host's
# tools. Sourced by bash; $root is the project's folder.

tools=$root/build/host
vmm=$tools/tools/vmm/vmm

say() { printf -- '-- %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# quietly WHAT COMMAND…   says WHAT only if it takes more than a second, and shows the output only if
# it fails. On a terminal "[n/m]" of Ninja's lines is shown as it changes.
quietly() {
    local what=$1 log timer status=0
    shift
    log=$(mktemp)
    # What outlives the timer for a moment, its sleep, must hold neither the lock of prepare nor a
    # caller's pipe.
    (sleep 1 > /dev/null 2>&1 && follow "$what" "$log") 9>&- &
    timer=$!
    "$@" > "$log" 2>&1 || status=$?
    kill "$timer" 2> /dev/null || true
    wait "$timer" 2> /dev/null || true
    if [ -t 2 ]; then
        printf '\r\033[K' >&2
    fi
    if [ "$status" -ne 0 ]; then
        cat "$log" >&2
        rm -f "$log"
        die "$what failed; the output is above"
    fi
    rm -f "$log"
}
follow() {
    if [ ! -t 2 ]; then
        say "$1"
        return
    fi
    while sleep 0.3 > /dev/null 2>&1; do
        printf '\r\033[K-- %s %s' "$1" "$(grep -o '^\[[0-9]*/[0-9]*\]' "$2" | tail -n 1)" >&2
    done
}

# install_packages SECTION…   of packages.txt, those that the machine does not have.
install_packages() {
    local section package wanted=() missing=() as_root=()
    for section in "$@"; do
        while read -r package; do
            wanted+=("$package")
        done < <(sed -n "/^# \[$section\]/,/^# \[/{/^#/d;/^\$/d;p}" "$root/cmake/packages.txt")
    done
    local present
    present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2> /dev/null | sed -n 's/ installed$//p') || true
    for package in "${wanted[@]}"; do
        grep -qxF "$package" <<< "$present" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    command -v apt-get > /dev/null || die "needs Debian 12 (apt-get is missing), or these packages: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo > /dev/null || die "needs root or sudo to install: ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    quietly "apt-get update" "${as_root[@]}" apt-get -q update
    quietly "apt-get install" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 -q -y install --no-install-recommends "${missing[@]}"
}

# configure FOLDER CMAKE-ARGUMENTS…   once; afterwards Ninja sees itself to it.
configure() {
    local folder=$1
    shift
    # A folder that was made elsewhere (a moved or copied clone) is of no use.
    if [ -f "$folder/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
        say "the project has moved: building anew"
        rm -rf "$root/build"
        mkdir -p "$root/build"
    fi
    [ -f "$folder/build.ninja" ] || quietly "configuring" cmake -G Ninja -S "$root" -B "$folder" "$@"
}

# prepare [WHAT…]   the guest's parts, also WHAT (see tools/guest/fetch.sh), and the host's tools. One at
# a time in this tree.
prepare() {
    mkdir -p "$root/build"
    exec 9> "$root/build/lock"
    flock 9
    # Fetching waits for the network, building for the processor.
    fetch_guest "$@" &
    local fetching=$!
    configure "$tools" -D BUILD_TESTING=OFF -D CMAKE_UNITY_BUILD=ON
    quietly "building the tools" ninja -C "$tools" microkit_main sysgen vmm_tool
    wait "$fetching" || exit 1
    quietly "making the guest's initramfs and disks" ninja -C "$tools" tools
    exec 9>&-
}
fetch_guest() {
    local file
    for file in linux linux-cloud busybox u-boot.bin modules/linux/modules.dep modules/linux-cloud/modules.dep; do
        [ ! -s "$root/.cache/guest/$file" ] || continue
        say "fetching Debian's arm64 kernels, busybox and U-Boot (once)"
        "$root/tools/guest/fetch.sh" "$root/.cache/guest" >&2
        break
    done
    [ $# -eq 0 ] || "$root/tools/guest/fetch.sh" "$root/.cache/guest" "$@" >&2
    if ! [ -s "$root/.cache/guest/debian.ext4" ]; then
        say "making a disk with Debian (once)"
        "$root/tools/guest/debian.sh" "$root/.cache/guest" >&2
    fi
}
