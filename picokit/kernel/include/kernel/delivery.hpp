// SPDX-License-Identifier: BSD-2-Clause
// How an event reaches the PD that waits for it. Inline, because the way of a guest's exit to its
// VMM and back is made of this.
#pragma once

#include "arch/esr.hpp"
#include "kernel/message_info.hpp"
#include "kernel/scheduler.hpp"
#include "machine/machine.hpp"

namespace kernel {

inline constexpr std::uint64_t k_call_badge  = std::uint64_t{1} << PICOKIT_BADGE_CALL_BIT;
inline constexpr std::uint64_t k_fault_badge = std::uint64_t{1} << PICOKIT_BADGE_FAULT_BIT;

/// The message of a fault that guests do not cause all the time.
[[nodiscard]] std::uint64_t write_rare_message(const Thread& thread, std::uint64_t* words);

/// Writes the message of a thread's fault, the label and length of which it returns as a message
/// info word. `words` has room for an IPC buffer. (seL4: sel4/faults.h.)
[[nodiscard, gnu::always_inline]] inline std::uint64_t write_fault_message(const Thread&  thread,
                                                                           std::uint64_t* words)
{
    const auto info = [](FaultLabel label, std::uint64_t count) {
        return MessageInfo::of(static_cast<std::uint64_t>(label), count);
    };
    const Fault& fault = thread.fault;
    if (fault.label == FaultLabel::vm_fault) {
        words[0] = thread.context[Word::pc];
        words[1] = fault.first;
        words[2] = arch::Esr{fault.second}.get<arch::Esr::ec>() == arch::Ec::instruction_lower;
        words[3] = fault.second;
        return info(FaultLabel::vm_fault, 4);
    }
    if (fault.label >= FaultLabel::vgic_maintenance) {
        words[0] = fault.first;
        return info(fault.label, 1);
    }
    return write_rare_message(thread, words);
}

inline void set_event(Pd& pd, std::uint64_t badge, std::uint64_t info)
{
    pd.context[Word::x0] = badge;
    pd.context[Word::x1] = info;
}

/// `thread` becomes the PD's client. A passive PD runs on its budget.
inline void take_client(Pd& pd, Thread& thread)
{
    pd.client = &thread;
    if (pd.budget == nullptr) [[unlikely]] {
        pd.budget     = thread.budget;
        thread.budget = nullptr;
        pd.donor      = &thread;
    }
}

[[gnu::always_inline]] inline void deliver_fault(Pd& pd, Thread& thread)
{
    take_client(pd, thread);
    thread.state = State::faulted;
    set_event(pd, k_fault_badge | thread.child_id, write_fault_message(thread, pd.message));
}

inline void deliver_call(Pd& pd, Pd& caller)
{
    take_client(pd, caller);
    caller.state = State::called;
    const MessageInfo info{caller.call_info};
    copy_words(pd.message, caller.message, info.words());
    set_event(pd, k_call_badge | caller.channel, info.delivered());
}

/// Behind all callers of at least the same priority.
void queue_caller(Pd& server, Thread& thread);

/// The fault of a thread without parent: the monitor's, which never answers.
void stop_for_good(Core& core, Thread& thread);

/// The current thread stops with `thread.fault`, which its supervisor gets to know.
[[gnu::always_inline]] inline void send_fault(Core& core, Thread& thread)
{
    // The message may show it, and the thread is still the current one.
    thread.context[Word::sp] = machine::read<machine::Register::sp_el0>();

    core.next        = nullptr;
    Pd* const server = thread.parent;
    if (server == nullptr) [[unlikely]] {
        stop_for_good(core, thread);
        return;
    }
    thread.server = server;
    if (server->state != State::receiving) [[unlikely]] {
        thread.state = State::faulting;
        queue_caller(*server, thread);
        return;
    }
    deliver_fault(*server, thread);
    wake(core, *server);
}

} // namespace kernel
