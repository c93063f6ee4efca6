// SPDX-License-Identifier: BSD-2-Clause
// A disk in QEMU that costs the machine no time: reads and writes are over before they return.
#pragma once

#include "qemu/process.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace bench {

using qemu::Result;

/// Makes the files of a disk of 64 MiB with one partition in `folder`. Gives QEMU's arguments for
/// it, up to the device, whose drive is `name`. What is written to the partition is forgotten, and
/// zeroes are read. (With a file behind it the host's disk takes a while, in which the time of a
/// machine that counts instructions jumps to its next timer.)
[[nodiscard]] Result<std::vector<std::string>> make_free_disk(const std::filesystem::path& folder,
                                                              const std::string&           name);

} // namespace bench
