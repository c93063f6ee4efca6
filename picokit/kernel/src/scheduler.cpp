// SPDX-License-Identifier: BSD-2-Clause
// Who runs.
#include "kernel/scheduler.hpp"

#include "kernel/clock.hpp"
#include "kernel/irq.hpp"
#include "kernel/ring.hpp"
#include "machine/machine.hpp"

#include <algorithm>

namespace kernel {
namespace {

void start_metering(Core& core, Ticks now)
{
    core.metered = true;
    core.started = now;
}

/// Ready, but not before its budget is back.
void await_budget(Core& core, Thread& thread)
{
    thread.queued = Queued::release;
    core.releases.insert(thread, [](const Thread& a, const Thread& b) {
        return a.budget->release_time() < b.budget->release_time();
    });
    core.timed = true;
    if (thread.budget->release_time() < core.armed) {
        clock_arm(core, thread.budget->release_time());
    }
}

/// When the timer has to interrupt `next`, which may be nullptr.
Ticks next_deadline(const Core& core, Ticks now)
{
    Ticks deadline = core.domain_end;
    if (core.metered) {
        deadline = std::min(deadline, now + core.charged->available());
    }
    if (!core.releases.empty()) {
        deadline = std::min(deadline, core.releases.head()->budget->release_time());
    }
    return deadline;
}

Ticks domain_duration(const picokit::DomainEntry& entry)
{
    return entry.ticks ? std::min(entry.duration, k_never / 4)
                       : ticks_of(entry.duration, board::timer_hz);
}

void enter_domain(Core& core, std::uint8_t domain)
{
    core.domain    = domain;
    core.ready_now = &core.ready[domain];
}

/// The next entry of the schedule. Its time begins when that of the one before was over, so that
/// late interrupts do not add up.
void advance_domain(Core& core)
{
    core.domain_entry = (core.domain_entry + 1) % static_cast<std::uint32_t>(core.schedule.size());
    const picokit::DomainEntry& entry = core.schedule[core.domain_entry];
    core.domain_end += domain_duration(entry);
    if (entry.domain != core.domain) {
        if (core.next != nullptr) {
            core.ready_now->push_front(*core.next);
            core.next = nullptr;
        }
        enter_domain(core, entry.domain);
    }
}

/// Charges the context that ran and decides whether `core.next` may run on its own. False: it may
/// not, and another one must be picked. Only entered where time matters at all.
bool settle(Core& core)
{
    const Ticks now   = clock_now();
    bool        spent = false;
    if (core.metered) {
        spent        = core.charged->charge(now - core.started);
        core.metered = false;
    }
    Thread* next = core.next;
    if (next != nullptr) {
        SchedContext& budget = *next->budget;
        if (!budget.ready(now)) {
            core.next = nullptr;
            await_budget(core, *next);
            return false;
        }
        const bool contended = core.ready_now->any_at(next->priority);
        if (spent && &budget == core.charged && budget.take_end_of_turn() && contended) {
            core.next = nullptr;
            core.ready_now->push_back(*next);
            return false;
        }
        core.charged = &budget;
        if (budget.sporadic() || contended) {
            start_metering(core, now);
        }
    }
    const Ticks deadline = next_deadline(core, now);
    clock_arm(core, deadline);
    core.timed = deadline != k_never;
    return true;
}

/// With nobody to run: sleep, and serve interrupts until there is somebody.
void idle(Core& core)
{
    settle(core);
    while (core.next == nullptr) {
        machine::wait_for_interrupt();
        handle_interrupt(core);
        if (core.next == nullptr) {
            core.next = core.ready_now->pop();
        }
    }
}

} // namespace

/// The long way to the next thread.
Thread* dispatch(Core& core)
{
    for (;;) {
        if (core.next == nullptr) {
            core.next = core.ready_now->pop();
        }
        if (core.next == nullptr) {
            idle(core);
        }
        Thread& next = *core.next;
        if (core.timed || next.budget->sporadic() || core.ready_now->any_at(next.priority)) {
            if (!settle(core)) {
                continue;
            }
        }
        core.charged = next.budget;
        if (&next != core.current) {
            switch_to(core, next);
        }
        return &next;
    }
}

void wake_with_budget(Core& core, Thread& thread)
{
    const Ticks now = clock_now();
    // A budget that is just handed over between caller and callee has been running all the time.
    if (!core.metered || thread.budget != core.charged) {
        thread.budget->unblock(now);
    }
    if (thread.budget->ready(now)) {
        queue_or_preempt(core, thread);
    } else {
        await_budget(core, thread);
    }
}

void queue_or_preempt(Core& core, Thread& thread)
{
    if (thread.domain != core.domain) {
        core.ready[thread.domain].push_back(thread);
        return;
    }
    ReadyQueue& ready = *core.ready_now;
    Thread*     next  = core.next;
    if (next == nullptr) {
        // Before its equals, for its turn goes on; behind them if that ended as it blocked.
        const bool first =
            ready.empty() || thread.priority > ready.highest() ||
            (thread.priority == ready.highest() && !thread.budget->take_end_of_turn());
        if (first) {
            core.next = &thread;
        } else {
            ready.push_back(thread);
        }
    } else if (thread.priority > next->priority) {
        ready.push_front(*next);
        core.next = &thread;
    } else {
        ready.push_back(thread);
        // From now on turns count. (If `next` is not the current thread, the switch to it will
        // notice.)
        if (thread.priority == next->priority && !core.metered && next == core.current) {
            start_metering(core, clock_now());
            clock_arm(core, next_deadline(core, core.started));
            core.timed = true;
        }
    }
}

void yield(Core& core, Thread& thread)
{
    thread.budget->give_up();
    if (core.metered) {
        // The rest of the turn was given up with it.
        core.started = clock_now();
    }
    core.next = nullptr;
    if (thread.budget->ready(clock_now())) {
        core.ready[thread.domain].push_back(thread);
    } else {
        await_budget(core, thread);
    }
}

void wait_a_turn(Core& core)
{
    if (!core.metered) {
        start_metering(core, clock_now());
        clock_arm(core, next_deadline(core, core.started));
        core.timed = true;
    }
    machine::wait_for_interrupt();
}

void budget_changed(Core& core, Thread& thread)
{
    if (thread.state != State::ready || core.next == &thread) {
        return; // reschedule() compares with the context that is charged
    }
    unready(core, thread);
    wake(core, thread);
}

void tick(Core& core)
{
    const Ticks now = clock_now();
    while (!core.releases.empty() && core.releases.head()->budget->release_time() <= now) {
        Thread& thread = *core.releases.head();
        core.releases.remove(thread);
        thread.queued = Queued::no;
        wake(core, thread);
    }
    while (now >= core.domain_end) {
        advance_domain(core);
    }
    // Looks again at whoever was interrupted, and sets the timer to something in the future.
    settle(core);
}

void start_domains(Core& core, std::span<const picokit::DomainEntry> schedule, std::uint64_t first)
{
    clock_arm(core, k_never);
    core.domain_end = k_never;
    core.schedule   = schedule;
    enter_domain(core, 0);
    if (!schedule.empty()) {
        core.domain_entry = static_cast<std::uint32_t>(first % schedule.size());
        enter_domain(core, schedule[core.domain_entry].domain);
        if (schedule.size() > 1) {
            core.domain_end = clock_now() + domain_duration(schedule[core.domain_entry]);
            core.timed      = true;
        }
    }
}

} // namespace kernel
