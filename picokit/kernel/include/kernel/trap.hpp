// SPDX-License-Identifier: BSD-2-Clause
// Exceptions of threads other than system calls.
#pragma once

#include "kernel/core.hpp"

namespace kernel {

/// A synchronous exception (but no SVC) or an SError of the current thread, all of whose general
/// registers are saved. Returns the thread to go on with.
extern "C" Thread* picokit_trap(Thread& thread, Core& core, std::uint64_t esr);
extern "C" Thread* picokit_serror(Thread& thread, Core& core, std::uint64_t esr);
extern "C" Thread* picokit_interrupt(Thread& thread, Core& core);

/// Gives the FP/SIMD registers to the current thread.
void take_fpu(Core& core, Thread& thread);

} // namespace kernel
