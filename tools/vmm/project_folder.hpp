// SPDX-License-Identifier: BSD-2-Clause
// The project that a command speaks of: the folder with a vmm.json that the current one is in.
#pragma once

#include "options.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace vmm {

struct Project {
    std::filesystem::path folder;
    std::string           name;  ///< of the system that is meant if none is named
    std::string           board; ///< if none is named

    /// Where everything is built; has also the folders of runs.
    [[nodiscard]] std::filesystem::path build() const { return folder / "build"; }
};

/// The file that makes a folder a project.
inline constexpr const char* k_project_file = "vmm.json";

/// The project of the folder `start`, or of the next one above it that is one. Nothing if there is
/// none; the error is for a vmm.json that makes no sense.
[[nodiscard]] Result<std::optional<Project>> find_project(const std::filesystem::path& start);

/// Whether `name` is a system of the project: its own, or one with a NAME.layout.xml or
/// NAME.system.
[[nodiscard]] bool has_system(const Project& project, const std::string& name);

/// Builds the system `name` of a project ("" for all there is), with the SDK of MICROKIT_SDK or
/// ours. Gives the build folder, in which NAME.json is. Concurrent callers take turns.
[[nodiscard]] Result<std::filesystem::path> build_project(const Project&     project,
                                                          const std::string& name,
                                                          const std::string& board,
                                                          const std::string& config);

} // namespace vmm
