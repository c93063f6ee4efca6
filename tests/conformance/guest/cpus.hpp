// SPDX-License-Identifier: BSD-2-Clause
// Other CPUs: each piece of work starts one by PSCI and switches it off again.
#pragma once

#include "guest/psci.hpp"
#include "guest/smp.hpp"

#include <cstdint>

namespace conformance {

/// A call by the conduit of the device tree.
std::int64_t psci(guest::Psci function, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                  std::uint64_t x3 = 0);

/// Whether the CPU becomes off (or on) soon.
[[nodiscard]] bool wait_for_cpu(unsigned cpu, bool off);

/// Starts CPU `cpu` (1 and up) and waits until it runs; false if PSCI refuses.
[[nodiscard]] bool start_on(unsigned cpu, guest::CpuMain work);
/// Starts CPU `cpu` and waits until it is off again.
[[nodiscard]] bool run_on(unsigned cpu, guest::CpuMain work);

} // namespace conformance
