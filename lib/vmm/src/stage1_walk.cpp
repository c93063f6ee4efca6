// SPDX-License-Identifier: BSD-2-Clause
// The guest's stage 1 translation.
#include "vmm/stage1_walk.hpp"

#include "arch/translation.hpp"

namespace vmm {
namespace {

using arch::TcrEl1;
using base::GuestPhysical;
using base::GuestVirtual;

constexpr unsigned k_output_bits = 48;

/// One half of the address space.
struct Half {
    std::uint64_t root;
    unsigned      input_bits;
    unsigned      page_bits; ///< 12, 14, 16: the granule
    std::uint64_t address;   ///< without the bits above input_bits
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

std::optional<Half> half_of(GuestVirtual address, const Stage1Registers& registers)
{
    constexpr unsigned k_least_tsz = 16;
    constexpr unsigned k_most_tsz  = 39;

    const TcrEl1 tcr   = registers.tcr;
    const bool   upper = (address.raw() >> 55 & 1) != 0;
    const auto   tsz   = upper ? tcr.get<TcrEl1::t1sz>() : tcr.get<TcrEl1::t0sz>();
    const auto   page  = page_bits(upper, tcr);
    if (tsz < k_least_tsz || tsz > k_most_tsz || page == 0) {
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
                .address    = low_bits(address.raw(), input_bits)};
}

/// Whether a descriptor that is no table may stand at this level.
bool is_block_level(unsigned level, unsigned page_bits)
{
    return level == 2 || (level == 1 && page_bits == 12);
}

} // namespace

std::optional<GuestPhysical> walk_stage1(GuestVirtual address, const Stage1Registers& registers,
                                         const GuestMemory& memory)
{
    using Descriptor = arch::TableDescriptor;

    if (!registers.sctlr.get<arch::SctlrEl1::m>()) {
        return GuestPhysical{address.raw()};
    }
    const auto half = half_of(address, registers);
    if (!half) {
        return std::nullopt;
    }
    const unsigned      stride   = half->page_bits - 3; // index bits of a whole table
    const std::uint64_t out_mask = low_bits(~std::uint64_t{0} << half->page_bits, k_output_bits);
    unsigned            left     = half->input_bits; // bits not yet translated
    unsigned            level    = 4 - (left - half->page_bits + stride - 1) / stride;
    std::uint64_t       table    = half->root;
    for (;; ++level) {
        const unsigned shift = half->page_bits + stride * (3 - level);
        const auto     index = low_bits(half->address, left) >> shift;
        const auto     raw   = memory.load<std::uint64_t>(GuestPhysical{table + 8 * index});
        if (!raw) {
            return std::nullopt;
        }
        const Descriptor descriptor{*raw};
        if (!descriptor.get<Descriptor::valid>()) {
            return std::nullopt;
        }
        const bool table_or_page = descriptor.get<Descriptor::table>();
        left                     = shift;
        if (level == 3 || !table_or_page) {
            if (level == 3 ? !table_or_page : !is_block_level(level, half->page_bits)) {
                return std::nullopt;
            }
            const std::uint64_t block = *raw & out_mask & ~low_bits(~std::uint64_t{0}, shift);
            return GuestPhysical{block | low_bits(half->address, shift)};
        }
        table = *raw & out_mask;
    }
}

} // namespace vmm
