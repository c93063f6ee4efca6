// SPDX-License-Identifier: BSD-2-Clause
// Makes a failing sequence small: takes parts out as long as what is left still fails.
#pragma once

#include "sequence.hpp"

#include <functional>

namespace oracle {

/// Delta debugging: halves, quarters, … and at last single operations, until no one can go.
[[nodiscard]] std::vector<Operation>
shrink(std::vector<Operation>                                    operations,
       const std::function<bool(const std::vector<Operation>&)>& fails);

} // namespace oracle
