// SPDX-License-Identifier: BSD-2-Clause
// What the guest says of itself: by the UART, or, where it has none, by its virtIO console, which
// is set up anew each time, whatever was done to it before.
#pragma once

#include "driver.hpp"
#include "scratch.hpp"

#include "guest/platform.hpp"

namespace guest {

/// Where text goes from now on. `console` may be null: there is none.
void set_voice(const guest::Platform& platform, const Window* console, Scratch memory);
/// Sends what was printed. False: the console does not take it.
bool say();

} // namespace guest
