// SPDX-License-Identifier: BSD-2-Clause
// Registers of EL1 that a VMM reads or writes for its guest (Arm ARM DDI 0487, D17.2).
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

struct SctlrEl1 : base::Register<SctlrEl1, std::uint64_t> {
    using Register::Register;
    using m     = base::Flag<0>;  ///< stage 1 translation is on
    using wxn   = base::Flag<19>; ///< what may be written is not executed
    using span  = base::Flag<23>; ///< an exception leaves PSTATE.PAN as it is
    using e0e   = base::Flag<24>; ///< data of EL0 is big-endian
    using ee    = base::Flag<25>; ///< data of EL1 and the translation tables are big-endian
    using dssbs = base::Flag<44>; ///< PSTATE.SSBS of an exception
};

struct TcrEl1 : base::Register<TcrEl1, std::uint64_t> {
    using Register::Register;
    using t0sz  = base::Field<5, 0, unsigned>;
    using epd0  = base::Flag<7>;                     ///< TTBR0 is not walked
    using tg0   = base::Field<15, 14, std::uint8_t>; ///< granule: 0 4 KiB, 1 64 KiB, 2 16 KiB
    using t1sz  = base::Field<21, 16, unsigned>;
    using epd1  = base::Flag<23>;
    using tg1   = base::Field<31, 30, std::uint8_t>; ///< granule: 1 16 KiB, 2 4 KiB, 3 64 KiB
    using tbi0  = base::Flag<37>;                    ///< the top byte of an address is ignored
    using tbi1  = base::Flag<38>;
    using hpd0  = base::Flag<41>; ///< tables have no permissions of their own (FEAT_HPDS)
    using hpd1  = base::Flag<42>;
    using e0pd0 = base::Flag<55>; ///< EL0 has no access to this half (FEAT_E0PD)
    using e0pd1 = base::Flag<56>;
};

/// TTBR0_EL1, TTBR1_EL1.
struct TtbrEl1 : base::Register<TtbrEl1, std::uint64_t> {
    using Register::Register;
    static constexpr std::uint64_t k_address_mask = 0x0000'ffff'ffff'fffe; ///< without ASID, CnP
};

/// Permissions in the descriptors of stage 1 at EL1 and EL0 (DDI 0487, D8.3 and D8.4).
struct Stage1Descriptor : base::Register<Stage1Descriptor, std::uint64_t> {
    using Register::Register;
    using el0       = base::Flag<6>; ///< AP[1]: EL0 has access
    using read_only = base::Flag<7>; ///< AP[2]
    using af        = base::Flag<10>;
    using pxn       = base::Flag<53>;
    using uxn       = base::Flag<54>;
    using pxn_table = base::Flag<59>; ///< of tables: for all below
    using uxn_table = base::Flag<60>;
    using no_el0    = base::Flag<61>; ///< APTable[0]
    using no_write  = base::Flag<62>; ///< APTable[1]
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
