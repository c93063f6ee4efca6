// SPDX-License-Identifier: BSD-2-Clause
// In place of the board's device tree: nobody knows the clock of the simulated UART.
#include "drivers/serial/uart/clock.hpp"

std::uint64_t uart::clock_of(std::uint64_t /*physical*/) { return 0; }
