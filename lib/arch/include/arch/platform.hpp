// SPDX-License-Identifier: BSD-2-Clause
// The types in which a generated board/board.hpp states where the GIC and the timers are.
#pragma once

#include "base/address.hpp"

#include <cstdint>

namespace arch {

/// Frames of a GICv2 with virtualisation extensions (IHI 0048B, 4.1 and 5.1).
struct GicV2Frames {
    base::HostRange distributor;    ///< GICD
    base::HostRange cpu_interface;  ///< GICC
    base::HostRange hypervisor;     ///< GICH, the virtual interface control registers
    base::HostRange vcpu_interface; ///< GICV; stands in for GICC in a guest
};

/// Frames of a GICv3 (IHI 0069, 12.1); its CPU interfaces are system registers.
struct GicV3Frames {
    base::HostRange distributor;    ///< GICD
    base::HostRange redistributors; ///< GICR, 0x20000 bytes a core
};

/// Interrupt numbers (PPIs, 16 to 31) of the Arm generic timer.
struct TimerInterrupts {
    std::uint32_t physical_secure;
    std::uint32_t physical;
    std::uint32_t virtual_timer;
    std::uint32_t hypervisor; ///< non-secure EL2 physical timer
};

} // namespace arch
