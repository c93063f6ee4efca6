// SPDX-License-Identifier: BSD-2-Clause
// The configuration `debug`.
#pragma once

#include "kernel/configuration.hpp"

namespace kernel {

inline constexpr Configuration k_config{.debug = true, .counters_at_el0 = false};

} // namespace kernel
