# SPDX-License-Identifier: BSD-2-Clause
# What ./run and ./test have in common: install what is missing, fetch the guest, build the host's
# tools. Sourced by bash; $root is the project's folder.

tools=$root/build/host
vmm=$tools/tools/vmm/vmm

say() { printf -- '-- %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# quietly WHAT COMMAND…   its output is shown only when it fails.
quietly() {
    local what=$1 log
    shift
    log=$(mktemp)
    if ! "$@" > "$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "$what failed; the output is above"
    fi
    rm -f "$log"
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
        apt-get -q -y install --no-install-recommends "${missing[@]}"
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

# build WHAT FOLDER TARGET…   says what it does only if there is something to do.
build() {
    local what=$1 folder=$2
    shift 2
    if ! ninja -C "$folder" -n "$@" 2> /dev/null | grep -q 'no work to do'; then
        say "$what"
        quietly "$what" ninja -C "$folder" "$@"
    fi
}

# The guest's parts and the host's tools. One at a time in this tree.
prepare() {
    mkdir -p "$root/build"
    exec 9> "$root/build/lock"
    flock 9
    if ! [ -s "$root/.cache/guest/linux" ] || ! [ -s "$root/.cache/guest/linux-cloud" ] || ! [ -s "$root/.cache/guest/busybox" ]; then
        say "fetching Debian's arm64 kernels and busybox (once)"
        "$root/tools/guest/fetch.sh" "$root/.cache/guest" >&2
    fi
    configure "$tools" -D BUILD_TESTING=OFF
    build "building the tools" "$tools" tools
    exec 9>&-
}
