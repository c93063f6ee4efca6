// SPDX-License-Identifier: BSD-2-Clause
// The running systems that have a control channel: the runner leaves a note of each in its folder.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace control {

struct ReachableGuest {
    std::string   name;
    std::uint32_t cid = 0;
};

struct RunningSystem {
    std::string                 name;   ///< "vsock"
    std::filesystem::path       socket; ///< of this host
    std::vector<ReachableGuest> guests;
};

/// The file's name in a run's folder.
inline constexpr const char* k_note = "control.json";

/// Leaves the note. False: it cannot be written.
[[nodiscard]] bool write_note(const RunningSystem& system, const std::filesystem::path& folder);

/// Those below `parent` (build/run) whose process is alive, by folder.
[[nodiscard]] std::vector<RunningSystem> running_systems(const std::filesystem::path& parent);

/// The one that is meant: of this name, or the only one.
[[nodiscard]] std::expected<RunningSystem, std::string>
choose_system(const std::vector<RunningSystem>& systems, std::string_view name);

/// The guest's context ID: of this name or number, or of the only one.
[[nodiscard]] std::expected<std::uint32_t, std::string> choose_guest(const RunningSystem& system,
                                                                     std::string_view     guest);

} // namespace control
