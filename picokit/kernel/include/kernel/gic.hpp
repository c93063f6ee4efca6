// SPDX-License-Identifier: BSD-2-Clause
// The interrupt controller of the board.
#pragma once

#include "board/board.hpp"
#include "kernel/gic_v2.hpp"
#include "kernel/gic_v3.hpp"

#include <type_traits>

namespace kernel {

inline constexpr bool k_gic_is_v3 = board::gic_version == 3;

/// Physical interrupts.
using Gic = std::conditional_t<k_gic_is_v3, GicV3<board::gic>, GicV2<board::gic>>;
/// Virtual interrupts of one vCPU: what the hardware holds while it is loaded.
using VirtualInterface =
    std::conditional_t<k_gic_is_v3, VirtualInterfaceV3, VirtualInterfaceV2<board::gic>>;

} // namespace kernel
