// SPDX-License-Identifier: BSD-2-Clause
// Writes the table that the kernel reads at boot: picokit/system_table.hpp.
#pragma once

#include "image/address_maps.hpp"

namespace tool {

/// The bytes of the system table and all arrays in it, for the address that the placement gives.
/// Their number depends on neither that address nor on `maps`.
[[nodiscard]] Bytes build_system_table(const Inputs& inputs, const Placement& placement,
                                       const AddressMaps& maps);

/// The capabilities of one PD by slot, as the table will hold them (for the report and tests).
[[nodiscard]] std::vector<picokit::CapEntry> pd_caps(const Inputs& inputs, std::size_t pd);

/// All interrupts, ascending.
[[nodiscard]] std::vector<picokit::IrqEntry> irq_entries(const System& system);

} // namespace tool
