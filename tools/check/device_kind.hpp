// SPDX-License-Identifier: BSD-2-Clause
// What kind of device a node is, as far as others have to know.
#pragma once

#include "tree.hpp"

namespace check {

/// Whether a device moves data by itself, as far as its node tells: it is one of the kinds that do.
[[nodiscard]] bool does_dma(const Node& device);

/// The interrupt controller, or a part of it that has a node of its own.
[[nodiscard]] bool is_gic(const Node& node);

} // namespace check
