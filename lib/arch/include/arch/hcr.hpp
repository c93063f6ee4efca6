// SPDX-License-Identifier: BSD-2-Clause
// Hypervisor Configuration Register (Arm ARM DDI 0487, D17.2.48), as far as we set it.
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

struct Hcr : base::Register<Hcr, std::uint64_t> {
    using Register::Register;
    using vm   = base::Flag<0>;  ///< stage 2 translation
    using swio = base::Flag<1>;  ///< set/way invalidation also cleans
    using fmo  = base::Flag<3>;  ///< physical FIQs to EL2, virtual FIQs to EL1
    using imo  = base::Flag<4>;  ///< the same for IRQs
    using amo  = base::Flag<5>;  ///< the same for SErrors
    using dc   = base::Flag<12>; ///< with stage 1 off: Normal write-back instead of Device
    using twi  = base::Flag<13>; ///< trap WFI
    using twe  = base::Flag<14>; ///< trap WFE
    using tsc  = base::Flag<19>; ///< trap SMC
    using tge  = base::Flag<27>; ///< EL0's exceptions go to EL2, its stage 1 is off
    using rw   = base::Flag<31>; ///< EL1 is AArch64
};

} // namespace arch
