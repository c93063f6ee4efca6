// SPDX-License-Identifier: BSD-2-Clause
// Regions of a system as words of a picture.
#pragma once

#include "sdf/model.hpp"

#include <string>
#include <vector>

namespace graph {

/// Regions, by their indices, as lines of a label; with more than a few of them, the largest are
/// named.
[[nodiscard]] std::string region_lines(const tool::System& system, std::vector<std::size_t> regions,
                                       const char* line_end);

/// How much memory they are: "64 KiB".
[[nodiscard]] std::string sum_of(const tool::System&             system,
                                 const std::vector<std::size_t>& regions);

} // namespace graph
