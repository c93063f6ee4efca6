// SPDX-License-Identifier: BSD-2-Clause
// Stage 2 translation as picokit uses it for PDs and guests (Arm ARM DDI 0487, D8.2.1, D8.3, D8.5).
#pragma once

#include "arch/translation.hpp"

namespace arch {

/// 40 bits of intermediate physical address (VTCR_EL2.T0SZ = 24, SL0 = 1): the walk starts at
/// level 1 with two concatenated tables, 8 KiB that are aligned to 8 KiB.
inline constexpr unsigned      k_stage2_address_bits = 40;
inline constexpr unsigned      k_stage2_t0sz         = 64 - k_stage2_address_bits;
inline constexpr unsigned      k_stage2_start_level  = 1;
inline constexpr std::uint64_t k_stage2_root_size    = 2 * k_page_size;

/// MemAttr[3:0] (D8.5.5).
enum class Stage2Memory : std::uint8_t { device_ngnrne = 0b0000, normal_write_back = 0b1111 };

/// A page (level 3) or block (level 2).
struct Stage2Leaf : base::Register<Stage2Leaf, std::uint64_t> {
    using Register::Register;
    using valid         = base::Flag<0>;
    using page          = base::Flag<1>; ///< 1: page at level 3; 0: block
    using memory        = base::Field<5, 2, Stage2Memory>;
    using readable      = base::Flag<6>; ///< S2AP[0]
    using writable      = base::Flag<7>; ///< S2AP[1]
    using shareability  = base::Field<9, 8, Shareability>;
    using access        = base::Flag<10>;
    using output        = base::Field<47, 12>; ///< in 4 KiB units
    using execute_never = base::Flag<54>;
};

} // namespace arch
