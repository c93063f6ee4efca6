// SPDX-License-Identifier: BSD-2-Clause
// Who runs: priorities, turns, budgets and domains of one core.
//
// A kernel entry changes what it has to through wake(), unready() and yield(), and ends with
// reschedule(). The thread that is going to run is in no queue; a thread that wakes another of
// higher priority hands over to it without passing through one. The usual ways are inline.
#pragma once

#include "kernel/core.hpp"
#include "kernel/ring.hpp"
#include "kernel/switch.hpp"

#include <span>

namespace kernel {

/// The parts of wake() and reschedule() that are rare: see there.
void                  wake_with_budget(Core& core, Thread& thread);
void                  queue_or_preempt(Core& core, Thread& thread);
[[nodiscard]] Thread* dispatch(Core& core);

/// Runs from now on, or as soon as its priority, budget and domain allow. The thread must be
/// blocked or inactive. A passive PD without budget gets its own.
[[gnu::always_inline]] inline void wake(Core& core, Thread& thread)
{
    thread.state = State::ready;
    if (thread.budget == nullptr) [[unlikely]] {
        thread.budget = &thread.own_budget;
    }
    if (thread.budget->sporadic()) [[unlikely]] {
        wake_with_budget(core, thread);
        return;
    }
    if (core.next == nullptr && thread.domain == core.domain &&
        (core.ready_now->empty() || thread.priority > core.ready_now->highest())) [[likely]] {
        core.next = &thread;
        return;
    }
    queue_or_preempt(core, thread);
}

/// The thread is not to run; takes it out of the queue it is in. Its state is the caller's affair.
inline void unready(Core& core, Thread& thread)
{
    if (core.next == &thread) [[likely]] {
        core.next = nullptr;
    } else if (thread.queued == Queued::ready) {
        core.ready[thread.domain].remove(thread);
    } else if (thread.queued == Queued::release) {
        core.releases.remove(thread);
        thread.queued = Queued::no;
    }
}

/// The thread goes behind its equals, with a new turn.
void yield(Core& core, Thread& thread);

/// The current thread, a PD, waits by itself (WFI): sleeps until an interrupt is pending, at the
/// latest that of the end of its turn. seL4 times every turn, and programs that look at a clock or
/// at a device between two WFIs rely on it; here nobody else would wake them.
void wait_a_turn(Core& core);

/// A thread's `budget` was exchanged while it was ready.
void budget_changed(Core& core, Thread& thread);

/// Finds out who runs, makes that thread the current one and returns it; idles as long as there is
/// none. The end of every kernel entry that could have changed it.
[[nodiscard, gnu::always_inline]] inline Thread* reschedule(Core& core)
{
    Thread* const next = core.next;
    if (next == core.current && next->budget == core.charged) {
        return next;
    }
    // With nothing to be timed a switch is all there is to do.
    if (next != nullptr && !core.timed && !next->budget->sporadic() &&
        (core.ready_now->empty() || !core.ready_now->any_at(next->priority))) [[likely]] {
        core.charged = next->budget;
        if (next != core.current) [[likely]] {
            switch_to(core, *next);
        }
        return next;
    }
    return dispatch(core);
}

/// The kernel's timer fired: budgets, releases, domains.
void tick(Core& core);

/// Begins the schedule of domains with entry `first`; an empty one leaves all in domain 0. Before
/// any thread is woken.
void start_domains(Core& core, std::span<const picokit::DomainEntry> schedule, std::uint64_t first);

} // namespace kernel
