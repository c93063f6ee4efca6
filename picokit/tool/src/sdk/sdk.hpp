// SPDX-License-Identifier: BSD-2-Clause
// The SDK directory that the tool belongs to: boards, configurations, the kernel of each.
#pragma once

#include "diagnostic.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace tool {

/// Where the SDK is: the environment variable MICROKIT_SDK, or two levels above the executable.
/// Refuses what is not a directory.
[[nodiscard]] Result<std::filesystem::path> find_sdk();

/// The names of the boards of an SDK, sorted; empty if there is no such directory.
[[nodiscard]] std::vector<std::string> list_boards(const std::filesystem::path& sdk);

/// The directory of a board and configuration. Refuses unknown ones, listing those that exist.
[[nodiscard]] Result<std::filesystem::path>
find_board(const std::filesystem::path& sdk, const std::string& board, const std::string& config);

} // namespace tool
