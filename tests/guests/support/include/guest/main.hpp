// SPDX-License-Identifier: BSD-2-Clause
// What a guest program implements.
#pragma once

#include "guest/platform.hpp"

#include <cstdint>

namespace guest {

/// The counters as the very first instructions of the program saw them, in ticks.
struct FirstInstruction {
    std::uint64_t physical_count;
    std::uint64_t virtual_count;
};
FirstInstruction first_instruction();

/// The exception level that the program was started at, 1 or 2; it runs at 1.
unsigned entry_level();

/// Runs on the first CPU, console ready, interrupts masked. Returning powers the machine off.
void run(const Platform& platform);

/// PSCI SYSTEM_OFF.
[[noreturn]] void power_off();

} // namespace guest
