// SPDX-License-Identifier: BSD-2-Clause
// Which kind of serial port the board's console is.
#pragma once

#include "board/board.hpp"
#include "kernel/uart.hpp"

namespace kernel {

static_assert(
    uart_for(board::console.compatible) < k_uarts.size(),
    "the kernel cannot print on this board's console: kernel/uart.hpp needs a line for it");

inline constexpr const Uart& k_console_uart = k_uarts[uart_for(board::console.compatible)];

} // namespace kernel
