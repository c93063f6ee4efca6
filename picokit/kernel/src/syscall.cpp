// SPDX-License-Identifier: BSD-2-Clause
// The system calls of PDs.
#include "kernel/syscall.hpp"

#include "syscall_result.hpp"

#include "kernel/console.hpp"
#include "kernel/ipc.hpp"
#include "kernel/irq.hpp"
#include "kernel/message_info.hpp"
#include "kernel/monitor.hpp"
#include "kernel/native.hpp"
#include "kernel/system.hpp"

#include <algorithm>

namespace kernel {
namespace {

using picokit::CapEntry;
using picokit::CapType;

Thread* sys_none(std::uint64_t, std::uint64_t, std::uint64_t, Pd&, Core&) { return nullptr; }

Error signal_capability(Core& core, CapEntry entry)
{
    if (entry.type != CapType::notification) {
        return Error::invalid_capability;
    }
    signal(core, g_system.pds[entry.object], std::uint64_t{1} << entry.badge);
    return Error::none;
}

Thread* sys_receive(std::uint64_t cap, std::uint64_t info, std::uint64_t reply, Pd& caller,
                    Core& core)
{
    if (cap != 0) {
        // Deferred: an unsuitable one has no effect.
        const CapEntry entry = find_capability(caller, cap);
        if (entry.type == CapType::irq) {
            acknowledge_irq(core, entry.object);
        } else {
            static_cast<void>(signal_capability(core, entry));
        }
    }
    receive(core, caller, reply == 1, info);
    return reschedule(core);
}

Thread* sys_call(std::uint64_t cap, std::uint64_t info, std::uint64_t, Pd& caller, Core& core)
{
    const CapEntry entry = find_capability(caller, cap);
    if (entry.type != CapType::endpoint) {
        return nullptr;
    }
    call(core, caller, g_system.pds[entry.object], entry.badge, info);
    return reschedule(core);
}

Thread* sys_signal(std::uint64_t cap, std::uint64_t, std::uint64_t, Pd& caller, Core& core)
{
    const Error error = signal_capability(core, find_capability(caller, cap));
    return done_and_reschedule(core, caller, error);
}

Thread* sys_irq_ack(std::uint64_t cap, std::uint64_t, std::uint64_t, Pd& caller, Core& core)
{
    const int irq = find_object(caller, cap, CapType::irq);
    if (irq < 0) {
        return done(caller, Error::invalid_capability);
    }
    acknowledge_irq(core, static_cast<unsigned>(irq));
    return done(caller, Error::none);
}

/// While a thread is blocked in a system call, its context is already past it; register calls
/// show and set the address of the call.
bool is_past_its_call(const Thread& thread)
{
    return thread.state == State::receiving || thread.state == State::calling ||
           thread.state == State::called;
}

Thread* sys_read_registers(std::uint64_t cap, std::uint64_t suspend, std::uint64_t count,
                           Pd& caller, Core& core)
{
    const int index = find_object(caller, cap, CapType::tcb);
    if (index < 0) {
        return done(caller, Error::invalid_capability);
    }
    Thread& target = *g_system.threads[static_cast<unsigned>(index)];
    if (&target == &caller) {
        return done(caller, Error::illegal_operation);
    }
    if (count == 0 || count > k_context_words) {
        return done(caller, Error::range);
    }
    copy_words(caller.message, target.context.words.data(), count);
    if (is_past_its_call(target)) [[unlikely]] {
        caller.message[0] -= 4;
    }
    if (suspend == 1) [[unlikely]] {
        cancel(core, target);
        return done_and_reschedule(core, caller, Error::none);
    }
    return done(caller, Error::none);
}

/// Writes `count` registers from the caller's words.
[[gnu::always_inline]] inline void write_registers(Thread& target, const Pd& caller,
                                                   std::uint64_t count)
{
    copy_words(target.context.words.data(), caller.message, count);
    if (count > static_cast<std::uint64_t>(Word::spsr)) {
        target.context[Word::spsr] =
            filter_spsr(target.context[Word::spsr], target.kind == Kind::vcpu, k_user_spsr);
    }
}

[[gnu::noinline]] Thread* write_registers_and_restart(Thread& target, std::uint64_t count,
                                                      Pd& caller, Core& core)
{
    cancel(core, target);
    write_registers(target, caller, count);
    wake(core, target);
    return done_and_reschedule(core, caller, Error::none);
}

Thread* sys_write_registers(std::uint64_t cap, std::uint64_t resume, std::uint64_t count,
                            Pd& caller, Core& core)
{
    const int index = find_object(caller, cap, CapType::tcb);
    if (index < 0) {
        return done(caller, Error::invalid_capability);
    }
    Thread& target = *g_system.threads[static_cast<unsigned>(index)];
    if (&target == &caller) {
        return done(caller, Error::illegal_operation);
    }
    if (count > k_context_words) {
        return done(caller, Error::truncated_message);
    }
    if (resume == 1) [[unlikely]] {
        return write_registers_and_restart(target, count, caller, core);
    }
    write_registers(target, caller, count);
    if (count != 0 && is_past_its_call(target)) [[unlikely]] {
        target.context[Word::pc] += 4;
    }
    return done(caller, Error::none);
}

Thread* sys_suspend(std::uint64_t cap, std::uint64_t, std::uint64_t, Pd& caller, Core& core)
{
    const int index = find_object(caller, cap, CapType::tcb);
    if (index < 0) {
        return done(caller, Error::invalid_capability);
    }
    cancel(core, *g_system.threads[static_cast<unsigned>(index)]);
    return done_and_reschedule(core, caller, Error::none);
}

Thread* sys_resume(std::uint64_t cap, std::uint64_t, std::uint64_t, Pd& caller, Core& core)
{
    const int index = find_object(caller, cap, CapType::tcb);
    if (index < 0) {
        return done(caller, Error::invalid_capability);
    }
    Thread& target = *g_system.threads[static_cast<unsigned>(index)];
    if (target.state != State::ready) {
        restart(core, target);
    }
    return done_and_reschedule(core, caller, Error::none);
}

Thread* sys_smc(std::uint64_t cap, std::uint64_t, std::uint64_t, Pd& caller, Core&)
{
    if (find_capability(caller, cap).type != CapType::smc) {
        return done(caller, Error::invalid_capability);
    }
    // Through memory of our own: the PD's could be anything while EL3 runs.
    std::array<std::uint64_t, 8> words;
    std::copy_n(caller.message, words.size(), words.begin());
    machine::smc(words.data());
    std::ranges::copy(words, caller.message);
    return done(caller, Error::none);
}

Thread* sys_become_passive(std::uint64_t, std::uint64_t, std::uint64_t, Pd& caller, Core&)
{
    if (!caller.may_be_passive) {
        return done(caller, Error::illegal_operation);
    }
    caller.passive = true;
    report_passive(caller);
    return done(caller, Error::none);
}

Thread* sys_yield(std::uint64_t, std::uint64_t, std::uint64_t, Pd& caller, Core& core)
{
    yield(core, caller);
    return done_and_reschedule(core, caller, Error::none);
}

Thread* sys_debug_put_char(std::uint64_t character, std::uint64_t, std::uint64_t, Pd& caller, Core&)
{
    if constexpr (k_config.debug) {
        put_char(static_cast<char>(character));
    }
    return done(caller, Error::none);
}

Thread* sys_set_priority(std::uint64_t cap, std::uint64_t priority, std::uint64_t authority,
                         Pd& caller, Core& core)
{
    const int index = find_object(caller, cap, CapType::tcb);
    const int giver = find_object(caller, authority, CapType::tcb);
    if (index < 0 || giver < 0) {
        return done(caller, Error::invalid_capability);
    }
    const std::uint8_t most = g_system.threads[static_cast<unsigned>(giver)]->entry->priority;
    if (priority > most) {
        return out_of_range(caller, 0, most);
    }
    set_priority(core, *g_system.threads[static_cast<unsigned>(index)],
                 static_cast<std::uint8_t>(priority));
    return done_and_reschedule(core, caller, Error::none);
}

} // namespace

extern "C" const std::array<Syscall, k_syscall_count> k_picokit_syscalls{
    sys_none,
    sys_receive,
    sys_call,
    sys_signal,
    sys_irq_ack,
    sys_read_registers,
    sys_write_registers,
    sys_suspend,
    sys_resume,
    sys_vcpu_read,
    sys_vcpu_write,
    sys_vcpu_inject,
    sys_vcpu_ack_vppi,
    sys_smc,
    sys_become_passive,
    sys_yield,
    sys_debug_put_char,
    sys_vcpu_list_register,
    sys_vcpu_reset,
    sys_set_priority,
};
static_assert(PICOKIT_SYS_RECEIVE == 1 && PICOKIT_SYS_TCB_SET_PRIORITY == k_syscall_count - 1);

extern "C" Thread* picokit_syscall_fault(Pd& caller, Core& core)
{
    caller.context[Word::pc] -= 4; // the instruction itself
    const std::uint64_t number = caller.context[Word::x7];
    if (number == PICOKIT_SYS_CALL) {
        raise(core, caller, FaultLabel::capability, caller.context[Word::x0]);
    } else {
        raise(core, caller, FaultLabel::unknown_syscall, number);
    }
    return reschedule(core);
}

} // namespace kernel
