// SPDX-License-Identifier: BSD-2-Clause
#include "guest/exception.hpp"

#include "guest/console.hpp"
#include "guest/cpu.hpp"
#include "guest/gic.hpp"
#include "guest/main.hpp"

#include <cstddef>

extern "C" const std::byte guest_start[], guest_image_end[];

namespace guest {
namespace {

constinit ExceptionHandler first_handler = nullptr;
constinit InterruptHandler handler       = nullptr;
constinit FaultHandler     fault_handler = nullptr;
constinit bool             surviving     = false;
constinit std::uint64_t    last_syndrome = 0;
constinit std::uint64_t    last_address  = 0;

void interrupt(Frame& frame)
{
    constexpr std::uint32_t k_number = 0x3ff, k_none = 1020;
    const auto              raw = gic().acknowledge();
    if ((raw & k_number) >= k_none) {
        return;
    }
    if (handler != nullptr) {
        handler(frame, raw & k_number);
    }
    gic().end(raw);
}

bool survived(Frame& frame)
{
    if (!surviving) {
        return false;
    }
    last_syndrome = frame.esr;
    last_address  = frame.far;
    // Outside of the program nothing is to be skipped: back to the caller of what is there.
    const bool ours = frame.pc >= reinterpret_cast<std::uint64_t>(guest_start) &&
                      frame.pc < reinterpret_cast<std::uint64_t>(guest_image_end);
    frame.pc = ours ? frame.pc + 4 : frame.x[30];
    return true;
}

} // namespace

void set_exception_handler(ExceptionHandler new_handler) { first_handler = new_handler; }
void set_interrupt_handler(InterruptHandler new_handler) { handler = new_handler; }

void set_fault_handler(FaultHandler new_handler) { fault_handler = new_handler; }

std::uint64_t survive(void (*action)(std::uint64_t), std::uint64_t argument)
{
    last_syndrome = 0;
    last_address  = 0;
    surviving     = true;
    action(argument);
    surviving = false;
    return last_syndrome;
}

std::uint64_t survived_address() { return last_address; }

/// `kind` is the vector's number: 0 to 3 synchronous, IRQ, FIQ, SError with SP_EL0, then the same
/// with SP_EL1, from EL0, and from EL0 in AArch32.
extern "C" void guest_exception(Frame& frame, std::uint64_t kind)
{
    constexpr std::uint64_t k_synchronous = 4, k_irq = 5;
    if (first_handler != nullptr && first_handler(frame, kind)) {
        return;
    }
    if (kind == k_irq) {
        interrupt(frame);
        return;
    }
    if (fault_handler != nullptr && fault_handler(frame, kind)) {
        return;
    }
    if (kind == k_synchronous && survived(frame)) {
        return;
    }
    print("guest: unexpected exception, vector ", kind, ", ESR ", base::Hex{frame.esr}, ", PC ",
          base::Hex{frame.pc}, ", FAR ", base::Hex{frame.far}, "\n");
    power_off();
}

} // namespace guest
