// SPDX-License-Identifier: BSD-2-Clause
// Everything the virtual GIC remembers: plain data that can be copied, saved and put back.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

namespace vmm {

constexpr unsigned k_gic_max_vcpus          = 16;
constexpr unsigned k_gic_max_spis           = 988; ///< INTIDs 32 … 1019
constexpr unsigned k_gic_max_words          = 32;  ///< of 32 interrupts each: 1,024 bits
constexpr unsigned k_gic_max_list_registers = 64;  ///< GICv2; GICv3 has at most 16
constexpr unsigned k_gic_private            = 32;  ///< SGIs 0 … 15 and PPIs 16 … 31
constexpr unsigned k_gic_sgis               = 16;

/// 32 interrupts, one bit each. Every vCPU has one for its SGIs and PPIs, all share those of SPIs.
struct GicBank {
    std::uint32_t implemented = 0; ///< bits that exist; the others read as zero, ignore writes
    std::uint32_t group       = 0; ///< GICD_IGROUPR: 1 is group 1
    std::uint32_t enabled     = 0; ///< GICD_ISENABLER
    std::uint32_t edge        = 0; ///< GICD_ICFGR: 1 is edge-triggered
    std::uint32_t latch       = 0; ///< pending that stays: an edge, an SGI, GICD_ISPENDR
    std::uint32_t line        = 0; ///< the input signal
    std::uint32_t active      = 0; ///< made active by GICD_ISACTIVER
    std::uint32_t in_flight   = 0; ///< in a list register: pending or active
    std::uint32_t waiting     = 0; ///< deliverable and assigned to a vCPU, but not in a register
    std::uint32_t owed        = 0; ///< hardware behind it is masked until end_of_interrupt()
};

/// What we put into a list register, until the guest's end of interrupt tells us it is empty.
struct GicListRegister {
    std::uint16_t intid     = 0;
    std::uint8_t  priority  = 0;
    std::uint8_t  source    = 0;     ///< GICv2 SGI: the vCPU that sent it
    std::uint8_t  overtaken = 0;     ///< by how many that came later
    std::uint8_t  patience  = 0;     ///< how many are too many
    bool          latched   = false; ///< its pending came from the latch, not from the line
};

/// One vCPU: its private interrupts, its list registers, and what waits for one.
struct GicVcpu {
    GicBank                                               bank;
    std::array<std::uint8_t, k_gic_private>               priority{};
    std::array<std::uint8_t, k_gic_sgis>                  sgi_sources{}; ///< GICv2: bit for each
    std::uint32_t                                         waiting_words = 0; ///< that are not zero
    std::array<std::uint32_t, k_gic_max_words>            waiting{};
    std::array<GicListRegister, k_gic_max_list_registers> list{};

    // List registers, a bit each. One that is in none of the first three is empty.
    std::uint64_t in_flight = 0; ///< holds an interrupt that the guest has yet to finish
    std::uint64_t masked    = 0; ///< holds one that the guest cannot take: may be overwritten
    std::uint64_t stale     = 0; ///< holds an active one that we gave up, and refuses a new one
    std::uint64_t fresh     = 0; ///< in flight, and loaded since may_park() was last asked

    std::uint16_t last_loaded = 0; ///< INTID, so that equal priorities take turns
};

/// All zero before configure(), so that an object in static storage takes no room in the image.
struct GicState {
    std::uint32_t                             groups_enabled = 0; ///< GICD_CTLR bits 0 and 1
    std::uint32_t                             online         = 0; ///< bit for each vCPU
    std::uint32_t                             awake          = 0; ///< GICR_WAKER, bit for each
    std::array<GicBank, k_gic_max_words - 1>  shared{};           ///< [0]: INTIDs 32 … 63
    std::array<std::uint8_t, k_gic_max_spis>  priority{};
    std::array<std::uint8_t, k_gic_max_spis>  home{};  ///< the vCPU it waits for or is at
    std::array<std::uint64_t, k_gic_max_spis> route{}; ///< GICD_IROUTER; v2: GICD_ITARGETSR
    std::array<GicVcpu, k_gic_max_vcpus>      vcpus{};
};
static_assert(sizeof(GicState) <= 32 * 1024 && std::is_trivially_copyable_v<GicState>);

/// Counted since configure(); a reset does not clear them.
struct GicCounters {
    std::uint64_t unknown_accesses     = 0; ///< no register there: read as zero, write ignored
    std::uint64_t bad_widths           = 0; ///< a width or alignment the register does not have
    std::uint64_t loaded               = 0; ///< interrupts put into list registers
    std::uint64_t refused              = 0; ///< list registers that refused because they are active
    std::uint64_t maintenances         = 0;
    std::uint64_t maintenances_unknown = 0; ///< naming no register that is in use
    std::uint64_t sgis                 = 0; ///< sent, counted once for each target
};

} // namespace vmm
