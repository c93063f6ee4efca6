// SPDX-License-Identifier: BSD-2-Clause
// The guest's own address translation done by hand (Arm ARM DDI 0487, D8.2 to D8.4): to read an
// instruction that the guest was executing, and to carry it out.
#pragma once

#include "arch/el1.hpp"
#include "base/address.hpp"
#include "vmm/memory.hpp"

#include <cstdint>
#include <expected>

namespace vmm {

/// The registers that rule stage 1 of a vCPU.
struct Stage1Registers {
    arch::SctlrEl1 sctlr;
    arch::TcrEl1   tcr;
    arch::TtbrEl1  ttbr0;
    arch::TtbrEl1  ttbr1;
};

/// With which rights an address is translated.
struct Stage1Access {
    enum class Kind : std::uint8_t { read, write, fetch };

    Kind kind       = Kind::read;
    bool privileged = true;
    bool pan        = false; ///< PSTATE.PAN, for a privileged access to data
};

/// Why there is no translation: the fault status code (ISS.DFSC or IFSC) of the exception that the
/// CPU would take.
struct Stage1Fault {
    std::uint8_t status;

    bool operator==(const Stage1Fault&) const = default;
};

using Stage1Result = std::expected<base::GuestPhysical, Stage1Fault>;

/// Where an address leads for an access. Tables that are not in RAM are an external abort. Flags
/// that the hardware would maintain by itself (FEAT_HAFDBS) are left to the guest's fault handler.
[[nodiscard]] Stage1Result walk_stage1(base::GuestVirtual address, const Stage1Registers& registers,
                                       const GuestMemory& memory, Stage1Access access = {});

} // namespace vmm
