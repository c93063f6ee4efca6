// SPDX-License-Identifier: BSD-2-Clause
// In place of the board's device tree: nobody knows the clock of the simulated UART.
#include "drivers/serial/pl011/clock.hpp"

std::uint64_t pl011::clock_of(std::uint64_t /*physical*/) { return 0; }
