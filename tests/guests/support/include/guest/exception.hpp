// SPDX-License-Identifier: BSD-2-Clause
// Exceptions at EL1: what was interrupted, handlers for interrupts, and surviving a fault on
// purpose.
#pragma once

#include <array>
#include <cstdint>

namespace guest {

/// As vectors.S lays it out.
struct Frame {
    std::array<std::uint64_t, 31> x;
    std::uint64_t                 pc;     ///< ELR_EL1
    std::uint64_t                 pstate; ///< SPSR_EL1
    std::uint64_t                 esr;
    std::uint64_t                 far;
    /// For interrupts: when the vector's first instruction ran, as guest::stamp() counts.
    std::uint64_t time;
};
static_assert(sizeof(Frame) == 36 * 8);

using InterruptHandler = void (*)(Frame& frame, std::uint32_t intid);

/// Runs between acknowledge and end of each interrupt, interrupts masked.
void set_interrupt_handler(InterruptHandler handler);

/// Sees every exception that is no interrupt, before anything else: `kind` is the vector's number
/// (8: synchronous from EL0). True: handled, `frame` says where to go on. Null: none.
using FaultHandler = bool (*)(Frame& frame, std::uint64_t kind);
void set_fault_handler(FaultHandler handler);

/// Sees every exception before anything else does. `kind` is the vector's number: 4 synchronous, 5
/// IRQ, 6 FIQ, 7 SError of EL1 itself. True: it is handled, and `frame` says where to go on.
using ExceptionHandler = bool (*)(Frame& frame, std::uint64_t kind);
void set_exception_handler(ExceptionHandler handler);

/// Runs `action` so that a synchronous exception in it skips the instruction (a failed jump returns
/// to the caller) instead of ending the program. Gives the syndrome of the last one, 0 if none.
std::uint64_t survive(void (*action)(std::uint64_t), std::uint64_t argument);
/// FAR_EL1 of the last exception that was survived.
std::uint64_t survived_address();

} // namespace guest
