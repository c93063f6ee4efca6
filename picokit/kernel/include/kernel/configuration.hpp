// SPDX-License-Identifier: BSD-2-Clause
// What differs between the configurations debug, release and benchmark (config/<name>/).
#pragma once

namespace kernel {

struct Configuration {
    /// Prints (monitor reports, the debug console); debug exceptions are faults of their own.
    bool debug;
    /// PDs may use the performance monitor's counters.
    bool counters_at_el0;
};

} // namespace kernel
