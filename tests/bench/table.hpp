// SPDX-License-Identifier: BSD-2-Clause
// The figures for people and for programs.
#pragma once

#include "figures.hpp"

#include <string>

namespace bench {

/// A table with a line for each figure, beside it what we mean to reach and whether we do.
[[nodiscard]] std::string table(const Figures& figures);

/// {"board", "config", "sdk", "exits", "exits_4_vcpus", "boot", "size", "spread",
/// "spread_4_vcpus"}: numbers in instructions and bytes; "spread" has least, most and count of each
/// exit, of which "exits" has the mean.
[[nodiscard]] std::string json(const Figures& figures);

} // namespace bench
