// SPDX-License-Identifier: BSD-2-Clause
// Which QEMU is started: the machine's own where that is new enough, otherwise a private copy of a
// newer one under .cache/qemu.
#pragma once

#include "qemu/process.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace qemu {

struct Version {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;

    auto operator<=>(const Version&) const = default;
    /// "8.2", "10.0.13"
    [[nodiscard]] std::string text() const;
};

/// What Debian 12 has, and what every machine and device needs that does not say otherwise.
inline constexpr Version k_plain{7, 2};

/// The numbers of "8.2" or "QEMU emulator version 7.2.22 (Debian …)".
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

/// The program to start for what needs QEMU `needed` or newer: a name to be found through PATH, or
/// the private copy's path. That may not be there yet: see provide().
[[nodiscard]] std::string program_for(Version needed);

/// Sees to it that program_for(needed) is there and new enough, by fetching the private copy
/// (tools/qemu/fetch.sh) where that is needed. The error says why it cannot be had.
[[nodiscard]] Result<> provide(Version needed);

} // namespace qemu
