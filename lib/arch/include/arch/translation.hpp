// SPDX-License-Identifier: BSD-2-Clause
// What all translation tables with a 4 KiB granule share (Arm ARM DDI 0487, D8.2 and D8.3).
#pragma once

#include "base/address.hpp"
#include "base/reg.hpp"

#include <cstdint>

namespace arch {

inline constexpr std::uint64_t k_page_size         = 0x1000;
inline constexpr std::uint64_t k_block_size        = 0x20'0000; ///< of a level 2 block
inline constexpr unsigned      k_entries_per_table = 512;

/// Levels count as in the Arm ARM: 0 is nearest the root, 3 holds pages.
inline constexpr unsigned k_page_level  = 3;
inline constexpr unsigned k_block_level = 2;

/// Lowest input address bit that the index of a level uses: 39, 30, 21, 12.
[[nodiscard]] constexpr unsigned level_shift(unsigned level) { return 12 + 9 * (3 - level); }

enum class Shareability : std::uint8_t { none = 0b00, outer = 0b10, inner = 0b11 };

/// A descriptor that leads to the table of the next level. The hierarchical attributes of stage 1
/// stay 0; stage 2 has none.
struct TableDescriptor : base::Register<TableDescriptor, std::uint64_t> {
    using Register::Register;
    using valid = base::Flag<0>;
    using table = base::Flag<1>;       ///< 1 at levels 0 to 2
    using next  = base::Field<47, 12>; ///< address of the next table, in 4 KiB units

    [[nodiscard]] static constexpr TableDescriptor to(base::HostPhysical next_table)
    {
        return TableDescriptor{}.with<valid>(true).with<table>(true).with<next>(next_table.raw() /
                                                                                k_page_size);
    }
    [[nodiscard]] constexpr base::HostPhysical address() const
    {
        return base::HostPhysical{get<next>() * k_page_size};
    }
};

} // namespace arch
