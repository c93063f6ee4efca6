// SPDX-License-Identifier: BSD-2-Clause
// The whole tool as a function: from a command line to an image and a report.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace tool {

/// Exit codes, those of the Microkit tool.
inline constexpr int k_success        = 0;
inline constexpr int k_user_error     = 1;
inline constexpr int k_internal_error = 101;

/// `words` is the command line without the program's name. Writes the files it names, and nothing
/// on failure. Informational lines and warnings go to `out`, errors to `err`.
[[nodiscard]] int run(std::span<const std::string> words, std::ostream& out, std::ostream& err);

} // namespace tool
