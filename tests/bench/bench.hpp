// SPDX-License-Identifier: BSD-2-Clause
// `./run bench`: builds, measures and prints.
#pragma once

#include "options.hpp"

namespace bench {

/// Measures `options`' board with its SDK (configuration release unless another is asked for),
/// prints the table to standard output, and writes `options.json` if that is given. The error is a
/// sentence; figures that miss what they should reach are no error.
[[nodiscard]] qemu::Result<> run(const vmm::Options& options);

} // namespace bench
