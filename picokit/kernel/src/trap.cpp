// SPDX-License-Identifier: BSD-2-Clause
// What an exception of a thread means: a fault, or work for the kernel alone.
#include "kernel/trap.hpp"

#include "arch/esr.hpp"
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
    const std::uint64_t far = machine::read<Register::far_el2>();
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

Fault abort_fault(const Thread& thread, std::uint64_t esr)
{
    std::uint64_t address = 0;
    if (thread.kind == Kind::vcpu) {
        address = guest_physical(esr);
    } else if (Esr{esr}.get<Esr::ec>() == Ec::instruction_lower) {
        address = thread.context[Word::pc];
    } else {
        address = machine::read<Register::far_el2>();
    }
    return {.label = FaultLabel::vm_fault, .first = address, .second = esr & 0xffff'ffff};
}

std::optional<Fault> debug_fault(Ec ec, std::uint64_t pc)
{
    const auto fault = [](std::uint64_t reason, std::uint64_t address) {
        return Fault{.label = FaultLabel::debug_exception, .first = reason, .second = address};
    };
    switch (ec) {
    case Ec::breakpoint_lower: return fault(k_debug_breakpoint, pc);
    case Ec::watchpoint_lower: return fault(k_debug_watchpoint, machine::read<Register::far_el2>());
    case Ec::step_lower: return fault(k_debug_step, pc);
    case Ec::brk64: return fault(k_debug_software, pc);
    default: return std::nullopt;
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

/// Traps of PDs that exist because registers of the last guest's are still in the hardware. True if
/// the instruction is to be tried again.
bool served_natively(Core& core, Thread& thread, std::uint64_t esr)
{
    if (thread.kind != Kind::pd) {
        return false;
    }
    auto& pd = static_cast<Pd&>(thread);
    if (Esr{esr}.get<Esr::ec>() == Ec::sysreg && is_counter(esr) &&
        (core.borrowed & k_borrowed_counter) == 0) {
        pd.uses_timer = true;
        borrow(core, k_borrowed_counter);
        return true;
    }
    return false;
}

bool may_use_fpu(const Thread& thread)
{
    return thread.kind == Kind::vcpu || static_cast<const Pd&>(thread).fpu;
}

Fault fault_of(Thread& thread, std::uint64_t esr)
{
    constexpr std::uint64_t k_unknown_reason = 0x0200'0000;
    const Ec                ec               = Esr{esr}.get<Esr::ec>();
    switch (ec) {
    case Ec::data_lower:
    case Ec::instruction_lower: return abort_fault(thread, esr);
    case Ec::hvc64:
        thread.context[Word::pc] -= 4; // the HVC itself
        return {.label = FaultLabel::unknown_syscall, .first = thread.context[Word::x7]};
    case Ec::unknown:
        if ((esr & 0xffff'ffff) == k_unknown_reason) {
            return {.label = FaultLabel::user_exception, .first = k_unknown_reason};
        }
        break;
    default:
        if constexpr (k_config.debug) {
            if (const auto fault = debug_fault(ec, thread.context[Word::pc])) {
                return *fault;
            }
        }
        break;
    }
    return {.label = FaultLabel::vcpu, .first = esr & 0xffff'ffff};
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

extern "C" Thread* picokit_trap(Thread& thread, Core& core, std::uint64_t esr)
{
    if (Esr{esr}.get<Esr::ec>() == Ec::fp && may_use_fpu(thread)) {
        take_fpu(core, thread);
        return &thread;
    }
    if (served_natively(core, thread, esr)) {
        return &thread;
    }
    raise(core, thread, fault_of(thread, esr));
    return reschedule(core);
}

extern "C" Thread* picokit_serror(Thread& thread, Core& core, std::uint64_t esr)
{
    // An external abort that nobody waited for. It cannot be undone, and it is imprecise: most
    // likely this thread's doing, possibly of one that ran just before. This one faults.
    report_serror(thread, esr);
    raise(core, thread, {.label = FaultLabel::vcpu, .first = esr & 0xffff'ffff});
    return reschedule(core);
}

extern "C" Thread* picokit_interrupt(Thread&, Core& core)
{
    handle_interrupt(core);
    return reschedule(core);
}

} // namespace kernel
