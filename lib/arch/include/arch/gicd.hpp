// SPDX-License-Identifier: BSD-2-Clause
// Registers of the GIC distributor (GICv2: IHI 0048B 4.3; GICv3: IHI 0069H 12.9).
#pragma once

#include "base/reg.hpp"

#include <cstdint>

namespace arch {

/// GICD_CTLR of a GIC with one security state. GICv2 has only the two enables.
struct GicdCtlr : base::Register<GicdCtlr, std::uint32_t> {
    using Register::Register;
    using enable_grp0 = base::Flag<0>;
    using enable_grp1 = base::Flag<1>;
    using are         = base::Flag<4>;  ///< affinity routing
    using ds          = base::Flag<6>;  ///< security disabled
    using rwp         = base::Flag<31>; ///< a register write is in progress
};

struct GicdTyper : base::Register<GicdTyper, std::uint32_t> {
    using Register::Register;
    using it_lines_number = base::Field<4, 0, std::uint8_t>; ///< interrupts / 32 − 1
    using cpu_number    = base::Field<7, 5, std::uint8_t>; ///< CPUs − 1; 0 with affinity routing
    using security_extn = base::Flag<10>;
    using mbis          = base::Flag<16>;                    ///< v3: message-based SPIs
    using lpis          = base::Flag<17>;                    ///< v3
    using id_bits       = base::Field<23, 19, std::uint8_t>; ///< v3: bits of an INTID − 1
    using a3v           = base::Flag<24>;                    ///< v3: affinity level 3 may be set
    using no1n          = base::Flag<25>;                    ///< v3: no 1-of-N
    using rss           = base::Flag<26>;                    ///< v3: SGIs reach Aff0 above 15
};

/// GICD_IIDR, GICR_IIDR, GICC_IIDR.
struct GicIidr : base::Register<GicIidr, std::uint32_t> {
    using Register::Register;
    using implementer = base::Field<11, 0, std::uint16_t>; ///< JEP106 code
    using revision    = base::Field<15, 12, std::uint8_t>;
    using variant     = base::Field<19, 16, std::uint8_t>;
    using product_id  = base::Field<31, 24, std::uint8_t>;
};

/// GICD_SGIR (v2): sends an SGI.
struct GicdSgir : base::Register<GicdSgir, std::uint32_t> {
    using Register::Register;
    enum class Filter : std::uint8_t { list = 0, others = 1, self = 2, reserved = 3 };
    using intid              = base::Field<3, 0, std::uint8_t>;
    using nsatt              = base::Flag<15>; ///< only with the Security Extensions
    using cpu_target_list    = base::Field<23, 16, std::uint8_t>;
    using target_list_filter = base::Field<25, 24, Filter>;
};

/// GICD_SETSPI_NSR, GICD_CLRSPI_NSR (v3): an SPI by message.
struct GicdSpi : base::Register<GicdSpi, std::uint32_t> {
    using Register::Register;
    using intid = base::Field<12, 0, std::uint16_t>;
};

/// GICD_IROUTER<n> (v3): the PE that gets an SPI.
struct GicdIrouter : base::Register<GicdIrouter, std::uint64_t> {
    using Register::Register;
    using aff210                                 = base::Field<23, 0, std::uint32_t>;
    using irm                                    = base::Flag<31>; ///< any participating PE: 1-of-N
    using aff3                                   = base::Field<39, 32, std::uint8_t>;
    static constexpr std::uint64_t k_implemented = aff210::mask | irm::mask | aff3::mask;
};

/// GICD_ICFGR<n>, GICR_ICFGR<n>: two bits an interrupt, of which the upper one says "edge".
struct GicIcfgr : base::Register<GicIcfgr, std::uint32_t> {
    using Register::Register;

    /// One bit for each of the 16 interrupts.
    [[nodiscard]] constexpr std::uint32_t edges() const
    {
        std::uint32_t bits = (raw() >> 1) & 0x5555'5555U;
        bits               = (bits | (bits >> 1)) & 0x3333'3333U;
        bits               = (bits | (bits >> 2)) & 0x0f0f'0f0fU;
        bits               = (bits | (bits >> 4)) & 0x00ff'00ffU;
        return (bits | (bits >> 8)) & 0xffffU;
    }
    [[nodiscard]] static constexpr GicIcfgr from_edges(std::uint32_t bits)
    {
        bits &= 0xffffU;
        bits = (bits | (bits << 8)) & 0x00ff'00ffU;
        bits = (bits | (bits << 4)) & 0x0f0f'0f0fU;
        bits = (bits | (bits << 2)) & 0x3333'3333U;
        bits = (bits | (bits << 1)) & 0x5555'5555U;
        return GicIcfgr{bits << 1};
    }
};
static_assert(GicIcfgr::from_edges(0x8001).raw() == 0x8000'0002);
static_assert(GicIcfgr{0xaaaa'aaaa}.edges() == 0xffff);

} // namespace arch
