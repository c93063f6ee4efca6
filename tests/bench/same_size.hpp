// SPDX-License-Identifier: BSD-2-Clause
// A guest program that is as large as another kernel, so that placing it costs the same.
#pragma once

#include "qemu/process.hpp"

#include <filesystem>

namespace bench {

using qemu::Result;

/// Writes to `output` the arm64 Image `program`, followed by what `kernel` has beyond its size,
/// with the size in memory that `kernel` states. Both must have an Image header. The error names a
/// file.
[[nodiscard]] Result<> make_same_size(const std::filesystem::path& program,
                                      const std::filesystem::path& kernel,
                                      const std::filesystem::path& output);

} // namespace bench
