// SPDX-License-Identifier: BSD-2-Clause
// The devices that QEMU must have for a system, with the disks and ports that the user wants.
#pragma once

#include "options.hpp"
#include "qemu/devices.hpp"
#include "system.hpp"

#include <vector>

namespace vmm {

/// QEMU's devices for the drivers of `system`. The error says what is wrong with a wish (a disk
/// image that is missing, busy, of a size that no driver can use, …) and what to do.
[[nodiscard]] Result<std::vector<qemu::Device>> devices_for(const System&  system,
                                                            const Options& options);

} // namespace vmm
