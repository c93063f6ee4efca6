// SPDX-License-Identifier: BSD-2-Clause
// The system calls of PDs (picokit/abi.h).
#pragma once

#include "kernel/core.hpp"
#include "picokit/abi.h"

#include <array>
#include <cstdint>

namespace kernel {

/// One call: x0, x1, x2 of the calling PD, and the PD, which is the current thread. Returns the
/// thread to go on with, or nullptr to make a fault of the call (then with all registers saved).
using Syscall = Thread* (*)(std::uint64_t x0, std::uint64_t x1, std::uint64_t x2, Pd& caller,
                            Core& core);

/// By number; exception.S bounds the number by k_syscall_count.
inline constexpr std::size_t k_syscall_count = PICOKIT_SYS_COUNT;

extern "C" const std::array<Syscall, k_syscall_count> k_picokit_syscalls;

/// The call was refused by its handler or has no handler: the fault that it is instead.
extern "C" Thread* picokit_syscall_fault(Pd& caller, Core& core);

} // namespace kernel
