// SPDX-License-Identifier: BSD-2-Clause
// A parent that restarts its children one after another, at moments that nobody chose.
#pragma once

#include <cstdint>

namespace restarts {

/// Whom a keeper restarts, how often and when. Times are in nanoseconds.
struct Plan {
    unsigned      children; ///< their numbers begin with 1
    unsigned      restarts;
    std::uint64_t until_they_run; ///< before the first restart
    std::uint32_t shortest;       ///< between two
    std::uint32_t range;          ///< by how much it may be longer
};

// keeper.cpp is the keeper; its program has these.
extern const Plan k_plan;
void              is_over();

} // namespace restarts
