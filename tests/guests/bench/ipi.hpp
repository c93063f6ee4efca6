// SPDX-License-Identifier: BSD-2-Clause
// What an interrupt from one CPU to another costs.
#pragma once

#include "guest/exception.hpp"
#include "guest/platform.hpp"

#include <cstdint>

namespace bench {

/// SGIs: the first CPU to itself, to the second, and the answer.
inline constexpr std::uint32_t k_sgi = 1, k_ping = 2, k_pong = 3;

/// Starts every CPU but the first; from then on they wait for interrupts. Those that do not start
/// are named on the console.
void start_other_cpus(const guest::Platform& platform);

/// Measures between the first CPU and the second; nothing if there is but one.
void bench_ipi(const guest::Platform& platform);

/// To be called by the interrupt handler. False: not one of ours.
bool take_ipi(const guest::Frame& frame, std::uint32_t intid);

} // namespace bench
