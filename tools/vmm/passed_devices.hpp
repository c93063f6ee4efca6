// SPDX-License-Identifier: BSD-2-Clause
// Devices of a board that a guest gets for itself: how people name them, and whether it can have
// them.
#pragma once

#include "boards.hpp"
#include "project.hpp"

#include <string>
#include <vector>

namespace vmm {

/// The path of the node that a text means, as in layouts: a path, an alias or a name that only one
/// node has, or a device of board.json ("uart0", "virtio_mmio.31"). Empty: there is none. The error
/// is for the user: the board cannot be read.
[[nodiscard]] Result<std::string> path_of_device(const BoardPlace& place, const std::string& text);

/// All such texts, without those that mean what is the kernel's: names of board.json, aliases and
/// names of nodes; paths if `of_paths`. None if the board cannot be read.
[[nodiscard]] std::vector<std::string> device_names(const BoardPlace& place, bool of_paths);

/// Adds devices that the guest of a new project gets for itself, and says of its RAM what they
/// need. The error says which it cannot have beside the others, why, and what to do.
[[nodiscard]] Result<> add_passed_devices(project::Wishes& wishes, const project::KnownBoard& known,
                                          const BoardPlace&               place,
                                          const std::vector<std::string>& devices);

} // namespace vmm
