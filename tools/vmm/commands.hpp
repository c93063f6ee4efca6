// SPDX-License-Identifier: BSD-2-Clause
// Commands with a folder of their own beside this one: vmm check, vmm dtb, …
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vmm {

/// Runs the command that the first word names; its exit code, or nothing if there is no such
/// command.
[[nodiscard]] std::optional<int> run_command(const std::vector<std::string>& words);

} // namespace vmm
