// SPDX-License-Identifier: BSD-2-Clause
// Other CPUs that change descriptors, rings, tables and buffers while devices work on them.
#pragma once

#include "scene.hpp"

#include "guest/platform.hpp"

#include <cstdint>

namespace hostile {

/// Which memory they write to. How many other CPUs there are.
unsigned prepare_scribblers(const guest::Platform& platform, const Memory& memory,
                            std::uint64_t seed);
/// The other CPUs are switched on and begin; or stop, and are off.
void start_scribbling();
void stop_scribbling();
/// Words written so far.
std::uint64_t scribbled();

} // namespace hostile
