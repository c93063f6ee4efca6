// SPDX-License-Identifier: BSD-2-Clause
// Runs a sequence in QEMU: on QEMU's own machine, or in a virtual machine of ours on it. Program
// and log are in memory that QEMU shares with us, so that nothing has to be typed or printed.
#pragma once

#include "sequence.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace oracle {

enum class Side {
    reference, ///< QEMU's own GIC, timer and PSCI
    ours,      ///< a virtual machine, on picokit
    portable,  ///< the same without what a kernel may offer besides seL4's calls
};

struct Log {
    std::vector<Record> records;
    bool                finished = false; ///< the guest came to the end of the sequence
    std::string         console;          ///< what the machine printed, and QEMU's complaints
};

struct RunLimits {
    std::chrono::seconds silence{300}; ///< a run that takes longer than this is stuck
};

/// Fails if QEMU cannot be started. A guest that hangs or dies is a log that is not finished.
[[nodiscard]] Result<Log> run(const Sequence& sequence, Side side, const RunLimits& limits);

} // namespace oracle
