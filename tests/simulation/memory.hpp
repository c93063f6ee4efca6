// SPDX-License-Identifier: BSD-2-Clause
// Accesses to shared words, as the simulation sees them: at each of them somebody else may run, and
// on several cores a store is seen by the others only later.
#pragma once

#include <cstdint>

namespace simulation {

/// `size` bytes at `at`, 1 to 8 of them.
std::uint64_t load(const void* at, unsigned size);
void          store(void* at, std::uint64_t value, unsigned size);
void          fence();
/// Here somebody else may run.
void point();

} // namespace simulation
