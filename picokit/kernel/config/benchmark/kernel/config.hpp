// SPDX-License-Identifier: BSD-2-Clause
// The configuration `benchmark`.
#pragma once

#include "kernel/configuration.hpp"

namespace kernel {

inline constexpr Configuration k_config{.debug = false, .counters_at_el0 = true};

} // namespace kernel
