// SPDX-License-Identifier: BSD-2-Clause
// The kernel's console: the board's serial port, polled. Reports in configuration debug, panics in
// all.
#pragma once

namespace kernel {

/// Makes the serial port ready, where nobody has before us.
void start_console();

/// Writes one character, with a carriage return before a line feed. Waits for room.
void put_char(char character);

} // namespace kernel
