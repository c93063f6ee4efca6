// SPDX-License-Identifier: BSD-2-Clause
// Kinds of what a device needs, and what becomes of a driver that does not get it.
#pragma once

#include "closure.hpp"

namespace passthrough {

/// What drivers do without, or what a guest must not have in any case: it is left without asking.
[[nodiscard]] bool is_left_anyway(check::Need need);

/// What it means to do without, as a clause.
[[nodiscard]] std::string_view consequence(check::Need need);

} // namespace passthrough
