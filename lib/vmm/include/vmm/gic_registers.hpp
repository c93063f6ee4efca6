// SPDX-License-Identifier: BSD-2-Clause
// The GIC's memory-mapped registers as tables: where each lies, how wide, and what it does.
#pragma once

#include "base/print.hpp"
#include "vmm/gic.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm {

/// As the specifications abbreviate them.
enum class GicAccess : std::uint8_t { ro, wo, rw };

/// What reading and writing a register does. Arrays are indexed by the element's number.
enum class GicAction : std::uint8_t {
    constant, ///< reads as `value`, ignores writes; value 0 is RAZ/WI
    ctlr,     ///< group enables; `value`: bits that read as one
    typer,
    enable,
    disable,
    set_pending,
    clear_pending,
    set_active,
    clear_active,
    group,
    configuration,
    priority,
    targets,
    send_sgi,
    set_sgi_pending,
    clear_sgi_pending,
    set_spi,
    clear_spi,
    router,
    gicr_typer,
    waker,
};

/// A register, or an array of equal registers one after the other.
struct GicRegister {
    std::uint32_t offset; ///< of the first byte, in its frame (redistributor: in its 128 KiB)
    std::uint32_t bytes;  ///< of all elements
    std::uint8_t  widths; ///< sum of the access sizes it has: 4, 1 + 4, 2 + 4, 4 + 8
    GicAccess     access;
    GicAction     action;
    std::uint16_t first; ///< what the first element is: a word of 32 bits, an INTID, …
    std::uint32_t value; ///< see GicAction; also the value after reset
    const char*   name;

    [[nodiscard]] constexpr std::uint32_t end() const { return offset + bytes; }
};

// clang-format off
namespace gic_table {

using enum GicAccess;
using enum GicAction;

/// GICD_IIDR and GICR_IIDR: Arm, product 0, as QEMU's GIC says.
constexpr std::uint32_t k_iidr = 0x43b;

//   offset         bytes widths   action              first value      name
constexpr GicRegister k_gicv2_distributor[]{
    {0x000,         4,    4,     rw, ctlr,              0,  0,          "GICD_CTLR"},
    {0x004,         4,    4,     ro, typer,             0,  0,          "GICD_TYPER"},
    {0x008,         4,    4,     ro, constant,          0,  k_iidr,     "GICD_IIDR"},
    {0x080,         0x80, 4,     rw, group,             0,  0,          "GICD_IGROUPR"},
    {0x100,         0x80, 4,     rw, enable,            0,  0,          "GICD_ISENABLER"},
    {0x180,         0x80, 4,     rw, disable,           0,  0,          "GICD_ICENABLER"},
    {0x200,         0x80, 4,     rw, set_pending,       0,  0,          "GICD_ISPENDR"},
    {0x280,         0x80, 4,     rw, clear_pending,     0,  0,          "GICD_ICPENDR"},
    {0x300,         0x80, 4,     rw, set_active,        0,  0,          "GICD_ISACTIVER"},
    {0x380,         0x80, 4,     rw, clear_active,      0,  0,          "GICD_ICACTIVER"},
    {0x400,         1020, 1 + 4, rw, priority,          0,  0,          "GICD_IPRIORITYR"},
    {0x800,         1020, 1 + 4, rw, targets,           0,  0,          "GICD_ITARGETSR"},
    {0xc00,         4,    4,     ro, constant,          0,  0xaaaaaaaa, "GICD_ICFGR0"},
    {0xc04,         0xfc, 4,     rw, configuration,     1,  0,          "GICD_ICFGR"},
    {0xe00,         256,  4,     rw, constant,          0,  0,          "GICD_NSACR"},
    {0xf00,         4,    4,     wo, send_sgi,          0,  0,          "GICD_SGIR"},
    {0xf10,         0x10, 1 + 4, rw, clear_sgi_pending, 0,  0,          "GICD_CPENDSGIR"},
    {0xf20,         0x10, 1 + 4, rw, set_sgi_pending,   0,  0,          "GICD_SPENDSGIR"},
    {0xfd0,         4,    4,     ro, constant,          0,  0x04,       "GICD_PIDR4"},
    {0xfd4,         0x0c, 4,     ro, constant,          0,  0,          "GICD_PIDR5-7"},
    {0xfe0,         4,    4,     ro, constant,          0,  0x90,       "GICD_PIDR0"},
    {0xfe4,         4,    4,     ro, constant,          0,  0xb4,       "GICD_PIDR1"},
    {0xfe8,         4,    4,     ro, constant,          0,  0x2b,       "GICD_PIDR2"},
    {0xfec,         4,    4,     ro, constant,          0,  0,          "GICD_PIDR3"},
    {0xff0,         4,    4,     ro, constant,          0,  0x0d,       "GICD_CIDR0"},
    {0xff4,         4,    4,     ro, constant,          0,  0xf0,       "GICD_CIDR1"},
    {0xff8,         4,    4,     ro, constant,          0,  0x05,       "GICD_CIDR2"},
    {0xffc,         4,    4,     ro, constant,          0,  0xb1,       "GICD_CIDR3"},
};

// Affinity routing is always on: the registers of SGIs and PPIs are the redistributors', and what
// only GICv2 routing has is RAZ/WI. One security state: IGRPMODR, NSACR and the *_SR registers too.
constexpr std::uint32_t k_ctlr_v3 = 0x50; // ARE, DS

constexpr GicRegister k_gicv3_distributor[]{
    {0x0000,        4,    4,     rw, ctlr,              0,  k_ctlr_v3,  "GICD_CTLR"},
    {0x0004,        4,    4,     ro, typer,             0,  0,          "GICD_TYPER"},
    {0x0008,        4,    4,     ro, constant,          0,  k_iidr,     "GICD_IIDR"},
    {0x000c,        4,    4,     ro, constant,          0,  0,          "GICD_TYPER2"},
    {0x0010,        4,    4,     rw, constant,          0,  0,          "GICD_STATUSR"},
    {0x0040,        4,    2 + 4, wo, set_spi,           0,  0,          "GICD_SETSPI_NSR"},
    {0x0048,        4,    2 + 4, wo, clear_spi,         0,  0,          "GICD_CLRSPI_NSR"},
    {0x0050,        4,    2 + 4, wo, constant,          0,  0,          "GICD_SETSPI_SR"},
    {0x0058,        4,    2 + 4, wo, constant,          0,  0,          "GICD_CLRSPI_SR"},
    {0x0080,        4,    4,     rw, constant,          0,  0,          "GICD_IGROUPR0"},
    {0x0084,        0x7c, 4,     rw, group,             1,  0,          "GICD_IGROUPR"},
    {0x0100,        4,    4,     rw, constant,          0,  0,          "GICD_ISENABLER0"},
    {0x0104,        0x7c, 4,     rw, enable,            1,  0,          "GICD_ISENABLER"},
    {0x0180,        4,    4,     rw, constant,          0,  0,          "GICD_ICENABLER0"},
    {0x0184,        0x7c, 4,     rw, disable,           1,  0,          "GICD_ICENABLER"},
    {0x0200,        4,    4,     rw, constant,          0,  0,          "GICD_ISPENDR0"},
    {0x0204,        0x7c, 4,     rw, set_pending,       1,  0,          "GICD_ISPENDR"},
    {0x0280,        4,    4,     rw, constant,          0,  0,          "GICD_ICPENDR0"},
    {0x0284,        0x7c, 4,     rw, clear_pending,     1,  0,          "GICD_ICPENDR"},
    {0x0300,        4,    4,     rw, constant,          0,  0,          "GICD_ISACTIVER0"},
    {0x0304,        0x7c, 4,     rw, set_active,        1,  0,          "GICD_ISACTIVER"},
    {0x0380,        4,    4,     rw, constant,          0,  0,          "GICD_ICACTIVER0"},
    {0x0384,        0x7c, 4,     rw, clear_active,      1,  0,          "GICD_ICACTIVER"},
    {0x0400,        0x20, 1 + 4, rw, constant,          0,  0,          "GICD_IPRIORITYR0-7"},
    {0x0420,        988,  1 + 4, rw, priority,          32, 0,          "GICD_IPRIORITYR"},
    {0x0800,        1020, 1 + 4, rw, constant,          0,  0,          "GICD_ITARGETSR"},
    {0x0c00,        8,    4,     rw, constant,          0,  0,          "GICD_ICFGR0-1"},
    {0x0c08,        0xf8, 4,     rw, configuration,     2,  0,          "GICD_ICFGR"},
    {0x0d00,        0x80, 4,     rw, constant,          0,  0,          "GICD_IGRPMODR"},
    {0x0e00,        256,  4,     rw, constant,          0,  0,          "GICD_NSACR"},
    {0x0f00,        4,    4,     wo, constant,          0,  0,          "GICD_SGIR"},
    {0x0f10,        0x10, 1 + 4, rw, constant,          0,  0,          "GICD_CPENDSGIR"},
    {0x0f20,        0x10, 1 + 4, rw, constant,          0,  0,          "GICD_SPENDSGIR"},
    {0x0f80,        0x80, 4,     rw, constant,          0,  0,          "GICD_INMIR"},
    {0x6100,        7904, 4 + 8, rw, router,            32, 0,          "GICD_IROUTER"},
    {0xffd0,        4,    4,     ro, constant,          0,  0x44,       "GICD_PIDR4"},
    {0xffd4,        0x0c, 4,     ro, constant,          0,  0,          "GICD_PIDR5-7"},
    {0xffe0,        4,    4,     ro, constant,          0,  0x92,       "GICD_PIDR0"},
    {0xffe4,        4,    4,     ro, constant,          0,  0xb4,       "GICD_PIDR1"},
    {0xffe8,        4,    4,     ro, constant,          0,  0x3b,       "GICD_PIDR2"},
    {0xffec,        4,    4,     ro, constant,          0,  0,          "GICD_PIDR3"},
    {0xfff0,        4,    4,     ro, constant,          0,  0x0d,       "GICD_CIDR0"},
    {0xfff4,        4,    4,     ro, constant,          0,  0xf0,       "GICD_CIDR1"},
    {0xfff8,        4,    4,     ro, constant,          0,  0x05,       "GICD_CIDR2"},
    {0xfffc,        4,    4,     ro, constant,          0,  0xb1,       "GICD_CIDR3"},
};

// RD_base, then SGI_base 64 KiB above. No LPIs yet (GICR_TYPER.PLPIS = 0): an ITS starts where
// GICR_CTLR, PROPBASER, PENDBASER and INV*R are constant here.
constexpr std::uint32_t k_sgi = 0x1'0000;

constexpr GicRegister k_gicv3_redistributor[]{
    {0x0000,        4,    4,     rw, constant,          0,  0,          "GICR_CTLR"},
    {0x0004,        4,    4,     ro, constant,          0,  k_iidr,     "GICR_IIDR"},
    {0x0008,        8,    4 + 8, ro, gicr_typer,        0,  0,          "GICR_TYPER"},
    {0x0010,        4,    4,     rw, constant,          0,  0,          "GICR_STATUSR"},
    {0x0014,        4,    4,     rw, waker,             0,  0x6,        "GICR_WAKER"},
    {0x0018,        4,    4,     ro, constant,          0,  0,          "GICR_MPAMIDR"},
    {0x001c,        4,    4,     rw, constant,          0,  0,          "GICR_PARTIDR"},
    {0x0040,        8,    4 + 8, wo, constant,          0,  0,          "GICR_SETLPIR"},
    {0x0048,        8,    4 + 8, wo, constant,          0,  0,          "GICR_CLRLPIR"},
    {0x0070,        8,    4 + 8, rw, constant,          0,  0,          "GICR_PROPBASER"},
    {0x0078,        8,    4 + 8, rw, constant,          0,  0,          "GICR_PENDBASER"},
    {0x00a0,        8,    4 + 8, wo, constant,          0,  0,          "GICR_INVLPIR"},
    {0x00b0,        8,    4 + 8, wo, constant,          0,  0,          "GICR_INVALLR"},
    {0x00c0,        4,    4,     ro, constant,          0,  0,          "GICR_SYNCR"},
    {0xffd0,        4,    4,     ro, constant,          0,  0x44,       "GICR_PIDR4"},
    {0xffd4,        0x0c, 4,     ro, constant,          0,  0,          "GICR_PIDR5-7"},
    {0xffe0,        4,    4,     ro, constant,          0,  0x93,       "GICR_PIDR0"},
    {0xffe4,        4,    4,     ro, constant,          0,  0xb4,       "GICR_PIDR1"},
    {0xffe8,        4,    4,     ro, constant,          0,  0x3b,       "GICR_PIDR2"},
    {0xffec,        4,    4,     ro, constant,          0,  0,          "GICR_PIDR3"},
    {0xfff0,        4,    4,     ro, constant,          0,  0x0d,       "GICR_CIDR0"},
    {0xfff4,        4,    4,     ro, constant,          0,  0xf0,       "GICR_CIDR1"},
    {0xfff8,        4,    4,     ro, constant,          0,  0x05,       "GICR_CIDR2"},
    {0xfffc,        4,    4,     ro, constant,          0,  0xb1,       "GICR_CIDR3"},
    {k_sgi + 0x080, 4,    4,     rw, group,             0,  0,          "GICR_IGROUPR0"},
    {k_sgi + 0x100, 4,    4,     rw, enable,            0,  0,          "GICR_ISENABLER0"},
    {k_sgi + 0x180, 4,    4,     rw, disable,           0,  0,          "GICR_ICENABLER0"},
    {k_sgi + 0x200, 4,    4,     rw, set_pending,       0,  0,          "GICR_ISPENDR0"},
    {k_sgi + 0x280, 4,    4,     rw, clear_pending,     0,  0,          "GICR_ICPENDR0"},
    {k_sgi + 0x300, 4,    4,     rw, set_active,        0,  0,          "GICR_ISACTIVER0"},
    {k_sgi + 0x380, 4,    4,     rw, clear_active,      0,  0,          "GICR_ICACTIVER0"},
    {k_sgi + 0x400, 0x20, 1 + 4, rw, priority,          0,  0,          "GICR_IPRIORITYR"},
    {k_sgi + 0xc00, 4,    4,     ro, constant,          0,  0xaaaaaaaa, "GICR_ICFGR0"},
    {k_sgi + 0xc04, 4,    4,     rw, configuration,     1,  0,          "GICR_ICFGR1"},
    {k_sgi + 0xd00, 4,    4,     rw, constant,          0,  0,          "GICR_IGRPMODR0"},
    {k_sgi + 0xe00, 4,    4,     rw, constant,          0,  0,          "GICR_NSACR"},
    {k_sgi + 0xf80, 4,    4,     rw, constant,          0,  0,          "GICR_INMIR0"},
};

} // namespace gic_table
// clang-format on

/// Sorted, disjoint, aligned to and a multiple of the widest access. Checked when compiled.
[[nodiscard]] constexpr bool is_sound(std::span<const GicRegister> table)
{
    std::uint32_t free_from = 0;
    for (const auto& reg : table) {
        const std::uint32_t widest = (reg.widths & 8U) != 0 ? 8 : 4;
        if (reg.offset < free_from || reg.offset % widest != 0 || reg.bytes % widest != 0 ||
            reg.bytes == 0 || (reg.widths & ~0xfU) != 0 || (reg.widths & 4U) == 0) {
            return false;
        }
        free_from = reg.end();
    }
    return true;
}
static_assert(is_sound(gic_table::k_gicv2_distributor));
static_assert(is_sound(gic_table::k_gicv3_distributor));
static_assert(is_sound(gic_table::k_gicv3_redistributor));

/// A frame's table with an index: for each block of 128 bytes the first register that ends in or
/// behind it. So a look-up inspects one or two rows.
struct GicMap {
    static constexpr unsigned k_block_shift = 7;

    std::span<const GicRegister>  registers;
    std::span<const std::uint8_t> first;

    /// The register at `offset`, or null.
    [[nodiscard]] constexpr const GicRegister* find(std::uint64_t offset) const
    {
        const auto block = offset >> k_block_shift;
        if (block >= first.size()) {
            return nullptr;
        }
        const GicRegister*       reg = registers.data() + first[block];
        const GicRegister* const end = registers.data() + registers.size();
        for (; reg != end; ++reg) {
            if (offset - reg->offset < reg->bytes) { // wraps below the register
                return reg;
            }
            if (offset < reg->offset) {
                break;
            }
        }
        return nullptr;
    }
};

namespace gic_table {

template <std::size_t Size>
[[nodiscard]] constexpr auto index_of(std::span<const GicRegister> table)
{
    std::array<std::uint8_t, (Size >> GicMap::k_block_shift)> first{};
    for (std::size_t block = 0; block < first.size(); ++block) {
        std::uint8_t i = 0;
        while (i < table.size() && table[i].end() <= (block << GicMap::k_block_shift)) {
            ++i;
        }
        first[block] = i;
    }
    return first;
}

constexpr auto k_gicv2_index   = index_of<k_gicv2_distributor_size>(k_gicv2_distributor);
constexpr auto k_gicv3_index   = index_of<k_gicv3_distributor_size>(k_gicv3_distributor);
constexpr auto k_gicv3_r_index = index_of<k_gic_redistributor_stride>(k_gicv3_redistributor);

} // namespace gic_table

/// The frame's registers; none for the redistributors of a GICv2.
[[nodiscard]] const GicMap& gic_map(GicVersion version, GicFrame frame);

/// For traces: the register's name with the element's number or byte, "GICD_ISENABLER+0x4", or
/// the bare offset where there is none. `offset` in the redistributor frame may name any vCPU's.
void print_gic_register(base::Sink sink, GicVersion version, GicFrame frame, std::uint64_t offset);

} // namespace vmm
