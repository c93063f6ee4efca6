// SPDX-License-Identifier: BSD-2-Clause
// The guest's own address translation done by hand (Arm ARM DDI 0487, D8.2): to read an instruction
// that the guest was executing.
#pragma once

#include "arch/el1.hpp"
#include "base/address.hpp"
#include "vmm/memory.hpp"

#include <optional>

namespace vmm {

/// The registers that rule stage 1 of a vCPU.
struct Stage1Registers {
    arch::SctlrEl1 sctlr;
    arch::TcrEl1   tcr;
    arch::TtbrEl1  ttbr0;
    arch::TtbrEl1  ttbr1;
};

/// Where an address leads, without regard to permissions: the CPU has checked them. Nothing if the
/// address is not mapped, a table is not in RAM, or the tables use what Armv8.0 does not have.
[[nodiscard]] std::optional<base::GuestPhysical> walk_stage1(base::GuestVirtual     address,
                                                             const Stage1Registers& registers,
                                                             const GuestMemory&     memory);

} // namespace vmm
