// SPDX-License-Identifier: BSD-2-Clause
// The control channel of a system that has one: a serial port of the name "control" in its layout,
// which leads to a socket of this host (see components/control, tools/exec).
#pragma once

#include "systems.hpp"

#include "qemu/devices.hpp"
#include "system.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vmm {

/// The name of the serial port.
inline constexpr const char* k_control = "control";

/// Where the socket of a run is that has this folder.
[[nodiscard]] std::filesystem::path control_socket(const std::filesystem::path& folder);

/// If there is such a port among `devices`, gives it a socket in `folder`, the folder of this run,
/// and leaves a note there by which `vmm exec` finds it. Nothing: there is none.
[[nodiscard]] Result<std::optional<control::RunningSystem>>
open_control(const System& system, std::vector<qemu::Device>& devices,
             const std::filesystem::path& folder);

/// The guests with a socket device, as the layout names them.
[[nodiscard]] Result<std::vector<control::ReachableGuest>>
guests_with_sockets(const std::filesystem::path& layout);

/// Runs a shell's command in the first guest, without input; its output is ours. Gives its exit
/// code.
[[nodiscard]] Result<int> run_in_guest(const control::RunningSystem&         system,
                                       const std::string&                    command,
                                       std::chrono::steady_clock::time_point deadline);

} // namespace vmm
