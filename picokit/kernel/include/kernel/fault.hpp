// SPDX-License-Identifier: BSD-2-Clause
// Faults: what a supervisor gets to know about a thread that cannot go on (seL4: sel4/faults.h).
#pragma once

#include <array>
#include <cstdint>

namespace kernel {

struct Core;
struct Pd;
struct Thread;

/// Labels of fault messages.
enum class FaultLabel : std::uint8_t {
    none             = 0,
    capability       = 1,
    unknown_syscall  = 2,
    user_exception   = 3,
    debug_exception  = 4,
    vm_fault         = 6,
    vgic_maintenance = 7,
    vcpu             = 8,
    vppi_event       = 9,
};

/// Why a thread faulted. What the message says beyond this is in the thread's registers.
struct Fault {
    FaultLabel label = FaultLabel::none;
    /// capability: the address; unknown_syscall: the number; user_exception: the ESR;
    /// debug_exception: the reason; vm_fault: the address; vgic_maintenance: the index;
    /// vcpu: the ESR; vppi_event: the interrupt.
    std::uint64_t first = 0;
    /// vm_fault: the ESR, whose class tells data from instruction; debug_exception: the address.
    std::uint64_t second = 0;
};

/// Reasons of debug exceptions.
inline constexpr std::uint64_t k_debug_watchpoint = 0;
inline constexpr std::uint64_t k_debug_breakpoint = 1;
inline constexpr std::uint64_t k_debug_step       = 2;
inline constexpr std::uint64_t k_debug_software   = 3;

/// Does to a faulted thread what the reply asks for. True if it goes on.
[[nodiscard]] bool apply_fault_reply(Thread& thread, std::uint64_t info,
                                     const std::uint64_t* words);

/// The current thread stops, and its supervisor gets the fault, or the monitor if it has none.
void raise(Core& core, Thread& thread, FaultLabel label, std::uint64_t first);

} // namespace kernel
