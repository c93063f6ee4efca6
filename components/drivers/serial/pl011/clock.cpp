// SPDX-License-Identifier: BSD-2-Clause
// The board's device tree knows it, for the UART that is its console.
#include "clock.hpp"

#include "board/board.hpp"

namespace pl011 {

std::uint64_t clock_of(std::uint64_t physical)
{
    const auto& uart = board::console;
    if (uart.registers.empty() || uart.registers.front().start().raw() != physical) {
        return 0;
    }
    for (const auto& clock : uart.clocks) {
        if (clock.name == "uartclk") {
            return clock.frequency;
        }
    }
    return 0;
}

} // namespace pl011
