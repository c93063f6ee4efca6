// SPDX-License-Identifier: BSD-2-Clause
// A closure in words: for the user, for a script, for a layout.
#pragma once

#include "closure.hpp"

#include <string>

namespace passthrough {

/// What the guest gets, what it does without, what it may call, what to know; or the refusals with
/// their ways out. Lines, each ended.
[[nodiscard]] std::string explain(const Closure& closure);

/// The same as JSON: given, left, pages, interrupts, calls, identity, notes, refusals.
[[nodiscard]] std::string to_json(const Closure& closure);

/// The elements for a <guest> of a layout that ask for the same: one <passthrough> for each device.
/// `tree` is the file of the board's whole device tree beside the layout; empty: the board's own.
/// Lines, each indented by so many spaces and ended.
[[nodiscard]] std::string layout_elements(const Request& request, const std::string& tree = {},
                                          unsigned indent = 8);

/// The refusals alone, as "error: …" with a hint below each.
[[nodiscard]] std::string refusals_text(const Closure& closure);

} // namespace passthrough
