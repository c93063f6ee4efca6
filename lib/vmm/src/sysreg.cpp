// SPDX-License-Identifier: BSD-2-Clause
// Values of trapped system registers.
#include "vmm/sysreg.hpp"

#include "vmm/gic.hpp"
#include "vmm/psci.hpp"

namespace vmm {
namespace {

using arch::SysregId;
namespace sysreg = arch::sysreg;

/// OSLSR_EL1: OS Lock implemented (OSLM = 0b10), not locked.
constexpr std::uint64_t k_oslsr = 0x8;
/// ID_AA64PFR0_EL1: EL0 and EL1 in AArch64 only, floating point and SIMD; bits 27..24: GIC.
constexpr std::uint64_t k_pfr0             = 0x11;
constexpr std::uint64_t k_pfr0_gic_sysregs = 0x0100'0000;
/// ID_AA64DFR0_EL1: Armv8 debug architecture, one breakpoint and watchpoint at least; no PMU.
constexpr std::uint64_t k_dfr0 = 0x6;
/// ID_AA64MMFR0_EL1: 40-bit addresses, 16-bit ASIDs; granules of 4 and 64 KiB.
constexpr std::uint64_t k_mmfr0 = 0x22;

/// ID_*_EL1: all encodings of this space exist, those without a meaning read as zero.
bool is_identification(SysregId reg)
{
    return reg.op0 == 3 && reg.op1 == 0 && reg.crn == 0 && reg.crm >= 1 && reg.crm <= 7;
}

bool is_debug(SysregId reg) { return reg.op0 == 2 && (reg.op1 == 0 || reg.op1 == 3); }

/// PM*_EL0, PM*_EL1: CRn 9 with CRm 12 to 14; event counters: CRn 14 with CRm 8 to 15.
bool is_pmu(SysregId reg)
{
    return reg.op0 == 3 && (reg.op1 == 0 || reg.op1 == 3) &&
           ((reg.crn == 9 && reg.crm >= 12 && reg.crm <= 14) ||
            (reg.op1 == 3 && reg.crn == 14 && reg.crm >= 8));
}

/// There, with nothing behind: reads give zero, writes are ignored.
bool is_hollow(SysregId reg) { return is_debug(reg) || is_pmu(reg); }

bool is_sre(SysregId reg, const SysregContext& context)
{
    return reg == sysreg::k_icc_sre_el1 && context.gic == GicVersion::v3;
}

} // namespace

std::optional<std::uint64_t> read_sysreg(SysregId reg, const SysregContext& context)
{
    if (is_sre(reg, context)) {
        return k_icc_sre_el1;
    }
    if (reg == sysreg::k_oslsr_el1) {
        return k_oslsr;
    }
    if (is_hollow(reg)) {
        return 0;
    }
    if (reg == sysreg::k_mpidr_el1) {
        return mpidr_of(context.vcpu).raw();
    }
    if (reg == sysreg::k_id_aa64pfr0_el1) {
        return k_pfr0 | (context.gic == GicVersion::v3 ? k_pfr0_gic_sysregs : 0);
    }
    if (reg == sysreg::k_id_aa64dfr0_el1) {
        return k_dfr0;
    }
    if (reg == sysreg::k_id_aa64mmfr0_el1) {
        return k_mmfr0;
    }
    if (is_identification(reg)) {
        return 0;
    }
    return std::nullopt;
}

bool ignores_sysreg_write(SysregId reg, const SysregContext& context)
{
    return is_sre(reg, context) || is_hollow(reg);
}

} // namespace vmm
