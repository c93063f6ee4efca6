// SPDX-License-Identifier: BSD-2-Clause
// Holds two logs of one sequence against each other.
#pragma once

#include "runner.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace oracle {

/// How often each row of the table of departures explained a difference, by its name.
using Departures = std::map<std::string, std::uint64_t>;

struct Comparison {
    std::size_t                operations = 0; ///< that agree, up to the first disagreement
    std::size_t                records    = 0;
    Departures                 departures;
    std::optional<std::string> disagreement; ///< the operation, what came before it, both logs
    std::size_t                at = 0;       ///< index of the operation that disagrees
};

[[nodiscard]] Comparison compare(const Sequence& sequence, const Log& reference, const Log& ours);

} // namespace oracle
