// SPDX-License-Identifier: BSD-2-Clause
// The kernel's console, on the serial port that the board's device tree names.
#include "kernel/console.hpp"

#include "kernel/console_uart.hpp"

namespace kernel {

void start_console() { start(k_console_uart, board::console.base().raw()); }

void put_char(char character)
{
    const std::uint64_t base = board::console.base().raw();
    if (character == '\n') {
        put(k_console_uart, base, '\r');
    }
    put(k_console_uart, base, character);
}

} // namespace kernel
