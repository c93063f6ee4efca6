// SPDX-License-Identifier: BSD-2-Clause
// Registers of EL1 that a VMM reads or writes for its guest (Arm ARM DDI 0487, D17.2).
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

struct SctlrEl1 : base::Register<SctlrEl1, std::uint64_t> {
    using Register::Register;
    using m = base::Flag<0>; ///< stage 1 translation is on
};

struct TcrEl1 : base::Register<TcrEl1, std::uint64_t> {
    using Register::Register;
    using t0sz = base::Field<5, 0, unsigned>;
    using tg0  = base::Field<15, 14, std::uint8_t>; ///< granule: 0 4 KiB, 1 64 KiB, 2 16 KiB
    using t1sz = base::Field<21, 16, unsigned>;
    using tg1  = base::Field<31, 30, std::uint8_t>; ///< granule: 1 16 KiB, 2 4 KiB, 3 64 KiB
    using tbi0 = base::Flag<37>;                    ///< the top byte of an address is ignored
    using tbi1 = base::Flag<38>;
};

/// TTBR0_EL1, TTBR1_EL1.
struct TtbrEl1 : base::Register<TtbrEl1, std::uint64_t> {
    using Register::Register;
    static constexpr std::uint64_t k_address_mask = 0x0000'ffff'ffff'fffe; ///< without ASID, CnP
};

/// CNTV_CTL_EL0.
struct CntvCtl : base::Register<CntvCtl, std::uint64_t> {
    using Register::Register;
    using enable  = base::Flag<0>;
    using imask   = base::Flag<1>; ///< the condition raises no interrupt
    using istatus = base::Flag<2>; ///< the condition is met
};

/// Distances from VBAR_EL1 to the vectors of synchronous exceptions (DDI 0487, D1.3.1).
enum class SyncVector : std::uint64_t {
    current_sp_el0 = 0x000,
    current_sp_elx = 0x200,
    lower_aarch64  = 0x400,
    lower_aarch32  = 0x600,
};

} // namespace arch
