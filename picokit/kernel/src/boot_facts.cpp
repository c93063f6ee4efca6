// SPDX-License-Identifier: BSD-2-Clause
// Facts of the board and of C++ types that the assembly of the boot needs, as words in memory.
#include "board/board.hpp"
#include "kernel/console_uart.hpp"
#include "kernel/cores.hpp"

namespace kernel {
namespace {

constexpr std::uint64_t start_of(base::HostRange frame) { return frame.start().raw(); }

/// The second frame of the GIC that EL3 must open: GICC of version 2, GICR of version 3.
template <class Frames>
constexpr std::uint64_t core_frame(const Frames& frames)
{
    if constexpr (requires { frames.cpu_interface; }) {
        return start_of(frames.cpu_interface);
    } else {
        return start_of(frames.redistributors);
    }
}

} // namespace

// In a section near the code of the boot, where ADR reaches them wherever the image was loaded.
extern "C" {
[[gnu::section(".boot_facts")]] extern constinit const std::uint64_t picokit_stack_size;
[[gnu::section(".boot_facts")]] extern constinit const std::uint64_t picokit_console;
[[gnu::section(".boot_facts")]] extern constinit const std::uint64_t picokit_gic_distributor;
[[gnu::section(".boot_facts")]] extern constinit const std::uint64_t picokit_gic_core_frame;

constinit const std::uint64_t picokit_stack_size = k_stack_size;
// Where a byte goes to be printed.
constinit const std::uint64_t picokit_console = board::console.base().raw() + k_console_uart.data;
constinit const std::uint64_t picokit_gic_distributor = start_of(board::gic.distributor);
constinit const std::uint64_t picokit_gic_core_frame  = core_frame(board::gic);
}

} // namespace kernel
