// SPDX-License-Identifier: BSD-2-Clause
// What an exception of a thread means: a fault, or work for the kernel alone.
#include "kernel/trap.hpp"

#include "arch/esr.hpp"
#include "kernel/delivery.hpp"
#include "kernel/irq.hpp"
#include "kernel/monitor.hpp"
#include "kernel/native.hpp"
#include "kernel/scheduler.hpp"
#include "machine/machine.hpp"

#include <optional>

namespace kernel {
namespace {

using arch::Ec;
using arch::Esr;
using machine::Register;

constexpr std::uint64_t k_page_mask = 0xfff;

/// Guest-physical address of a stage 2 abort.
std::uint64_t guest_physical(std::uint64_t esr)
{
    const std::uint64_t      far = machine::read<Register::far_el2>();
    const arch::DataAbortIss iss{esr};
    // HPFAR_EL2 holds the page, except that it is unknown for permission faults of the access
    // itself (DDI 0487, D17.2.58): there stage 1 has to be walked again.
    constexpr unsigned k_permission = 0b0011;
    if (iss.get<arch::DataAbortIss::dfsc>() >> 2 == k_permission &&
        !iss.get<arch::DataAbortIss::s1ptw>()) {
        const std::uint64_t par = machine::translate_stage1_read(far);
        if ((par & 1) == 0) {
            return (par & 0x0000'ffff'ffff'f000) | (far & k_page_mask);
        }
    }
    return machine::read<Register::hpfar_el2>() >> 4 << 12 | (far & k_page_mask);
}

/// Address of an abort, as seL4 shows it to a supervisor.
std::uint64_t abort_address(const Thread& thread, std::uint64_t esr)
{
    if (thread.kind == Kind::vcpu) [[likely]] {
        return guest_physical(esr);
    }
    return Esr{esr}.get<Esr::ec>() == Ec::instruction_lower ? thread.context[Word::pc]
                                                            : machine::read<Register::far_el2>();
}

struct DebugEvent {
    std::uint64_t reason;
    std::uint64_t address;
};

std::optional<DebugEvent> debug_event(Ec ec, std::uint64_t pc)
{
    switch (ec) {
    case Ec::breakpoint_lower:
        return DebugEvent{k_debug_breakpoint, pc};
    case Ec::watchpoint_lower:
        return DebugEvent{k_debug_watchpoint, machine::read<Register::far_el2>()};
    case Ec::step_lower:
        return DebugEvent{k_debug_step, pc};
    case Ec::brk64:
        return DebugEvent{k_debug_software, pc};
    default:
        return std::nullopt;
    }
}

/// Whether a trapped system register is one of the generic timer's that a PD may have.
bool is_counter(std::uint64_t esr)
{
    using arch::SysregIss;
    const SysregIss iss{esr};
    return iss.get<SysregIss::op0>() == 3 && iss.get<SysregIss::op1>() == 3 &&
           iss.get<SysregIss::crn>() == 14;
}

/// A PD's access to the counter may trap only because the last guest's CNTKCTL_EL1 is still in the
/// hardware. True if the instruction is to be tried again.
bool served_natively(Core& core, Thread& thread, std::uint64_t esr)
{
    if (thread.kind != Kind::pd) {
        return false;
    }
    if (is_counter(esr) && (core.borrowed & k_borrowed_counter) == 0) {
        static_cast<Pd&>(thread).uses_timer = true;
        borrow(core, k_borrowed_counter);
        return true;
    }
    return false;
}

bool may_use_fpu(const Thread& thread)
{
    return thread.kind == Kind::vcpu || static_cast<const Pd&>(thread).fpu;
}

/// Exceptions that are neither aborts nor hypervisor calls.
Fault other_fault(const Thread& thread, std::uint64_t esr)
{
    constexpr std::uint64_t k_unknown_reason = 0x0200'0000;
    if (esr == k_unknown_reason) {
        return {.label = FaultLabel::user_exception, .first = esr};
    }
    if constexpr (k_config.debug) {
        if (const auto event = debug_event(Esr{esr}.get<Esr::ec>(), thread.context[Word::pc])) {
            return {.label  = FaultLabel::debug_exception,
                    .first  = event->reason,
                    .second = event->address};
        }
    }
    return {.label = FaultLabel::vcpu, .first = esr};
}

/// What the kernel does about an exception by itself. True if the thread goes on.
bool is_served(Core& core, Thread& thread, std::uint64_t esr)
{
    switch (Esr{esr}.get<Esr::ec>()) {
    case Ec::fp:
        if (may_use_fpu(thread)) {
            take_fpu(core, thread);
            return true;
        }
        return false;
    case Ec::unknown:
        // A PD's FP instruction under the last guest's CPACR_EL1: with TGE set its trap has no
        // class of its own (DDI 0487, CPACR_EL1.FPEN). Under ours an instruction that really is
        // undefined comes back, and one that may not be had comes back as such.
        if (thread.kind == Kind::pd && (core.borrowed & k_borrowed_cpacr) == 0) {
            borrow(core, k_borrowed_cpacr);
            return true;
        }
        return false;
    case Ec::wf:
        if (thread.kind == Kind::pd) {
            wait_a_turn(core);
            thread.context[Word::pc] += 4;
            return true;
        }
        return false;
    case Ec::sysreg:
        return served_natively(core, thread, esr);
    default:
        return false;
    }
}

} // namespace

void take_fpu(Core& core, Thread& thread)
{
    core.cptr = k_cptr_fp_enabled;
    machine::write<Register::cptr_el2>(core.cptr);
    machine::synchronise_context();
    if (thread.kind == Kind::pd) {
        borrow(core, k_borrowed_cpacr);
    }
    if (core.fp_owner == &thread) {
        return;
    }
    if (core.fp_owner != nullptr) {
        machine::fp_save(&core.fp_owner->fp);
    }
    core.fp_owner = &thread;
    machine::fp_load(&thread.fp);
}

extern "C" Thread* picokit_trap(Thread& thread, Core& core, std::uint64_t long_esr)
{
    const std::uint64_t esr = long_esr & 0xffff'ffff; // ISS2 is not for the messages
    const Ec            ec  = Esr{esr}.get<Esr::ec>();
    if (ec == Ec::data_lower || ec == Ec::instruction_lower) {
        thread.fault = {
            .label = FaultLabel::vm_fault, .first = abort_address(thread, esr), .second = esr};
    } else if (ec == Ec::hvc64) {
        thread.context[Word::pc] -= 4; // the HVC itself
        thread.fault = {.label = FaultLabel::unknown_syscall, .first = thread.context[Word::x7]};
    } else if (is_served(core, thread, esr)) {
        return &thread;
    } else {
        thread.fault = other_fault(thread, esr);
    }
    send_fault(core, thread);
    return reschedule(core);
}

extern "C" Thread* picokit_serror(Thread& thread, Core& core, std::uint64_t esr)
{
    // An external abort that nobody waited for. It cannot be undone, and it is imprecise: most
    // likely this thread's doing, possibly of one that ran just before. This one faults.
    report_serror(thread, esr);
    raise(core, thread, FaultLabel::vcpu, esr & 0xffff'ffff);
    return reschedule(core);
}

extern "C" Thread* picokit_interrupt(Thread&, Core& core)
{
    handle_interrupt(core);
    return reschedule(core);
}

} // namespace kernel
