// SPDX-License-Identifier: BSD-2-Clause
// The table of what may differ between QEMU's own machine and a virtual machine of ours, and why.
#pragma once

#include "sequence.hpp"

#include <span>

namespace oracle {

/// Who does what the clause says.
enum class Right { ours, qemu, both };

struct Departure {
    const char* name;
    Right       right;
    const char* clause;
    const char* why;
    /// Whether it explains that these records of one operation and CPU differ. Both logs must go on
    /// alike behind them. Nothing: such operations are not generated.
    bool (*explains)(const Machine& machine, const Operation& operation, const Record& reference,
                     const Record& ours);
};

[[nodiscard]] std::span<const Departure> departures();

} // namespace oracle
