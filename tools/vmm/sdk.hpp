// SPDX-License-Identifier: BSD-2-Clause
// The Microkit SDK that a user names with MICROKIT_SDK.
#pragma once

#include "options.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace vmm {

/// The SDK of MICROKIT_SDK, if that is set and not empty. The error: see check_sdk.
[[nodiscard]] Result<std::optional<std::filesystem::path>> given_sdk(const std::string& board,
                                                                     const std::string& config);

/// The folder `given` if it is a Microkit SDK 2.x that has this configuration of this board. The
/// error says what it is instead, or what it has.
[[nodiscard]] Result<std::filesystem::path>
check_sdk(const std::string& given, const std::string& board, const std::string& config);

/// The name of a build folder for an SDK that is not ours.
[[nodiscard]] std::string folder_name(const std::filesystem::path& sdk);

} // namespace vmm
