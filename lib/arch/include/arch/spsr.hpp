// SPDX-License-Identifier: BSD-2-Clause
// Saved Program Status Register (Arm ARM DDI 0487, C5.2.19), for exceptions from AArch64.
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

/// SPSR_ELx.M[4:0]: where the exception came from and the return goes to.
enum class Mode : std::uint8_t {
    el0t   = 0b00000,
    el1t   = 0b00100,
    el1h   = 0b00101,
    el2t   = 0b01000,
    el2h   = 0b01001,
    user32 = 0b10000, ///< AArch32 User mode
};

struct Spsr : base::Register<Spsr, std::uint64_t> {
    using Register::Register;
    using mode = base::Field<4, 0, Mode>;
    using f    = base::Flag<6>;  ///< FIQ masked
    using i    = base::Flag<7>;  ///< IRQ masked
    using a    = base::Flag<8>;  ///< SError masked
    using d    = base::Flag<9>;  ///< debug exceptions masked
    using ssbs = base::Flag<12>; ///< speculative stores may be passed (FEAT_SSBS)
    using il   = base::Flag<20>;
    using ss   = base::Flag<21>;
    using pan  = base::Flag<22>; ///< EL1 has no data access to what EL0 has (FEAT_PAN)
    using uao  = base::Flag<23>; ///< LDTR and STTR are like other accesses (FEAT_UAO)
    using dit  = base::Flag<24>; ///< timing does not depend on data (FEAT_DIT)
    using tco  = base::Flag<25>; ///< tags are not checked (FEAT_MTE)
    using nzcv = base::Field<31, 28, std::uint8_t>;
};

} // namespace arch
