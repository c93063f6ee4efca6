// SPDX-License-Identifier: BSD-2-Clause
// GICv3 system registers that trap to the hypervisor (IHI 0069H 12.2).
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

/// ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1: send an SGI.
struct IccSgir : base::Register<IccSgir, std::uint64_t> {
    using Register::Register;
    using target_list = base::Field<15, 0, std::uint16_t>; ///< bit n: Aff0 = 16 × rs + n
    using aff1        = base::Field<23, 16, std::uint8_t>;
    using intid       = base::Field<27, 24, std::uint8_t>;
    using aff2        = base::Field<39, 32, std::uint8_t>;
    using irm         = base::Flag<40>; ///< all PEs but the sender
    using rs          = base::Field<47, 44, std::uint8_t>;
    using aff3        = base::Field<55, 48, std::uint8_t>;
};

struct IccSre : base::Register<IccSre, std::uint64_t> {
    using Register::Register;
    using sre = base::Flag<0>; ///< the system register interface
    using dfb = base::Flag<1>; ///< no FIQ bypass
    using dib = base::Flag<2>; ///< no IRQ bypass
};

} // namespace arch
