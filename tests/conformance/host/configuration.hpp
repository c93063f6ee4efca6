// SPDX-License-Identifier: BSD-2-Clause
// Where the conformance guest runs.
#pragma once

#include <span>
#include <string>

namespace conformance {

enum class Under {
    vm,       ///< the example `simple`: a virtual machine of ours with all that the kernel offers
    portable, ///< a virtual machine of ours with seL4's calls alone
    qemu,     ///< QEMU's own machine, with nothing of ours
};

struct Configuration {
    std::string name; ///< "vm-gicv2-4"
    Under       under;
    unsigned    gic;
    unsigned    cpus;
};

/// Those that every ./test runs, and all.
[[nodiscard]] std::span<const Configuration> usual_configurations();
[[nodiscard]] std::span<const Configuration> all_configurations();

/// What the machine printed until it was off. Its build must be there, but for the portable one,
/// which is made.
[[nodiscard]] std::string run(const Configuration& configuration);

/// The text of departures.txt.
[[nodiscard]] std::string departures_file();

} // namespace conformance
