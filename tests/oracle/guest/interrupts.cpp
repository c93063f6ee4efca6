// SPDX-License-Identifier: BSD-2-Clause
// Interrupts and exceptions: everything that happens is logged, with both versions of the GIC.
#include "state.hpp"

#include "guest/exception.hpp"
#include "guest/psci.hpp"

namespace oracle {
namespace {

// GICC (IHI 0048B, table 4-2).
constexpr std::uint64_t k_ctlr = 0x00, k_iar = 0x0c, k_eoir = 0x10, k_rpr = 0x14, k_dir = 0x1000;
constexpr std::uint32_t k_number = 0x3ff, k_first_special = 1020;
constexpr unsigned      k_most_taken = 12; ///< by one CPU in one turn

std::uint64_t gicc() { return state.platform->cpu_interface; }

bool drops_only()
{
    if (state.v3) {
        return (GUEST_READ_SYSREG(s3_0_c12_c12_4) & 2) != 0; // ICC_CTLR_EL1.EOImode
    }
    return (guest::read32(gicc() + k_ctlr) & 1U << 9) != 0; // GICC_CTLR.EOImode
}

/// Acknowledges for a group; with AckCtl a GICv2 has one register for both.
Held read_iar(unsigned group)
{
    if (state.v3) {
        const auto iar = group == 0 ? GUEST_READ_SYSREG(s3_0_c12_c8_0)   // ICC_IAR0_EL1
                                    : GUEST_READ_SYSREG(s3_0_c12_c12_0); // ICC_IAR1_EL1
        guest::data_barrier();
        return {static_cast<std::uint32_t>(iar), static_cast<std::uint8_t>(group)};
    }
    return {guest::read32(gicc() + k_iar), 0};
}

std::uint32_t priorities_from(std::uint32_t intid)
{
    std::uint32_t word = 0;
    for (unsigned i = 0; i < 4; ++i) {
        word |= std::uint32_t{state.header->priorities[intid + i]} << 8 * i;
    }
    return word;
}

std::uint64_t running_priority()
{
    return state.v3 ? GUEST_READ_SYSREG(s3_0_c12_c11_3) : guest::read32(gicc() + k_rpr);
}

void write_eoir(const Held& held)
{
    if (!state.v3) {
        guest::write32(gicc() + k_eoir, held.iar);
    } else if (held.group == 0) {
        GUEST_WRITE_SYSREG(s3_0_c12_c8_1, held.iar); // ICC_EOIR0_EL1
    } else {
        GUEST_WRITE_SYSREG(s3_0_c12_c12_1, held.iar); // ICC_EOIR1_EL1
    }
    guest::instruction_barrier();
}

void write_dir(const Held& held)
{
    if (!state.v3) {
        guest::write32(gicc() + k_dir, held.iar);
    } else {
        GUEST_WRITE_SYSREG(s3_0_c12_c11_1, held.iar); // ICC_DIR_EL1
    }
    guest::instruction_barrier();
}

/// Priority drop, and deactivation as `policy` says.
void end(Cpu& cpu, const Held& held, Policy policy)
{
    const bool separate = drops_only();
    write_eoir(held);
    if (!separate) {
        return;
    }
    if (policy == Policy::drop && cpu.held + cpu.dropped < state.header->most_held) {
        cpu.active[cpu.dropped++] = held;
    } else {
        write_dir(held);
    }
}

/// True: handled, go on behind it.
bool on_exception(guest::Frame& frame, std::uint64_t kind)
{
    constexpr std::uint64_t k_synchronous = 4, k_irq = 5, k_fiq = 6;
    constexpr std::uint64_t k_masks = 0xc0; // SPSR_EL1.I and F
    if (kind == k_synchronous) {
        log(What::exception, frame.esr);
        frame.pc += 4;
        state.excepted = true;
        return true;
    }
    if (kind != k_irq && kind != k_fiq) {
        return false;
    }
    auto& cpu = self_state();
    if (++cpu.taken > k_most_taken) {
        log(What::flooded, kind);
        frame.pstate |= k_masks;
        return true;
    }
    acknowledge(kind == k_fiq ? 0 : 1, kind == k_fiq ? What::fiq : What::irq);
    return true;
}

} // namespace

void acknowledge(unsigned group, What what)
{
    auto&      cpu   = self_state();
    const auto held  = read_iar(group);
    const auto intid = held.iar & k_number;
    log(what, running_priority() << 32 | std::uint64_t{held.group} << 31 | held.iar);
    if (intid >= k_first_special) {
        return;
    }
    if (intid == k_virtual_ppi) {
        GUEST_WRITE_SYSREG(cntv_ctl_el0, 0); // the line goes low
        guest::instruction_barrier();
    }
    if (cpu.policy == Policy::hold && cpu.held + cpu.dropped < state.header->most_held) {
        cpu.stack[cpu.held++] = held;
        return;
    }
    end(cpu, held, cpu.policy);
}

void end_newest()
{
    auto& cpu = self_state();
    if (cpu.held == 0) {
        log(What::skipped, 0);
        return;
    }
    --cpu.held;
    end(cpu, cpu.stack[cpu.held], Policy::drop);
}

void deactivate_oldest()
{
    auto& cpu = self_state();
    if (cpu.dropped == 0) {
        log(What::skipped, 1);
        return;
    }
    const auto oldest = cpu.active[0];
    --cpu.dropped;
    for (unsigned i = 0; i < cpu.dropped; ++i) {
        cpu.active[i] = cpu.active[i + 1];
    }
    write_dir(oldest);
}

void set_up_distributor()
{
    constexpr std::uint64_t k_igroupr = 0x80, k_ipriorityr = 0x400;
    const auto              gicd = state.platform->distributor;
    if (state.v3) {
        guest::write32(gicd, 0x10); // GICD_CTLR.ARE
        for (std::uint32_t word = 1; word < k_intids / 32; ++word) {
            guest::write32(gicd + k_igroupr + 4 * word, 0xffff'ffff);
        }
    }
    for (std::uint32_t intid = 32; intid < k_intids; intid += 4) {
        guest::write32(gicd + k_ipriorityr + intid, priorities_from(intid));
        if (!state.v3) {
            constexpr std::uint64_t k_itargetsr = 0x800;
            guest::write32(gicd + k_itargetsr + intid, 0x0101'0101);
        }
    }
}

void set_up_private()
{
    constexpr std::uint64_t k_igroupr = 0x80, k_ipriorityr = 0x400;
    const auto              frame =
        state.v3 ? state.gicr + 0x2'0000 * self() + 0x1'0000 : state.platform->distributor;
    if (state.v3) {
        guest::write32(frame + k_igroupr, state.header->group_1);
    }
    for (std::uint32_t intid = 0; intid < 32; intid += 4) {
        guest::write32(frame + k_ipriorityr + intid, priorities_from(intid));
    }
}

void set_up_interrupts()
{
    guest::set_exception_handler(on_exception);
    if (!state.v3) {
        constexpr std::uint64_t k_pmr = 0x04, k_bpr = 0x08, k_abpr = 0x1c;
        guest::write32(gicc() + k_pmr, 0);
        guest::write32(gicc() + k_ctlr, 7); // both groups, one acknowledge register
        guest::write32(gicc() + k_bpr, 2);
        guest::write32(gicc() + k_abpr, 3);
        return;
    }
    constexpr std::uint64_t k_waker = 0x14, k_stride = 0x2'0000;
    guest::write32(state.gicr + k_stride * self() + k_waker, 0);
    GUEST_WRITE_SYSREG(s3_0_c12_c12_5, 7); // ICC_SRE_EL1
    guest::instruction_barrier();
    GUEST_WRITE_SYSREG(s3_0_c4_c6_0, 0);   // ICC_PMR_EL1
    GUEST_WRITE_SYSREG(s3_0_c12_c12_4, 0); // ICC_CTLR_EL1
    GUEST_WRITE_SYSREG(s3_0_c12_c8_3, 2);  // ICC_BPR0_EL1
    GUEST_WRITE_SYSREG(s3_0_c12_c12_3, 3); // ICC_BPR1_EL1
    GUEST_WRITE_SYSREG(s3_0_c12_c12_6, 1); // ICC_IGRPEN0_EL1
    GUEST_WRITE_SYSREG(s3_0_c12_c12_7, 1); // ICC_IGRPEN1_EL1
    guest::instruction_barrier();
}

void open_window()
{
    auto& cpu = self_state();
    cpu.taken = 0;
    log(What::line, GUEST_READ_SYSREG(isr_el1));
    asm volatile("msr daifclr, #3\n isb\n nop\n nop\n nop\n nop\n nop\n nop\n isb\n"
                 "msr daifset, #3\n isb" ::
                     : "memory");
}

std::int64_t firmware(std::uint64_t function, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3)
{
    return state.platform->conduit == guest::Conduit::hvc ? guest_hvc(function, x1, x2, x3)
                                                          : guest_smc(function, x1, x2, x3);
}

} // namespace oracle
