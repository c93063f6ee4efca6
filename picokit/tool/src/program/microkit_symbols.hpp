// SPDX-License-Identifier: BSD-2-Clause
// The variables of libmicrokit and of the user that the tool sets in each program.
#pragma once

#include "layout/placement.hpp"

namespace tool {

/// Writes everything that is known before memory is laid out, and zero where a physical address
/// will go, so that all symbols have been checked and have their room.
[[nodiscard]] std::vector<Diagnostic> write_symbols(const System&               system,
                                                    const std::vector<Region>&  regions,
                                                    std::vector<LoadedProgram>& programs);

/// Writes the physical addresses that programs ask for (setvar region_paddr).
void write_physical_addresses(const System& system, const Placement& placement,
                              std::vector<LoadedProgram>& programs);

} // namespace tool
