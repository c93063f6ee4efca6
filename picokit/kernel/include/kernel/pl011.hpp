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

    static void put(std::uint64_t base, char character)
    {
        while ((machine::read32(base + k_flags) & k_full) != 0) {
        }
        machine::write32(base + k_data, static_cast<unsigned char>(character));
    }
};

} // namespace kernel
