// SPDX-License-Identifier: BSD-2-Clause
// Starting further CPUs by PSCI CPU_ON.
#pragma once

#include "guest/platform.hpp"

#include <cstdint>

namespace guest {

using CpuMain = void (*)(unsigned index);

/// Starts CPU `index` (1 to 15) of the platform on its own stack with vectors set, interrupts
/// masked and the GIC's CPU interface not yet configured. When `main` returns the CPU turns itself
/// off. Gives PSCI's answer.
std::int64_t start_cpu(const Platform& platform, unsigned index, CpuMain main);

} // namespace guest
