// SPDX-License-Identifier: BSD-2-Clause
// Completion of a command line, from the parsers' own descriptions.
#pragma once

#include "project_folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vmm {

/// What bash shall source.
[[nodiscard]] std::string_view bash_completion();

/// How the last of `words` (those after "vmm") may go on. "<files>" and "<folders>" among the
/// candidates stand for what the shell knows of them.
[[nodiscard]] std::vector<std::string> complete(const std::vector<std::string>& words,
                                                const std::optional<Project>&   project);

} // namespace vmm
