// SPDX-License-Identifier: BSD-2-Clause
// Events between threads: notifications, protected calls and faults, and how a PD receives them.
//
// A PD has one notification word, one queue of callers (calls and faults alike, by priority, first
// come first served within one) and one place for a client that awaits its answer. Whenever the PD
// receives, pending notifications go first.
#pragma once

#include "kernel/core.hpp"

namespace kernel {

/// Sets bits of the PD's notification word, and delivers the word if the PD waits.
void signal(Core& core, Pd& pd, std::uint64_t bits);

/// The current thread calls `server`, with the words that `info` describes in its IPC buffer;
/// `channel` is the server's number for it.
void call(Core& core, Pd& caller, Pd& server, std::uint8_t channel, std::uint64_t info);

/// The PD waits for its next event, having answered its client if `reply` says so.
/// `info` describes the answer in the PD's IPC buffer.
void receive(Core& core, Pd& pd, bool reply, std::uint64_t info);

/// Ends whatever the thread waits for or does, and leaves it inactive. A call or wait that was
/// interrupted this way begins anew if the thread is resumed.
void cancel(Core& core, Thread& thread);

/// cancel(), then the thread runs from where it is.
void restart(Core& core, Thread& thread);

/// From now on the thread has this priority, and goes behind its new equals wherever it waits.
void set_priority(Core& core, Thread& thread, std::uint8_t priority);

} // namespace kernel
