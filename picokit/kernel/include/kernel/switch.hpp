// SPDX-License-Identifier: BSD-2-Clause
// From one thread to another: everything in the hardware that exception.S does not restore.
#pragma once

#include "kernel/core.hpp"
#include "kernel/native.hpp"
#include "machine/machine.hpp"

namespace kernel {

/// Takes the hardware away from a guest: nothing it has set may change how a PD runs. The virtual
/// interface and timer stay as they are; with TGE set neither can interrupt EL0, and their
/// physical interrupts are put off if they come (irq.cpp).
inline void leave_guest(Core& core, Vcpu& vcpu)
{
    using machine::Register;
    // A PD can read this one but not write it.
    vcpu.context[Word::tpidrro_el0] = machine::read<Register::tpidrro_el0>();
    vcpu[VcpuField::sctlr]          = machine::read<Register::sctlr_el1>();
    machine::write<Register::sctlr_el1>(k_native_sctlr);
    const std::uint64_t mdscr = machine::read<Register::mdscr_el1>();
    if ((mdscr & k_mdscr_monitor) != 0 || (mdscr & k_mdscr_step) != 0) [[unlikely]] {
        borrow(core, k_borrowed_mdscr);
    }
    if ((machine::read<Register::cntkctl_el1>() & k_cntkctl_timers) != 0) [[unlikely]] {
        borrow(core, k_borrowed_counter);
    }
}

/// Gives the hardware to a guest.
inline void enter_guest(Core& core, Vcpu& vcpu)
{
    using machine::Register;
    if (core.loaded != &vcpu) [[unlikely]] {
        load(core, vcpu);
    } else if (core.borrowed != 0) [[unlikely]] {
        return_borrowed(core, vcpu);
    }
    machine::write<Register::sctlr_el1>(vcpu[VcpuField::sctlr]);
}

/// FP/SIMD registers belong to the last thread that used them; everybody else traps (fpu.cpp).
inline void switch_fpu(Core& core, const Thread& to)
{
    const bool          owner = core.fp_owner == &to;
    const std::uint64_t cptr  = owner ? k_cptr_fp_enabled : k_cptr_fp_trapped;
    if (cptr != core.cptr) {
        core.cptr = cptr;
        machine::write<machine::Register::cptr_el2>(cptr);
    }
    if (owner && to.kind == Kind::pd) {
        borrow(core, k_borrowed_cpacr);
    }
}

inline void save_user_registers(Thread& thread)
{
    using machine::Register;
    thread.context[Word::sp]        = machine::read<Register::sp_el0>();
    thread.context[Word::tpidr_el0] = machine::read<Register::tpidr_el0>();
}

inline void load_user_registers(const Thread& thread)
{
    using machine::Register;
    machine::write<Register::sp_el0>(thread.context[Word::sp]);
    machine::write<Register::tpidr_el0>(thread.context[Word::tpidr_el0]);
    machine::write<Register::tpidrro_el0>(thread.context[Word::tpidrro_el0]);
}

/// Makes `to` the current thread. The exception return that follows synchronises.
inline void switch_to(Core& core, Thread& to)
{
    if (Thread* from = core.current; from != nullptr) {
        save_user_registers(*from);
        if (from->kind == Kind::vcpu) {
            leave_guest(core, static_cast<Vcpu&>(*from));
        }
    }
    load_user_registers(to);
    if (to.kind == Kind::vcpu) {
        enter_guest(core, static_cast<Vcpu&>(to));
    } else if (static_cast<Pd&>(to).uses_timer) {
        borrow(core, k_borrowed_counter);
    }
    switch_fpu(core, to);
    machine::write<machine::Register::vttbr_el2>(to.vttbr);
    machine::write<machine::Register::hcr_el2>(to.hcr);
    core.current = &to;
}

} // namespace kernel
