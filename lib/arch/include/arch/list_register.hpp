// SPDX-License-Identifier: BSD-2-Clause
// List registers: the virtual interrupts that a GIC's virtual CPU interface presents to a guest.
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

enum class VirtualState : std::uint8_t { invalid = 0, pending = 1, active = 2, both = 3 };

/// GICH_LR<n> (IHI 0048B, 5.3.9) with HW = 0.
struct GichLr : base::Register<GichLr, std::uint32_t> {
    using Register::Register;
    using virtual_id = base::Field<9, 0, std::uint32_t>;
    using cpu_id     = base::Field<12, 10, std::uint8_t>; ///< SGI: its sender, for GICV_IAR
    using eoi        = base::Flag<19>; ///< maintenance interrupt at the guest's EOI
    using priority   = base::Field<27, 23, std::uint8_t>;
    using state      = base::Field<29, 28, VirtualState>;
    using group1     = base::Flag<30>;
    using hardware   = base::Flag<31>;
};

/// ICH_LR<n>_EL2 (IHI 0069, 12.4.9) with HW = 0.
struct IchLr : base::Register<IchLr, std::uint64_t> {
    using Register::Register;
    using virtual_id = base::Field<31, 0, std::uint32_t>;
    using eoi        = base::Flag<41>; ///< maintenance interrupt at the guest's EOI
    using priority   = base::Field<55, 48, std::uint8_t>;
    using group1     = base::Flag<60>;
    using hardware   = base::Flag<61>;
    using state      = base::Field<63, 62, VirtualState>;
};

} // namespace arch
