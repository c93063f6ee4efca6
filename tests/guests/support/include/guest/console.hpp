// SPDX-License-Identifier: BSD-2-Clause
// Text over the PL011, one character at a time, with no interrupts; or wherever a program says.
#pragma once

#include "base/print.hpp"

#include <cstdint>

namespace guest {

/// Before this, output goes nowhere.
void set_console(std::uint64_t pl011);
/// From here on characters go to `sink` and not to the PL011.
void set_console(base::Sink sink);
void put_char(char c);

/// print("CPU ", 1, " at ", base::Hex{address}, "\n")
template <class... Pieces>
void print(const Pieces&... pieces)
{
    base::print(put_char, pieces...);
}

} // namespace guest
