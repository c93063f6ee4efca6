// SPDX-License-Identifier: BSD-2-Clause
// `vmm check` and `vmm dtb`, as functions.
#pragma once

#include "places.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace check {

inline constexpr int k_exit_nothing  = 0; ///< no errors (with --strict, no warnings either)
inline constexpr int k_exit_findings = 1;
inline constexpr int k_exit_call     = 2; ///< a call that makes no sense, a file that is not there

/// The words after `vmm check`.
[[nodiscard]] int check_command(std::vector<std::string> words, const description::Places& places,
                                std::ostream& out, std::ostream& err);

/// The words after `vmm dtb`.
[[nodiscard]] int dtb_command(std::vector<std::string> words, const description::Places& places,
                              std::ostream& out, std::ostream& err);

/// Adds all that `vmm check --help` and `vmm dtb --help` tell to an app that nobody parses.
void describe_check(CLI::App& app);
void describe_dtb(CLI::App& app);

} // namespace check
