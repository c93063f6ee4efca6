// SPDX-License-Identifier: BSD-2-Clause
// A board's folder from the device tree that its kernel or firmware comes with: the part that
// systems here use, and the facts that it does not say, as far as they follow.
#pragma once

#include "device_tree.hpp"

#include <optional>
#include <string>

namespace boardgen {

/// What the person who adds a board knows, and may have to say.
struct NewBoard {
    std::string                  name;
    std::string                  source;         ///< where the tree comes from, for the first lines
    std::string                  console{};      ///< a path or alias; empty: /chosen/stdout-path
    std::optional<AddressRange>  memory{};       ///< in place of the tree's
    std::optional<std::uint64_t> timer_hz{};     ///< in place of the tree's
    std::optional<std::uint64_t> load_address{}; ///< in place of 32 MiB into the memory
    std::vector<std::string>     devices{};      ///< paths or aliases of further nodes to keep
};

/// The two hand-written files of a board's folder.
struct BoardFiles {
    std::string tree; ///< board.dts
    std::string json; ///< board.json
};

/// The tree's processors, GIC, timer, PSCI, memory, console, enabled serial ports, and `devices`,
/// with all addresses as the processor sees them. Errors say what is missing and how to give it.
[[nodiscard]] Result<BoardFiles> new_board(const DeviceTree& tree, const NewBoard& wishes);

} // namespace boardgen
