// SPDX-License-Identifier: BSD-2-Clause
// The kernel's end.
#include "kernel/panic.hpp"

#include "base/print.hpp"
#include "kernel/console.hpp"
#include "kernel/core.hpp"
#include "kernel/cores.hpp"
#include "kernel/monitor.hpp"
#include "machine/machine.hpp"

namespace kernel {
namespace {

void print_current(const Core& core)
{
    if (core.current == nullptr) {
        base::print(put_char, "no thread has run yet\n");
        return;
    }
    const Thread& thread = *core.current;
    base::print(put_char, core.running() ? "entered by " : "idle after ",
                thread.kind == Kind::pd ? "PD '" : "vCPU of '", thread.name(),
                "', registers as saved last:\n");
    print_registers(thread.context);
}

} // namespace

void panic(std::string_view what, std::uint64_t value, std::source_location place)
{
    base::print(put_char, "\nKERNEL PANIC: ", what, " (", base::Hex{value}, "), in ",
                place.function_name(), ", line ", place.line(), '\n');
    print_current(this_core());
    machine::halt();
}

/// An exception of the kernel itself (exception.S).
extern "C" [[noreturn]] void picokit_kernel_exception(std::uint64_t esr, std::uint64_t elr,
                                                      std::uint64_t far)
{
    base::print(put_char, "\nKERNEL PANIC: exception in the kernel, esr ", base::Hex{esr}, ", pc ",
                base::Hex{elr}, ", address ", base::Hex{far}, '\n');
    print_current(this_core());
    machine::halt();
}

} // namespace kernel
