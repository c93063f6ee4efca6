// SPDX-License-Identifier: BSD-2-Clause
// Device trees from files: blobs as they are, sources through dtc, which also tells their lines.
#pragma once

#include "tree.hpp"

#include <filesystem>

namespace check {

/// A text of the tools called: standard output, or what they complained of as the error.
using Output = std::expected<std::string, std::string>;

/// Runs a program with `input` as its standard input.
[[nodiscard]] Output run_program(const std::vector<std::string>& arguments,
                                 const std::string&              input = {});

/// The source text of a blob.
[[nodiscard]] Output decompile(std::string_view blob);
/// The blob of a source file; its `#include`s are resolved beside it.
[[nodiscard]] Output compile(const std::filesystem::path& source);

/// Lines of nodes and properties, from the output of `dtc -T`.
[[nodiscard]] Tree::Lines lines_of(std::string_view annotated);

/// Reads a source (.dts) or a blob; which one is seen in its first bytes. `name` is what messages
/// call it. A refusal has the line where dtc stopped, if it is a source.
[[nodiscard]] std::expected<Tree, tool::Diagnostic> read_tree(const std::filesystem::path& file,
                                                              const std::string&           name);

} // namespace check
