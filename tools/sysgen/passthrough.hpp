// SPDX-License-Identifier: BSD-2-Clause
// <passthrough> of a guest: the devices of the board that it gets, and what they need.
#pragma once

#include "config_bytes.hpp"
#include "layout.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sysgen {

/// All that the elements of one guest come to.
struct PassedDevices {
    /// Function identifiers of the firmware, and what the first argument may be.
    struct Call {
        std::uint32_t first, last, first_argument, last_argument;
    };

    std::vector<boardgen::AddressRange> registers; ///< whole pages, or what the board says
    std::vector<boardgen::Interrupt>    interrupts;
    std::vector<Call>                   calls;
    std::vector<std::byte>              nodes; ///< for the guest's device tree
    std::string                         dma;   ///< one that moves data by itself; empty: none does
    unsigned                            line = 0;

    /// `.vmm_passthrough` (lib/vmm, vmm/passed_through.hpp).
    [[nodiscard]] ConfigBytes section() const;
};

/// Refuses with the reason what a guest must not have.
[[nodiscard]] Result<PassedDevices> find_passed_devices(Layout& layout, pugi::xml_node guest);

} // namespace sysgen
