# SPDX-License-Identifier: BSD-2-Clause
# Debian's arm64 packages without touching the machine's own package state: apt runs with a private
# state for arm64, the machine's sources and keys, and checks every hash against the signed index as
# it always does. Sourced by bash; $folder is where things go, $state what apt keeps there.

say() { printf '   %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# read_index   once, before anything is fetched
read_index() {
    state=$folder/apt
    log=$state/log
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/download"
    : > "$state/status"
    cat > "$state/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
CONF
    say "reading Debian's index of arm64 packages"
    # A source that has nothing for arm64 may fail here; what counts is whether the packages are found.
    apt-get -c "$state/apt.conf" -q update > "$log" 2>&1 || true
}

# fetch PACKAGE…: the paths of their .deb files in the array $debs.
fetch() {
    local package version versions found
    local asked=()
    versions=$(apt-cache -c "$state/apt.conf" policy "$@" |
        awk '/^[^ ]/ { sub(":$", ""); package = $1 } /^ *Candidate: / { print package "=" $2 }')
    for package in "$@"; do
        version=$(grep -m 1 "^${package//./\\.}=" <<< "$versions") || true
        case $version in '' | *'=(none)')
            cat "$log" >&2
            fail "Debian's index has no package $package for arm64"
            ;;
        esac
        rm -f "$state/download/${package}"_*.deb
        asked+=("$version")
    done
    if [ $# -gt 3 ]; then say "fetching $# packages"; else say "fetching ${asked[*]}"; fi
    (cd "$state/download" && apt-get -c "$state/apt.conf" -q download "${asked[@]}") >> "$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "could not fetch ${asked[*]}"; }
    debs=()
    for package in "$@"; do
        found=$(ls "$state/download/${package}"_*.deb)
        debs+=("$found")
    done
}

# note NAME DEB HASHED-FILE: a line for packages.txt, what NAME came from.
note() {
    touch "$folder/packages.txt"
    sed -i "\\#^$1 #d" "$folder/packages.txt"
    echo "$1 $(basename "$2") sha256 $(sha256sum < "$3" | cut -d' ' -f1)" >> "$folder/packages.txt"
}

# take DEB MEMBER FILE: one file out of a package, whole or not at all.
take() {
    dpkg-deb --fsys-tarfile "$1" | tar -xO "$2" > "$folder/$3.part"
    [ -s "$folder/$3.part" ] || fail "$(basename "$1") has no $2"
    mv "$folder/$3.part" "$folder/$3"
    note "$3" "$1" "$folder/$3"
}
