// SPDX-License-Identifier: BSD-2-Clause
#include "departures.hpp"

#include "oracle/registers.hpp"

namespace oracle {
namespace {

constexpr std::uint64_t k_not_supported = ~std::uint64_t{0};

bool is_call(const Operation& operation, std::uint32_t function)
{
    return operation.kind == Kind::call && operation.where == function;
}

/// Also as the second of a pair.
bool reads(const Operation& operation, Frame frame, std::uint32_t offset)
{
    const bool pair = operation.form == static_cast<std::uint8_t>(Form::pair);
    return operation.kind == Kind::read && operation.frame == frame &&
           (operation.where == offset || (pair && operation.where + 4 == offset));
}

bool reads(const Operation& operation, Sysreg reg)
{
    return operation.kind == Kind::mrs && operation.where == static_cast<std::uint32_t>(reg);
}

/// Both values are the same but for the bits of `ignored`.
bool same_but(std::uint64_t ignored, const Record& a, const Record& b)
{
    return a.what == b.what && ((a.value ^ b.value) & ~ignored) == 0;
}

constexpr Departure k_departures[] = {
    {"smc-without-el3", Right::both, "DDI 0487 (SMC); DEN0028E (conduits)",
     "QEMU's machine has neither EL2 nor EL3, so SMC is undefined; ours answers both conduits",
     [](const Machine&, const Operation& operation, const Record& reference, const Record&) {
         return operation.kind == Kind::call &&
                operation.form == static_cast<std::uint8_t>(Conduit::smc) &&
                reference.what == What::exception && reference.value == 0x200'0000;
     }},
    {"smccc-1.1", Right::ours,
     "DEN0028E (SMCCC_VERSION, SMCCC_ARCH_FEATURES); DEN0022F.b (PSCI_FEATURES)",
     "QEMU 7.2 has PSCI 1.1 but not the SMCCC_VERSION and SMCCC_ARCH_FEATURES that belong to it",
     [](const Machine&, const Operation& operation, const Record& reference, const Record&) {
         return (is_call(operation, 0x8000'0000) || is_call(operation, 0x8000'0001) ||
                 (is_call(operation, 0x8400'000a) && operation.a == 0x8000'0000)) &&
                reference.value == k_not_supported;
     }},
    {"psci-optional", Right::both,
     "DEN0022F.b (implementation of the functions: mandatory, optional)",
     "SYSTEM_SUSPEND and SYSTEM_RESET2 are optional: we have them, QEMU 7.2 has not",
     [](const Machine&, const Operation& operation, const Record& reference, const Record& ours) {
         const auto function = static_cast<std::uint32_t>(operation.a) & ~0x4000'0000U;
         return is_call(operation, 0x8400'000a) &&
                (function == 0x8400'000e || function == 0x8400'0012) &&
                reference.value == k_not_supported && ours.value == 0;
     }},
    {"smc32-arguments", Right::ours, "DEN0028E (SMC32/HVC32: arguments are in W1 to W7)",
     "QEMU takes all 64 bits of the registers for the arguments of 32-bit PSCI calls",
     [](const Machine&, const Operation& operation, const Record& reference, const Record& ours) {
         return operation.kind == Kind::call && (operation.where & 0x4000'0000) == 0 &&
                ((operation.a | operation.b | operation.c) >> 32) != 0 &&
                reference.what == ours.what;
     }},
    {"affinity-levels", Right::ours, "DEN0022F.b (AFFINITY_INFO)",
     "QEMU takes every affinity above level 0 for one that is on; there may be none, or no such "
     "level",
     [](const Machine&, const Operation& operation, const Record& reference, const Record& ours) {
         constexpr std::uint64_t k_invalid_parameters = ~std::uint64_t{1};
         const auto              level                = (operation.where & 0x4000'0000) != 0
                                                            ? operation.b
                                                            : static_cast<std::uint32_t>(operation.b);
         return operation.kind == Kind::call && (operation.where & ~0x4000'0000U) == 0x8400'0004 &&
                level != 0 && reference.value == 0 && ours.value == k_invalid_parameters;
     }},
    {"redistributor-lpis", Right::both, "IHI 0069H (GICR_CTLR.CES; GICR_TYPER.PLPIS, CommonLPIAff)",
     "QEMU's redistributor has physical LPIs, ours has none",
     [](const Machine&, const Operation& operation, const Record& reference, const Record& ours) {
         const auto own = operation.where & ~0x1'ffffU;
         return (reads(operation, Frame::gicr, own | 8) && same_but(0x300'0001, reference, ours)) ||
                (reads(operation, Frame::gicr, own) && same_but(2, reference, ours));
     }},
    {"gicd-typer", Right::both,
     "IHI 0069H (GICD_TYPER.IDbits, LPIS, MBIS, No1N; ITLinesNumber: maximum SPI INTID is "
     "32(N+1)-1)",
     "QEMU's distributor has LPIs but neither message-based SPIs nor 1-of-N, ours the contrary; "
     "ITLinesNumber is one too low in QEMU 7.2",
     [](const Machine& machine, const Operation& operation, const Record& reference,
        const Record& ours) {
         return machine.gic == 3 && reads(operation, Frame::gicd, 4) &&
                (reference.value & 0x1f) + 1 == (ours.value & 0x1f) &&
                same_but(0x02fb'001f, reference, ours);
     }},
    {"id-el2", Right::both, "DDI 0487 (ID_AA64PFR0_EL1.EL2, ID_PFR1_EL1.Virtualization)",
     "the reference runs on a CPU without EL2; ours has one, and neither kernel hides it",
     [](const Machine&, const Operation& operation, const Record& reference, const Record& ours) {
         return (reads(operation, Sysreg::ID_AA64PFR0_EL1) && same_but(0xf00, reference, ours)) ||
                (reads(operation, Sysreg::ID_PFR1_EL1) && same_but(0xf000, reference, ours));
     }},
    {"disabled-group-hides", Right::ours,
     "IHI 0048B 4.3.1 (GICD_CTLR), GICC_CTLR; IHI 0069H (GICD_CTLR, ICC_IGRPEN0_EL1, "
     "ICC_IGRPEN1_EL1)",
     "QEMU 7.2 looks at the groups' enables only for the most urgent interrupt, so that one of a "
     "disabled group hides those of the other",
     nullptr},
    {"v2-ppi-configuration", Right::ours, "IHI 0048B 4.3.13 (GICD_ICFGR1 is banked)",
     "QEMU 7.2 has one configuration of a PPI for all CPUs", nullptr},
    {"v2-target-of-pending", Right::ours, "IHI 0048B 4.3.12 (a change affects pending interrupts)",
     "QEMU 7.2 leaves an SPI pending at the CPU that was its target when it became so", nullptr},
    {"v2-target-of-active", Right::ours, "IHI 0048B 4.3.9, 4.3.12 (an SPI is active for all CPUs)",
     "QEMU 7.2 keeps the active state of an SPI for each CPU: with a new target it is taken a "
     "second "
     "time while the first CPU still handles it",
     nullptr},
    {"v2-order-of-senders", Right::both,
     "IHI 0048B (GICC_IAR; the order is IMPLEMENTATION DEFINED)",
     "one SGI of several senders: QEMU takes the lowest CPU's first, ours the first that came",
     nullptr},
    {"v2-no-target", Right::ours, "IHI 0048B 4.3.7, 4.3.12",
     "QEMU 7.2 forgets that an SPI is pending when it has no target CPU", nullptr},
    {"v2-disabled-groups", Right::ours, "IHI 0048B (GICC_IAR, GICC_HPPIR: 1023 then)",
     "QEMU 7.2 acknowledges, and shows in HPPIR, interrupts of groups that are disabled", nullptr},
    {"v2-aliases", Right::ours, "IHI 0048B (GICC_AIAR, GICC_AEOIR, GICC_AHPPIR)",
     "QEMU 7.2 has none of them, neither in its GICC nor in the GICV that our guest uses", nullptr},
    {"quieted-timer", Right::qemu,
     "IHI 0048B, IHI 0069H (level-sensitive interrupts, their handling state)",
     "a timer that is switched off is seen to be no longer pending at the next access to the "
     "distributor, not at once: so one follows each operation on it",
     nullptr},
    {"as-many-as-list-registers", Right::qemu,
     "IHI 0048B (GICH_LR), IHI 0069H (ICH_LR<n>_EL2: how many is IMPLEMENTATION DEFINED)",
     "a virtual CPU interface has four list registers here: with four active interrupts none is "
     "taken, so a CPU holds three at most (the line `held` of a case)",
     nullptr},
    {"group-of-held", Right::both,
     "IHI 0048B 4.3.4 (GICD_IGROUPR); IHI 0069H (GICD_IGROUPR, GICR_IGROUPR0)",
     "an interrupt that changes its group while it is active: QEMU drops the priority of the new "
     "group, list registers that of the old one",
     nullptr},
    {"active-by-register", Right::qemu,
     "IHI 0048B 4.3.9 (GICD_ISACTIVER), GICC_EOIR; IHI 0069H (ICC_EOIR1_EL1, ICC_DIR_EL1)",
     "the end of an interrupt that is in no list register does not reach our distributor: one that "
     "was made active by ISACTIVER while it was being handled, one that another CPU has taken "
     "since ICACTIVER",
     nullptr},
    {"gicc-apr", Right::both, "IHI 0048B (GICC_APR: contents are IMPLEMENTATION DEFINED)",
     "QEMU's GICC_APR0 has a bit for each of 128 preemption levels, a virtual one for each of 32",
     nullptr},
    {"sgi1r-group-0", Right::ours, "IHI 0069H 8.1.10 (use of control registers for SGI forwarding)",
     "QEMU 7.2 does not forward an SGI of ICC_SGI1R_EL1 whose interrupt is in group 0", nullptr},
    {"v2-ppi-set-pending", Right::ours, "IHI 0048B 4.3.7, 4.3.8 (banked for each CPU)",
     "with several CPUs QEMU 7.2 looks up the targets of a PPI, and has none: the write is lost",
     nullptr},
};

} // namespace

std::span<const Departure> departures() { return k_departures; }

} // namespace oracle
