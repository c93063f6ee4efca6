// SPDX-License-Identifier: BSD-2-Clause
// Pages, interrupts and DMA of what is given, and who else has them.
#pragma once

#include "closure.hpp"

#include <span>

namespace passthrough {

/// Adds them to the closure, with a refusal for each device that would be reached besides and is
/// not among `shared`.
void add_resources(const check::Tree& board, std::span<const check::Node* const> shared,
                   Closure& closure);

/// Refuses what drivers or other guests have: their devices, and pages on which these are. It is
/// never shared, whatever the choices say.
void check_taken(const check::Tree& board, std::span<const std::string> taken, Closure& closure);

} // namespace passthrough
