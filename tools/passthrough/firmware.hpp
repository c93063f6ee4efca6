// SPDX-License-Identifier: BSD-2-Clause
// Devices that a guest reaches by calls of the firmware (SMC), and which calls those are.
#pragma once

#include "closure.hpp"

namespace passthrough {

/// A firmware whose calls are SMCs that a list can let through.
[[nodiscard]] bool is_firmware(const check::Node& node);

/// One whose calls say in their arguments what they are about (a clock's number), so that a guest
/// can be held to its own devices, whoever else calls it.
[[nodiscard]] bool is_limited_firmware(const check::Node& node);

/// Adds the calls for a unit that is given, if it is a firmware: those that the devices given need
/// of it. Function identifiers: SCMI's stand in the tree; of Xilinx' firmware those of its EEMI, of
/// Amlogic's the reading of fuses.
void add_calls(const check::Tree& board, const check::Node& unit, Closure& closure);

} // namespace passthrough
