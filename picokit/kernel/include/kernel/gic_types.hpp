// SPDX-License-Identifier: BSD-2-Clause
// What both versions of the interrupt controller's driver share.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kernel {

/// One priority for all physical interrupts, in each byte of a priority register: the middle.
inline constexpr std::uint32_t k_gic_priority_word = 0x8080'8080;

/// Numbers from here on mean "no interrupt" (IHI 0048B 3.1, IHI 0069H 2.2.1).
inline constexpr std::uint32_t k_gic_special_intid = 1020;

/// List registers that we use: all that a GICv3 can have. (GICv2 allows 64, no board has more
/// than 4.)
inline constexpr unsigned k_max_list_registers = 16;

/// What names the sender of a GICv2 SGI in a list register.
inline constexpr unsigned k_gic_source_mask = 7;

/// A virtual interrupt to inject: arguments of seL4_ARM_VCPU_InjectIRQ, and a sender.
struct VirtualInterrupt {
    std::uint32_t intid;
    std::uint8_t  priority; ///< 0..31
    std::uint8_t  group;    ///< 0, 1
    std::uint8_t  source;   ///< GICv2 SGI: the sender, 0..7
};

} // namespace kernel
