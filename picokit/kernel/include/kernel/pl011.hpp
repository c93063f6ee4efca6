// SPDX-License-Identifier: BSD-2-Clause
// Arm PL011 UART (DDI 0183), for output only and as whoever ran before us has set it up.
#pragma once

#include "machine/machine.hpp"

#include <cstdint>

namespace kernel {

struct Pl011 {
    static constexpr const char*   k_compatible = "arm,pl011";
    static constexpr std::uint64_t k_data       = 0x00;
    static constexpr std::uint64_t k_flags      = 0x18;
    static constexpr std::uint32_t k_full       = 1u << 5; ///< FR.TXFF

    /// Looks at the FIFO at most this often, some 100 ms. A PD may own the device, too, and may
    /// have switched it off: then characters are lost, and nothing else.
    static constexpr unsigned k_patience = 1'000'000;

    static void put(std::uint64_t base, char character)
    {
        for (unsigned i = 0; i < k_patience; ++i) {
            if ((machine::read32(base + k_flags) & k_full) == 0) {
                break;
            }
        }
        machine::write32(base + k_data, static_cast<unsigned char>(character));
    }
};

} // namespace kernel
