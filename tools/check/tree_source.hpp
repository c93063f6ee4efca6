// SPDX-License-Identifier: BSD-2-Clause
// Device trees from files: blobs as they are, sources through dtc, which also tells their lines.
#pragma once

#include "tree.hpp"

#include <filesystem>

namespace check {

/// Lines of nodes and properties, from the output of `dtc -T`.
[[nodiscard]] Tree::Lines lines_of(std::string_view annotated);

/// Reads a source (.dts) or a blob; which one is seen in its first bytes. `name` is what messages
/// call it. A refusal has the line where dtc stopped, if it is a source.
[[nodiscard]] std::expected<Tree, tool::Diagnostic> read_tree(const std::filesystem::path& file,
                                                              const std::string&           name);

} // namespace check
