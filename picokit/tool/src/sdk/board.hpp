// SPDX-License-Identifier: BSD-2-Clause
// What the tool knows of a board: board.json of the SDK.
#pragma once

#include "base/address.hpp"
#include "diagnostic.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tool {

struct NamedRange {
    std::string     name;
    base::HostRange range;
};

struct Board {
    std::string                name;
    unsigned                   pa_bits = 40;
    std::uint64_t              cores   = 1;
    base::HostPhysical         load_address;
    std::vector<NamedRange>    ram;            ///< what the kernel and the tool may allocate
    std::vector<NamedRange>    kernel_devices; ///< the kernel's alone
    base::HostRange            console;        ///< mapped by the kernel, free for PDs too
    std::uint64_t              max_irq  = 0;
    std::uint64_t              timer_hz = 0;
    std::vector<std::uint64_t> reserved_irqs; ///< INTIDs that the kernel keeps

    /// The first address beyond the physical address space.
    [[nodiscard]] std::uint64_t physical_limit() const { return std::uint64_t{1} << pa_bits; }
};

/// Reads board.json. Refuses, naming the key, what is missing, of the wrong type, or describes a
/// machine that picokit's kernel does not run on.
[[nodiscard]] Result<Board> read_board(const std::filesystem::path& file);

} // namespace tool
