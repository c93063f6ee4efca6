// SPDX-License-Identifier: BSD-2-Clause
// All components are restarted, and then the worker is told that it is over.
#include "keeper.hpp"

#include "microkit/channel.hpp"
#include "random.hpp"

namespace restarts {

const Plan k_plan{.children       = 10,
                  .restarts       = 1000,
                  .until_they_run = 50'000'000,
                  .shortest       = 100'000,
                  .range          = 1'500'000};

void is_over() { microkit::Channel{k_word}.notify(); }

} // namespace restarts
