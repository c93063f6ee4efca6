// SPDX-License-Identifier: BSD-2-Clause
// The EL1 side of virtual CPUs: access by field, and exchange of one vCPU for another.
#include "kernel/vcpu.hpp"

#include "kernel/core.hpp"
#include "kernel/native.hpp"
#include "machine/machine.hpp"
#include "picokit/abi.h"

namespace kernel {
namespace {

using machine::Register;

/// Calls `visit(field, register)` for the fields that are system registers and neither exchanged
/// at every exit (SCTLR) nor sometimes borrowed (CPACR, CNTKCTL, MDSCR) nor CNTV_CTL, whose
/// order matters.
template <class Visitor>
void for_each_plain_field(Visitor visit)
{
    using enum VcpuField;
    visit.template operator()<ttbr0, Register::ttbr0_el1>();
    visit.template operator()<ttbr1, Register::ttbr1_el1>();
    visit.template operator()<tcr, Register::tcr_el1>();
    visit.template operator()<mair, Register::mair_el1>();
    visit.template operator()<amair, Register::amair_el1>();
    visit.template operator()<contextidr, Register::contextidr_el1>();
    visit.template operator()<actlr, Register::actlr_el1>();
    visit.template operator()<afsr0, Register::afsr0_el1>();
    visit.template operator()<afsr1, Register::afsr1_el1>();
    visit.template operator()<esr, Register::esr_el1>();
    visit.template operator()<far, Register::far_el1>();
    visit.template operator()<par, Register::par_el1>();
    visit.template operator()<vbar, Register::vbar_el1>();
    visit.template operator()<tpidr_el1, Register::tpidr_el1>();
    visit.template operator()<vmpidr, Register::vmpidr_el2>();
    visit.template operator()<sp_el1, Register::sp_el1>();
    visit.template operator()<elr_el1, Register::elr_el1>();
    visit.template operator()<spsr_el1, Register::spsr_el1>();
    visit.template operator()<cntv_cval, Register::cntv_cval_el0>();
    visit.template operator()<cntvoff, Register::cntvoff_el2>();
    visit.template operator()<csselr, Register::csselr_el1>();
}

/// The hardware register of a field, called with a visitor that knows it at compile time.
template <class Visitor>
void with_register(VcpuField field, Visitor visit)
{
    using enum VcpuField;
    switch (field) {
    case sctlr:
        visit.template operator()<Register::sctlr_el1>();
        break;
    case cpacr:
        visit.template operator()<Register::cpacr_el1>();
        break;
    case ttbr0:
        visit.template operator()<Register::ttbr0_el1>();
        break;
    case ttbr1:
        visit.template operator()<Register::ttbr1_el1>();
        break;
    case tcr:
        visit.template operator()<Register::tcr_el1>();
        break;
    case mair:
        visit.template operator()<Register::mair_el1>();
        break;
    case amair:
        visit.template operator()<Register::amair_el1>();
        break;
    case contextidr:
        visit.template operator()<Register::contextidr_el1>();
        break;
    case actlr:
        visit.template operator()<Register::actlr_el1>();
        break;
    case afsr0:
        visit.template operator()<Register::afsr0_el1>();
        break;
    case afsr1:
        visit.template operator()<Register::afsr1_el1>();
        break;
    case esr:
        visit.template operator()<Register::esr_el1>();
        break;
    case far:
        visit.template operator()<Register::far_el1>();
        break;
    case par:
        visit.template operator()<Register::par_el1>();
        break;
    case vbar:
        visit.template operator()<Register::vbar_el1>();
        break;
    case tpidr_el1:
        visit.template operator()<Register::tpidr_el1>();
        break;
    case vmpidr:
        visit.template operator()<Register::vmpidr_el2>();
        break;
    case sp_el1:
        visit.template operator()<Register::sp_el1>();
        break;
    case elr_el1:
        visit.template operator()<Register::elr_el1>();
        break;
    case spsr_el1:
        visit.template operator()<Register::spsr_el1>();
        break;
    case cntv_ctl:
        visit.template operator()<Register::cntv_ctl_el0>();
        break;
    case cntv_cval:
        visit.template operator()<Register::cntv_cval_el0>();
        break;
    case cntvoff:
        visit.template operator()<Register::cntvoff_el2>();
        break;
    case cntkctl:
        visit.template operator()<Register::cntkctl_el1>();
        break;
    default:
        break;
    }
}

/// Whether the field's value is in the hardware while a PD runs.
bool in_hardware(const Core& core, const Vcpu& vcpu, VcpuField field)
{
    if (core.loaded != &vcpu) {
        return false;
    }
    switch (field) {
    case VcpuField::sctlr:
        return false;
    case VcpuField::cpacr:
        return (core.borrowed & k_borrowed_cpacr) == 0;
    case VcpuField::cntkctl:
        return (core.borrowed & k_borrowed_counter) == 0;
    default:
        return true;
    }
}

/// CONTEXTIDR, AFSR0, AFSR1 and ESR travel as 32 bits.
constexpr bool is_short(VcpuField field)
{
    return field == VcpuField::contextidr || field == VcpuField::afsr0 ||
           field == VcpuField::afsr1 || field == VcpuField::esr;
}

void save(Core& core, Vcpu& vcpu)
{
    for_each_plain_field(
        [&]<VcpuField field, Register source>() { vcpu[field] = machine::read<source>(); });
    if ((core.borrowed & k_borrowed_cpacr) == 0) {
        vcpu[VcpuField::cpacr] = machine::read<Register::cpacr_el1>();
    }
    if ((core.borrowed & k_borrowed_counter) == 0) {
        vcpu[VcpuField::cntkctl] = machine::read<Register::cntkctl_el1>();
    }
    if ((core.borrowed & k_borrowed_mdscr) == 0) {
        vcpu[VcpuField::mdscr] = machine::read<Register::mdscr_el1>();
    }
    vcpu[VcpuField::cntv_ctl] = machine::read<Register::cntv_ctl_el0>();
    // Off before the compare value changes: no deadline of nobody's.
    machine::write<Register::cntv_ctl_el0>(0);

    vcpu.interface.save_control();
    for (unsigned i = 0; i < core.list_registers; ++i) {
        vcpu.interface.lr[i] = VirtualInterface::read_lr(i);
    }
}

} // namespace

std::uint64_t read_field(const Core& core, Vcpu& vcpu, VcpuField field)
{
    if (in_hardware(core, vcpu, field)) {
        std::uint64_t value = 0;
        with_register(field, [&]<Register source>() { value = machine::read<source>(); });
        return value;
    }
    return vcpu[field];
}

void write_field(Core& core, Vcpu& vcpu, VcpuField field, std::uint64_t value)
{
    if (is_short(field)) {
        value &= 0xffff'ffff;
    }
    // These two also bind PDs, one of which is running: the guest's value waits for the guest.
    if (core.loaded == &vcpu && field == VcpuField::cpacr) {
        borrow(core, k_borrowed_cpacr);
    }
    if (core.loaded == &vcpu && field == VcpuField::cntkctl) {
        borrow(core, k_borrowed_counter);
    }
    if (in_hardware(core, vcpu, field)) {
        with_register(field, [&]<Register target>() { machine::write<target>(value); });
    } else {
        vcpu[field] = value;
    }
}

arch::VirtualState take_list_register(const Core& core, Vcpu& vcpu, unsigned index,
                                      std::uint64_t states)
{
    const bool loaded = core.loaded == &vcpu;
    const auto state  = VirtualInterface::state(loaded ? VirtualInterface::read_lr(index)
                                                       : vcpu.interface.lr[index]);
    if (state != arch::VirtualState::invalid && (states >> static_cast<unsigned>(state) & 1) != 0) {
        vcpu.interface.lr[index] = 0;
        if (loaded) {
            VirtualInterface::write_lr(index, 0);
        }
    }
    return state;
}

void reset(Core& core, Vcpu& vcpu, std::uint64_t parts)
{
    if (core.loaded == &vcpu) {
        // What is in the hardware is nobody's from now on, and must not interrupt: save() has
        // switched the timer off. The rest is replaced by the next load.
        save(core, vcpu);
        VirtualInterface::disable();
        core.loaded = nullptr;
    }
    if ((parts & PICOKIT_RESET_PROCESSOR) != 0) {
        if (core.fp_owner == &vcpu) {
            core.fp_owner = nullptr;
        }
        vcpu.fp = {};
        vcpu.saved.fill(0);
        vcpu[VcpuField::sctlr] = k_fresh_sctlr;
        vcpu.vppi_masked       = false;
    }
    if ((parts & PICOKIT_RESET_INTERFACE) != 0) {
        vcpu.interface = {};
    }
}

void load(Core& core, Vcpu& vcpu)
{
    if (core.loaded != nullptr) {
        save(core, *core.loaded);
    }
    core.loaded = &vcpu;
    for_each_plain_field(
        [&]<VcpuField field, Register target>() { machine::write<target>(vcpu[field]); });
    machine::write<Register::cntv_ctl_el0>(vcpu[VcpuField::cntv_ctl]);

    vcpu.interface.load_control();
    for (unsigned i = 0; i < core.list_registers; ++i) {
        VirtualInterface::write_lr(i, vcpu.interface.lr[i]);
    }
    core.borrowed = k_borrowed_cpacr | k_borrowed_counter | k_borrowed_mdscr | k_paused_interface |
                    k_changed_vtimer;
    return_borrowed(core, vcpu);
}

void return_borrowed(Core& core, Vcpu& vcpu)
{
    if ((core.borrowed & k_borrowed_cpacr) != 0) {
        machine::write<Register::cpacr_el1>(vcpu[VcpuField::cpacr]);
    }
    if ((core.borrowed & k_borrowed_counter) != 0) {
        machine::write<Register::cntkctl_el1>(vcpu[VcpuField::cntkctl]);
        machine::write<Register::cnthctl_el2>(core.guest_cnthctl);
    }
    if ((core.borrowed & k_borrowed_mdscr) != 0) {
        machine::write<Register::mdscr_el1>(vcpu[VcpuField::mdscr]);
    }
    if ((core.borrowed & k_paused_interface) != 0) {
        VirtualInterface::enable();
    }
    if (core.vtimer_enabled == vcpu.vppi_masked) {
        core.vtimer_enabled = !vcpu.vppi_masked;
        if (core.vtimer_enabled) {
            core.gic.enable(board::timer.virtual_timer);
        } else {
            core.gic.disable(board::timer.virtual_timer);
        }
    }
    core.borrowed = 0;
}

void borrow(Core& core, Borrowed what)
{
    if ((core.borrowed & what) != 0) {
        return;
    }
    core.borrowed = static_cast<std::uint8_t>(core.borrowed | what);
    switch (what) {
    case k_borrowed_cpacr:
        if (core.loaded != nullptr) {
            (*core.loaded)[VcpuField::cpacr] = machine::read<Register::cpacr_el1>();
        }
        machine::write<Register::cpacr_el1>(k_native_cpacr);
        break;
    case k_borrowed_counter:
        if (core.loaded != nullptr) {
            (*core.loaded)[VcpuField::cntkctl] = machine::read<Register::cntkctl_el1>();
        }
        machine::write<Register::cntkctl_el1>(k_native_cntkctl);
        machine::write<Register::cnthctl_el2>(k_native_cnthctl);
        break;
    case k_borrowed_mdscr:
        if (core.loaded != nullptr) {
            (*core.loaded)[VcpuField::mdscr] = machine::read<Register::mdscr_el1>();
        }
        machine::write<Register::mdscr_el1>(0);
        break;
    case k_paused_interface:
        VirtualInterface::disable();
        break;
    case k_changed_vtimer:
        break;
    }
}

} // namespace kernel
