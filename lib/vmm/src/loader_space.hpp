// SPDX-License-Identifier: BSD-2-Clause
// Guest RAM that is still free while the loader decides where things go.
#pragma once

#include "base/address.hpp"
#include "base/fixed_vector.hpp"
#include "vmm/elf.hpp"
#include "vmm/memory.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace vmm {

/// RAM, less what is reserved, less what has been placed. Everything placed lies in one region.
class LoaderSpace {
public:
    LoaderSpace(std::span<const MemoryRegion> ram, std::span<const base::GuestRange> reserved)
        : ram_{ram}
        , reserved_{reserved}
    {
    }

    /// What to look for: `size` bytes, not 0, whose first is a multiple of `alignment` (a power of
    /// two) plus `offset`, inside of `within`, and so is that multiple itself. Reserved ranges
    /// count as if they were enlarged to multiples of `reserved_margin`.
    struct Wish {
        std::uint64_t    size;
        std::uint64_t    alignment;
        std::uint64_t    offset          = 0;
        std::uint64_t    reserved_margin = 1;
        base::GuestRange within          = k_everywhere;
    };
    static constexpr base::GuestRange k_everywhere =
        *base::GuestRange::create(base::GuestPhysical{0}, ~std::uint64_t{0});

    /// The lowest and the highest place there is, in the regions in ascending order.
    [[nodiscard]] std::optional<base::GuestRange> lowest(const Wish& wish) const;
    [[nodiscard]] std::optional<base::GuestRange> highest(const Wish& wish) const;

    /// Takes a range that must not be given again.
    void take(base::GuestRange range) { (void)taken_.push_back(range); }

    /// The region of RAM that contains all of the range.
    [[nodiscard]] const MemoryRegion* region_of(base::GuestRange range) const;

    /// Something reserved that the range overlaps.
    [[nodiscard]] const base::GuestRange* reserved_in(base::GuestRange range) const;

private:
    /// Something reserved or taken, as a range, that overlaps `range`.
    [[nodiscard]] std::optional<base::GuestRange> obstacle(base::GuestRange range,
                                                           std::uint64_t    margin) const;

    std::span<const MemoryRegion>     ram_;
    std::span<const base::GuestRange> reserved_;
    // Kernel (each segment of an ELF program), device tree, initrd.
    base::FixedVector<base::GuestRange, ElfProgram::k_max_segments + 2> taken_;
};

} // namespace vmm
