// SPDX-License-Identifier: BSD-2-Clause
// Registers that GICv2 (IHI 0048B, 4.3) and GICv3 (IHI 0069H, 12.9 and 12.11) have in common, by
// kind of interrupt.
#include "check.hpp"
#include "controller.hpp"
#include "sections.hpp"

#include <array>

namespace conformance {
namespace {

struct Kind {
    std::uint32_t    intid;
    std::string_view name;
};
constexpr std::array k_kinds{Kind{k_ppi, "PPI"}, Kind{k_spi, "SPI"},
                             Kind{k_spi + 15, "another SPI"}};

const char* clause(const char* v2, const char* v3) { return is_v3() ? v3 : v2; }

/// A pair of registers of which one sets and one clears.
void check_pair(const char* name, Reg setter, Reg clearer, const Kind& kind)
{
    const auto id   = kind.intid;
    const auto mask = 1U << id % 32;
    quiet();
    set_edge(id, true);
    if (id >= 32) {
        route(id, 0);
    }
    check(!bit(setter, id), name, {"clear at first, ", kind.name});
    set(setter, id);
    check(bit(setter, id), name, {"writing 1 to the set register sets, ", kind.name});
    check(bit(clearer, id), name, {"the clear register reads the same, ", kind.name});
    write32(address_of(setter, id), 0);
    write32(address_of(clearer, id), 0);
    check(bit(setter, id), name, {"writing 0 changes nothing, ", kind.name});
    write32(address_of(clearer, id), ~mask & (id < 32 ? 0U : ~0U));
    check(bit(setter, id), name, {"others' bits change nothing, ", kind.name});
    set(clearer, id);
    check(!bit(setter, id), name, {"writing 1 to the clear register clears, ", kind.name});
    check(!bit(clearer, id), name, {"then the clear register reads 0 too, ", kind.name});
    quiet();
}

void check_priorities(const Kind& kind)
{
    const auto* const name = clause("IHI0048B GICD_IPRIORITYR", "IHI0069H GICD_IPRIORITYR");
    const auto        word = address_of(Reg::priority, kind.intid & ~3U);
    const auto        old  = read32(word);
    write32(word, ~0U);
    const auto mask   = read32(word);
    const auto byte   = mask & 0xff;
    const auto absent = ~byte & 0xff;
    check_equal(mask, byte * 0x0101'0101U, name, {"all bytes have the same bits, ", kind.name});
    check(byte >= 0xf0 && (absent & (absent + 1)) == 0, name,
          {"at least 4 bits, and those at the top, ", kind.name});
    write32(word, 0);
    check_equal(read32(word), 0, name, {"0 is kept, ", kind.name});
    write32(word, 0x2040'80c0);
    check_equal(read32(word), 0x2040'80c0, name, {"four values are kept, ", kind.name});
    write8(word + 1, 0x50);
    check_equal(read32(word), 0x2040'50c0, name, {"a byte is written alone, ", kind.name});
    check_equal(read8(word + 2), 0x40, name, {"a byte is read alone, ", kind.name});
    check_equal(read8(word + 1) << 8 | read8(word), 0x50c0, name,
                {"and its neighbours, ", kind.name});
    write32(word, old);
}

void check_configuration()
{
    const auto* const name = clause("IHI0048B GICD_ICFGR", "IHI0069H GICD_ICFGR");
    check_equal(read32(address_of(Reg::configuration, 0)) & 0xaaaa'aaaa, 0xaaaa'aaaa, name,
                "SGIs are edge-triggered");
    const auto sgis = address_of(Reg::configuration, 0);
    const auto old  = read32(sgis);
    write32(sgis, 0);
    check_equal(read32(sgis), old, name, "that of SGIs is read-only");
    for (const auto& kind : {k_kinds[1], k_kinds[2]}) {
        const auto mask = 2U << 2 * (kind.intid % 16);
        set_edge(kind.intid, true);
        check((read32(address_of(Reg::configuration, kind.intid)) & mask) != 0, name,
              {"edge is kept, ", kind.name});
        set_edge(kind.intid, false);
        check((read32(address_of(Reg::configuration, kind.intid)) & mask) == 0, name,
              {"level is kept, ", kind.name});
    }
}

void check_read_only(const char* name, std::uint64_t address, Text text)
{
    const auto old = read32(address);
    write32(address, ~old);
    const bool kept = read32(address) == old;
    write32(address, 0);
    check(kept && read32(address) == old, name, text);
}

void check_beyond()
{
    const auto* const name =
        clause("IHI0048B 4.3 unimplemented interrupts", "IHI0069H 12.9 unimplemented interrupts");
    // QEMU's GICv3 counts one group of 32 too few in GICD_TYPER, so we look behind one more.
    const auto lines = 32 * ((read32(distributor() + 4) & 0x1f) + 1) + (is_v3() ? 32 : 0);
    if (lines >= 1020 - 32) {
        skip(name, "RAZ/WI", "there is no interrupt beyond");
        return;
    }
    struct Entry {
        Reg         reg;
        const char* name;
    };
    for (const auto& [reg, which] :
         {Entry{Reg::group, "IGROUPR"}, Entry{Reg::set_enable, "ISENABLER"},
          Entry{Reg::clear_enable, "ICENABLER"}, Entry{Reg::set_pending, "ISPENDR"},
          Entry{Reg::clear_pending, "ICPENDR"}, Entry{Reg::set_active, "ISACTIVER"},
          Entry{Reg::clear_active, "ICACTIVER"}, Entry{Reg::priority, "IPRIORITYR"},
          Entry{Reg::target, "ITARGETSR"}, Entry{Reg::configuration, "ICFGR"}}) {
        const auto address = address_of(reg, lines);
        write32(address, ~0U);
        check_equal(read32(address), 0, name, {"RAZ/WI: ", which});
        write32(address, 0);
    }
}

void check_control()
{
    const auto* const name = clause("IHI0048B GICD_CTLR", "IHI0069H GICD_CTLR");
    const auto        mask = is_v3() ? 2U : 1U;
    distributor_on(false);
    check((read32(distributor()) & mask) == 0, name, "the enable bit reads 0 once written so");
    distributor_on(true);
    check((read32(distributor()) & mask) == mask, name, "the enable bit reads 1 once written so");
    const auto old = read32(distributor());
    write32(distributor(), old | 0x7fff'ff00);
    check((read32(distributor()) & 0x7fff'ff00) == 0, name, "reserved bits read as zero");
    write32(distributor(), old);
}

void check_identification()
{
    const auto* const type = clause("IHI0048B GICD_TYPER", "IHI0069H GICD_TYPER");
    check_read_only(type, distributor() + 4, "read-only");
    check(32 * ((read32(distributor() + 4) & 0x1f) + 1) >= k_spi + k_spis, type,
          "ITLinesNumber covers the interrupts that work");
    const auto* const who = clause("IHI0048B GICD_IIDR", "IHI0069H GICD_IIDR");
    check_read_only(who, distributor() + 8, "read-only");
    const auto* const   id  = clause("IHI0048B ICPIDR2", "IHI0069H GICD_PIDR2");
    const std::uint64_t end = is_v3() ? 0x1'0000 : 0x1000;
    check_equal(read32(distributor() + end - 0x18) >> 4 & 0xf, is_v3() ? 3 : 2, id,
                "ArchRev says the architecture's version");
    check_read_only(id, distributor() + end - 0x18, "read-only");
    const auto* const component = clause("IHI0048B ICCIDR", "IHI0069H GICD_CIDR");
    constexpr std::array<std::uint32_t, 4> k_preamble{0x0d, 0xf0, 0x05, 0xb1};
    bool                                   equal = true;
    for (std::uint32_t i = 0; i < 4; ++i) {
        equal = equal && (read32(distributor() + end - 0x10 + 4 * i) & 0xff) == k_preamble[i];
    }
    check(equal, component, "the component's preamble");
}

} // namespace

void check_gic_registers()
{
    check_control();
    check_identification();
    for (const auto& kind : k_kinds) {
        check_pair(clause("IHI0048B GICD_ISENABLER", "IHI0069H GICD_ISENABLER"), Reg::set_enable,
                   Reg::clear_enable, kind);
        check_pair(clause("IHI0048B GICD_ISPENDR", "IHI0069H GICD_ISPENDR"), Reg::set_pending,
                   Reg::clear_pending, kind);
        check_pair(clause("IHI0048B GICD_ISACTIVER", "IHI0069H GICD_ISACTIVER"), Reg::set_active,
                   Reg::clear_active, kind);
        check_priorities(kind);
        const auto* const group = clause("IHI0048B GICD_IGROUPR", "IHI0069H GICD_IGROUPR");
        const auto        old   = read32(address_of(Reg::group, kind.intid));
        write32(address_of(Reg::group, kind.intid), old ^ 1U << kind.intid % 32);
        check_equal(read32(address_of(Reg::group, kind.intid)), old ^ 1U << kind.intid % 32, group,
                    {"both groups can be chosen, ", kind.name});
        write32(address_of(Reg::group, kind.intid), old);
    }
    check_priorities({4, "SGI"});
    check_configuration();
    check_beyond();
}

} // namespace conformance
