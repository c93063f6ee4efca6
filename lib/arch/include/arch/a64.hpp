// SPDX-License-Identifier: BSD-2-Clause
// Encodings of A64 instructions that access memory (Arm ARM DDI 0487, C4.1.66 and C6.2).
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

/// Fields that many loads and stores share. Which of them mean something depends on the group.
struct A64LoadStore : base::Register<A64LoadStore, std::uint32_t> {
    using Register::Register;
    using rt        = base::Field<4, 0, std::uint8_t>;
    using rn        = base::Field<9, 5, std::uint8_t>;
    using rt2       = base::Field<14, 10, std::uint8_t>; ///< pairs
    using mode      = base::Field<11, 10, std::uint8_t>; ///< single registers, bit 24 clear
    using s         = base::Flag<12>;                    ///< register offset: shifted
    using option    = base::Field<15, 13, std::uint8_t>; ///< register offset: extension
    using rm        = base::Field<20, 16, std::uint8_t>;
    using imm7      = base::Field<21, 15, std::uint32_t>; ///< pairs, signed, scaled
    using imm9      = base::Field<20, 12, std::uint32_t>; ///< unscaled and indexed, signed
    using imm12     = base::Field<21, 10, std::uint32_t>; ///< unsigned, scaled
    using imm19     = base::Field<23, 5, std::uint32_t>;  ///< literals, signed words
    using bit21     = base::Flag<21>;
    using load      = base::Flag<22>;                    ///< pairs and ordered ones
    using opc       = base::Field<23, 22, std::uint8_t>; ///< single registers
    using pair_mode = base::Field<25, 23, std::uint8_t>; ///< 0 no-allocate, 1 post, 2 offset, 3 pre
    using kind      = base::Field<25, 24, std::uint8_t>;
    using simd      = base::Flag<26>;
    using group     = base::Field<29, 27, std::uint8_t>;
    using size      = base::Field<31, 30, std::uint8_t>;
};

/// The ordered and exclusive group (group 1, bits 26..24 clear).
struct A64Ordered : base::Register<A64Ordered, std::uint32_t> {
    using Register::Register;
    using o1 = base::Flag<21>; ///< pairs of exclusives, or compare and swap
    using o2 = base::Flag<23>; ///< LDAR, STLR and their limited forms; clear: exclusives
};

/// LDAPR, a load among the atomics.
inline constexpr std::uint32_t k_ldapr      = 0x38bf'c000;
inline constexpr std::uint32_t k_ldapr_mask = 0x3fff'fc00;

/// DC ZVA, Xt.
inline constexpr std::uint32_t k_dc_zva      = 0xd50b'7420;
inline constexpr std::uint32_t k_dc_zva_mask = 0xffff'ffe0;

/// Branches, exceptions, hints and system registers (C4.1.65): fields where they have them.
struct A64Other : base::Register<A64Other, std::uint32_t> {
    using Register::Register;
    using rt      = base::Field<4, 0, std::uint8_t>;
    using rn      = base::Field<9, 5, std::uint8_t>; ///< of BR, BLR, RET
    using imm16   = base::Field<20, 5, std::uint16_t>;
    using imm26   = base::Field<25, 0>; ///< of B and BL, in instructions
    using op2     = base::Field<7, 5, std::uint8_t>;
    using crm     = base::Field<11, 8, std::uint8_t>;
    using crn     = base::Field<15, 12, std::uint8_t>;
    using op1     = base::Field<18, 16, std::uint8_t>;
    using o0      = base::Flag<19>;                    ///< op0 is 2 or 3
    using branch  = base::Field<30, 26, std::uint8_t>; ///< 5: B or BL
    using is_link = base::Flag<31>;                    ///< of a branch: BL
};

} // namespace arch
