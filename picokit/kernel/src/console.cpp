// SPDX-License-Identifier: BSD-2-Clause
// The kernel's console, by the driver that the board's device tree calls for.
#include "kernel/console.hpp"

#include "board/board.hpp"
#include "kernel/pl011.hpp"

#include <algorithm>

namespace kernel {
namespace {

using Driver = Pl011;
static_assert(std::ranges::find(board::console.compatible, Driver::k_compatible) !=
                  board::console.compatible.end(),
              "this board's console needs a driver like kernel/pl011.hpp");

} // namespace

void put_char(char character)
{
    const std::uint64_t base = board::console.base().raw();
    if (character == '\n') {
        Driver::put(base, '\r');
    }
    Driver::put(base, character);
}

} // namespace kernel
