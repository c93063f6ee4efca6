// SPDX-License-Identifier: BSD-2-Clause
// dtc and the C preprocessor, for device trees that are sources.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace description {

/// A text of the tools called: standard output, or what they complained of as the error.
using Output = std::expected<std::string, std::string>;

/// Runs a program with `input` as its standard input.
[[nodiscard]] Output run_program(const std::vector<std::string>& arguments,
                                 const std::string&              input = {});

/// Whether a file's content is a flattened device tree.
[[nodiscard]] bool is_blob(std::string_view content);

/// The source text of a blob.
[[nodiscard]] Output decompile(std::string_view blob);

/// What dtc takes: the source, through the C preprocessor if it has directives. Includes are found
/// beside `file`.
[[nodiscard]] Output preprocess(const std::filesystem::path& file, const std::string& content);

/// dtc's output for a source that was preprocessed; `how` are its options ("-O", "dtb").
[[nodiscard]] Output run_dtc(const std::filesystem::path& file, const std::string& text,
                             const std::vector<std::string>& how);

/// The blob of a file: itself, or what its source is compiled to.
[[nodiscard]] Output compile(const std::filesystem::path& file);

} // namespace description
