// SPDX-License-Identifier: BSD-2-Clause
// The cores of the board, each with its stack.
#pragma once

#include "kernel/core.hpp"

#include <cstddef>

namespace kernel {

inline constexpr std::size_t k_stack_size = 0x4000;

/// The stack grows down from the core's data, so that one address finds both.
struct CoreArea {
    alignas(16) std::array<std::byte, k_stack_size> stack;
    Core core;
};

/// The core that executes this.
[[nodiscard]] Core& this_core();

} // namespace kernel
