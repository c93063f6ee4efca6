// SPDX-License-Identifier: BSD-2-Clause
// The rules that hold between elements, wherever in the document they stand.
#pragma once

#include "sdf/model.hpp"

#include <vector>

namespace tool {

/// Names are unique and lead somewhere; identifiers and interrupts are used once; channels and
/// domains follow their rules. Returns all violations in the order of the checks.
[[nodiscard]] std::vector<Diagnostic> check_system(const System& system);

/// Moves what the ends of channels ask for (`setvar_id`) to the PDs whose programs they name.
void attach_channel_setvars(System& system);

} // namespace tool
