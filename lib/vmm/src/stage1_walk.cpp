// SPDX-License-Identifier: BSD-2-Clause
// The guest's stage 1 translation.
#include "vmm/stage1_walk.hpp"

#include "arch/translation.hpp"

namespace vmm {
namespace {

using arch::Stage1Descriptor;
using arch::TcrEl1;
using base::GuestPhysical;
using base::GuestVirtual;

constexpr unsigned k_output_bits = 48;

/// Fault status codes, to which the level is added.
constexpr unsigned k_translation   = 0b000100;
constexpr unsigned k_access_flag   = 0b001000;
constexpr unsigned k_permission    = 0b001100;
constexpr unsigned k_external_walk = 0b010100;

std::unexpected<Stage1Fault> fault(unsigned code, unsigned level)
{
    return std::unexpected{Stage1Fault{static_cast<std::uint8_t>(code | level)}};
}

/// One half of the address space.
struct Half {
    std::uint64_t root;
    unsigned      input_bits;
    unsigned      page_bits; ///< 12, 14, 16: the granule
    std::uint64_t address;   ///< without the bits above input_bits
    bool          flat;      ///< tables have no permissions of their own
};

std::uint64_t low_bits(std::uint64_t value, unsigned count)
{
    return value & ((std::uint64_t{1} << count) - 1);
}

/// The granule of TTBR0 or TTBR1, which number the same sizes differently; 0: reserved.
unsigned page_bits(bool upper, TcrEl1 tcr)
{
    constexpr unsigned k_lower[] = {12, 16, 14, 0};
    constexpr unsigned k_upper[] = {0, 14, 12, 16};
    return upper ? k_upper[tcr.get<TcrEl1::tg1>()] : k_lower[tcr.get<TcrEl1::tg0>()];
}

std::optional<Half> half_of(GuestVirtual address, const Stage1Registers& registers, bool privileged)
{
    constexpr unsigned k_least_tsz = 16;
    constexpr unsigned k_most_tsz  = 39;

    const TcrEl1 tcr    = registers.tcr;
    const bool   upper  = (address.raw() >> 55 & 1) != 0;
    const auto   tsz    = upper ? tcr.get<TcrEl1::t1sz>() : tcr.get<TcrEl1::t0sz>();
    const auto   page   = page_bits(upper, tcr);
    const bool   off    = upper ? tcr.get<TcrEl1::epd1>() : tcr.get<TcrEl1::epd0>();
    const bool   hidden = upper ? tcr.get<TcrEl1::e0pd1>() : tcr.get<TcrEl1::e0pd0>();
    if (tsz < k_least_tsz || tsz > k_most_tsz || page == 0 || off || (hidden && !privileged)) {
        return std::nullopt;
    }
    const unsigned input_bits = 64 - tsz;
    const bool     tagged     = upper ? tcr.get<TcrEl1::tbi1>() : tcr.get<TcrEl1::tbi0>();
    // Above the input bits everything equals bit 55, except a tag.
    const unsigned      checked_bits = tagged ? 56 : 64;
    const std::uint64_t above =
        (upper ? ~address.raw() : address.raw()) << (64 - checked_bits) >> (64 - checked_bits);
    if (above >> input_bits != 0) {
        return std::nullopt;
    }
    return Half{.root = (upper ? registers.ttbr1 : registers.ttbr0).raw() &
                        arch::TtbrEl1::k_address_mask,
                .input_bits = input_bits,
                .page_bits  = page,
                .address    = low_bits(address.raw(), input_bits),
                .flat       = upper ? tcr.get<TcrEl1::hpd1>() : tcr.get<TcrEl1::hpd0>()};
}

/// Whether a descriptor that is no table may stand at this level.
bool is_block_level(unsigned level, unsigned page_bits)
{
    return level == 2 || (level == 1 && page_bits == 12);
}

/// What the tables on the way and the page itself allow.
struct Rights {
    bool el0   = true;
    bool write = true;
    bool pxn   = false;
    bool uxn   = false;

    void narrow_by_table(Stage1Descriptor table)
    {
        el0   = el0 && !table.get<Stage1Descriptor::no_el0>();
        write = write && !table.get<Stage1Descriptor::no_write>();
        pxn   = pxn || table.get<Stage1Descriptor::pxn_table>();
        uxn   = uxn || table.get<Stage1Descriptor::uxn_table>();
    }
    void narrow_by_page(Stage1Descriptor page)
    {
        el0   = el0 && page.get<Stage1Descriptor::el0>();
        write = write && !page.get<Stage1Descriptor::read_only>();
        pxn   = pxn || page.get<Stage1Descriptor::pxn>();
        uxn   = uxn || page.get<Stage1Descriptor::uxn>();
    }

    [[nodiscard]] bool allow(Stage1Access access, bool wxn) const
    {
        using Kind = Stage1Access::Kind;
        if (access.kind == Kind::fetch) {
            // What EL0 may write, EL1 does not execute.
            return access.privileged ? !(pxn || (el0 && write) || (wxn && write))
                                     : !(uxn || (wxn && el0 && write));
        }
        const bool reachable = access.privileged ? !(access.pan && el0) : el0;
        return reachable && (access.kind == Kind::read || write);
    }
};

} // namespace

Stage1Result walk_stage1(GuestVirtual address, const Stage1Registers& registers,
                         const GuestMemory& memory, Stage1Access access)
{
    using Descriptor = arch::TableDescriptor;

    if (!registers.sctlr.get<arch::SctlrEl1::m>()) {
        return GuestPhysical{address.raw()};
    }
    const auto half = half_of(address, registers, access.privileged);
    if (!half) {
        return fault(k_translation, 0);
    }
    const bool          swapped  = registers.sctlr.get<arch::SctlrEl1::ee>();
    const unsigned      stride   = half->page_bits - 3; // index bits of a whole table
    const std::uint64_t out_mask = low_bits(~std::uint64_t{0} << half->page_bits, k_output_bits);
    unsigned            left     = half->input_bits; // bits not yet translated
    unsigned            level    = 4 - (left - half->page_bits + stride - 1) / stride;
    std::uint64_t       table    = half->root;
    Rights              rights;
    for (;; ++level) {
        const unsigned shift = half->page_bits + stride * (3 - level);
        const auto     index = low_bits(half->address, left) >> shift;
        const auto     found = memory.load<std::uint64_t>(GuestPhysical{table + 8 * index});
        if (!found) {
            return fault(k_external_walk, level);
        }
        const auto       raw = swapped ? __builtin_bswap64(*found) : *found;
        const Descriptor descriptor{raw};
        if (!descriptor.get<Descriptor::valid>()) {
            return fault(k_translation, level);
        }
        const bool table_or_page = descriptor.get<Descriptor::table>();
        left                     = shift;
        if (level == 3 || !table_or_page) {
            if (level == 3 ? !table_or_page : !is_block_level(level, half->page_bits)) {
                return fault(k_translation, level);
            }
            const Stage1Descriptor page{raw};
            if (!page.get<Stage1Descriptor::af>()) {
                return fault(k_access_flag, level);
            }
            rights.narrow_by_page(page);
            if (!rights.allow(access, registers.sctlr.get<arch::SctlrEl1::wxn>())) {
                return fault(k_permission, level);
            }
            const std::uint64_t block = raw & out_mask & ~low_bits(~std::uint64_t{0}, shift);
            return GuestPhysical{block | low_bits(half->address, shift)};
        }
        if (!half->flat) {
            rights.narrow_by_table(Stage1Descriptor{raw});
        }
        table = raw & out_mask;
    }
}

} // namespace vmm
