// SPDX-License-Identifier: BSD-2-Clause
// Who runs: priorities, turns, budgets and domains of one core.
//
// A kernel entry changes what it has to through wake(), block() and cancel(), and ends with
// reschedule(). The thread that is going to run is in no queue; a thread that wakes another of
// higher priority hands over to it without passing through one.
#pragma once

#include "kernel/core.hpp"

#include <span>

namespace kernel {

/// Runs from now on, or as soon as its priority, budget and domain allow. The thread must be
/// blocked or inactive. A passive PD without budget gets its own.
void wake(Core& core, Thread& thread);

/// The thread is not to run; takes it out of the queue it is in. Its state is the caller's affair.
void unready(Core& core, Thread& thread);

/// The thread goes behind its equals, with a new turn.
void yield(Core& core, Thread& thread);

/// A thread's `budget` was exchanged while it was ready.
void budget_changed(Core& core, Thread& thread);

/// Finds out who runs, makes that thread the current one and returns it; idles as long as there is
/// none. The end of every kernel entry that could have changed it.
[[nodiscard]] Thread* reschedule(Core& core);

/// The kernel's timer fired: budgets, releases, domains.
void tick(Core& core);

/// Begins the schedule of domains with entry `first`; an empty one leaves all in domain 0. Before
/// any thread is woken.
void start_domains(Core& core, std::span<const picokit::DomainEntry> schedule,
                   std::uint64_t first);

/// The first thread of all.
[[nodiscard]] Thread* start(Core& core);

} // namespace kernel
