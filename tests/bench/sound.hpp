// SPDX-License-Identifier: BSD-2-Clause
// What a period of sound costs a Linux guest, and everybody below it.
#pragma once

#include "figures.hpp"
#include "options.hpp"
#include "qemu/machine.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <istream>
#include <map>
#include <string>
#include <vector>

namespace bench {

struct SoundBench {
    const vmm::Options&          options;
    const std::filesystem::path& system; ///< what describes the example `sound`; may not be there
    const qemu::Board&           board;
    const std::filesystem::path& folder; ///< for files
};

/// Fills in what Figures has of sound. Where the example or a QEMU that has sound and counts is
/// missing, it says so in a line and measures nothing. The error says which machine did not do
/// what.
[[nodiscard]] qemu::Result<> measure_sound(const SoundBench& bench, Figures& figures);

/// What the plugin of tests/bench/profile/owners.cpp counted up to a mark: the guest's kernel, its
/// programs, the hypervisor, protection domains.
using Owners = std::array<std::uint64_t, 4>;

/// The plugin's file, a mark a line. Lines that are no such are left out.
[[nodiscard]] std::vector<Owners> read_owners(std::istream& stream);

/// Marks stand before and after few periods, and after many more. What each of `periods`, by which
/// the second run is longer, took, by name. The error says what the marks lack.
[[nodiscard]] qemu::Result<std::map<std::string, std::uint64_t>>
a_period(const std::string& direction, const std::vector<Owners>& marks, std::uint64_t periods);

/// The part of the table with these figures; empty if there are none.
[[nodiscard]] std::string sound_table(const Figures& figures);

} // namespace bench
