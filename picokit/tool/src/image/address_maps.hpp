// SPDX-License-Identifier: BSD-2-Clause
// All translation tables of a system: of every PD, every virtual machine and the kernel.
#pragma once

#include "image/page_tables.hpp"
#include "layout/placement.hpp"

namespace tool {

struct AddressMaps {
    PageTables                 tables;
    PageTables::Root           kernel;
    std::vector<std::uint64_t> pd_roots;  ///< physical, in the order of system.pds
    std::vector<std::uint64_t> vm_roots;  ///< by PD; 0 where there is no virtual machine
    std::vector<std::size_t>   pd_tables; ///< how many tables each PD takes, for the report
    std::vector<std::size_t>   vm_tables; ///< the same, by PD
    std::size_t                kernel_tables = 0;
};

/// Builds the tables for a placement, at the address it has for them.
[[nodiscard]] AddressMaps build_address_maps(const Inputs& inputs, const Placement& placement);

} // namespace tool
