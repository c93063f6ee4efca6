// SPDX-License-Identifier: BSD-2-Clause
// Stage 1 of the EL2 translation regime as picokit uses it: the kernel's own, identity map
// (Arm ARM DDI 0487, D8.3; HCR_EL2.E2H = 0).
#pragma once

#include "arch/translation.hpp"

namespace arch {

/// 40 bits of virtual address (TCR_EL2.T0SZ = 24). Stage 1 has no concatenated tables, so bit 39
/// makes the walk start at level 0: the root is one 4 KiB table of which two entries are used.
inline constexpr unsigned k_el2_address_bits = 40;
inline constexpr unsigned k_el2_t0sz         = 64 - k_el2_address_bits;
inline constexpr unsigned k_el2_start_level  = 0;

/// Indices into MAIR_EL2 and the attribute bytes that belong there.
enum class MairIndex : std::uint8_t { normal_write_back = 0, device_ngnrne = 1 };
inline constexpr std::uint64_t k_mair_el2 = 0x00ff; ///< index 0: 0xff, index 1: 0x00

/// A page (level 3) or block (level 2) of the EL2 regime.
struct Stage1El2Leaf : base::Register<Stage1El2Leaf, std::uint64_t> {
    using Register::Register;
    using valid         = base::Flag<0>;
    using page          = base::Flag<1>; ///< 1: page at level 3; 0: block
    using memory        = base::Field<4, 2, MairIndex>;
    using ap1           = base::Flag<6>; ///< reserved, 1, in a regime with one privilege level
    using read_only     = base::Flag<7>; ///< AP[2]
    using shareability  = base::Field<9, 8, Shareability>;
    using access        = base::Flag<10>;
    using output        = base::Field<47, 12>; ///< in 4 KiB units
    using execute_never = base::Flag<54>;
};

} // namespace arch
