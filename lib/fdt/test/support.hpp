// SPDX-License-Identifier: BSD-2-Clause
// What the tests of this library share: dtc, and libfdt as the second opinion.
#pragma once

#include "fdt/reader.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace fdt_test {

using Bytes = std::vector<std::byte>;

/// Compiles a source text with dtc. The text of a failure goes to the test's log.
Bytes compile(const std::string& source);
/// The same for a file.
Bytes compile_file(const std::string& path);
/// What dtc makes of a blob; empty if it finds the blob broken.
std::string decompile(std::span<const std::byte> blob);

/// Fails the test where libfdt reads the blob otherwise than our reader does.
void expect_same_as_libfdt(std::span<const std::byte> blob);

/// Calls everything that the reader can do; for blobs that may be damaged.
void exercise(std::span<const std::byte> blob);

} // namespace fdt_test
