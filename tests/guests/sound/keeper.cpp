// SPDX-License-Identifier: BSD-2-Clause
// The sound components are restarted, and then let be.
#include "restarts/keeper.hpp"

#include "microkit/debug.hpp"

namespace restarts {

const Plan k_plan{.children       = 2,
                  .restarts       = 200,
                  .until_they_run = 200'000'000,
                  .shortest       = 1'000'000,
                  .range          = 30'000'000};

void is_over() { microkit::debug_print("keeper: ", k_plan.restarts, " restarts\n"); }

} // namespace restarts
