// SPDX-License-Identifier: BSD-2-Clause
// The reservation block and the nodes of /reserved-memory, as one list.
#include "vmm/reserved_memory.hpp"

#include "fdt/address.hpp"

#include <algorithm>

namespace vmm {

using base::GuestPhysical;
using base::GuestRange;

namespace {

/// Ranges that lie in RAM, each once.
class Collector {
public:
    explicit Collector(std::span<const MemoryRegion> ram)
        : ram_{ram}
    {
    }

    base::Result<> add(const fdt::Registers& wanted)
    {
        const GuestPhysical start{wanted.address};
        const auto          whole = GuestRange::create(start, wanted.size);
        // One that does not end in the address space takes all of what is left of it.
        const auto range = whole ? *whole : *GuestRange::create(start, ~wanted.address);
        const bool in_ram =
            std::ranges::any_of(ram_, [&](const auto& one) { return one.guest.overlaps(range); });
        const bool known = std::ranges::any_of(
            found_, [&](const auto& one) { return one.contains(range.start(), range.size()); });
        if (range.size() != 0 && in_ram && !known && !found_.push_back(range)) {
            return base::fail("the device tree reserves too many ranges of the guest's RAM",
                              "join those that lie side by side", k_most_reserved_ranges);
        }
        return {};
    }

    [[nodiscard]] const ReservedRanges& found() const { return found_; }

private:
    std::span<const MemoryRegion> ram_;
    ReservedRanges                found_;
};

} // namespace

base::Result<ReservedRanges> read_reserved_memory(std::span<const std::byte>    blob,
                                                  std::span<const MemoryRegion> ram)
{
    constexpr std::size_t k_in_reserved_memory = 3; // depth

    const auto tree = TRY(fdt::Tree::create(blob));
    Collector  all{ram};
    for (std::size_t i = 0; const auto entry = tree.reservation(i); ++i) {
        TRY(all.add({entry->address, entry->size}));
    }
    const auto parent = tree.find("/reserved-memory");
    for (fdt::Walk walk{tree}; parent && walk.next();) {
        const auto& at = walk.position();
        if (at.depth() != k_in_reserved_memory || at.at(1) != *parent || !at.is_enabled()) {
            continue;
        }
        for (std::size_t i = 0; const auto entry = fdt::registers(at, i); ++i) {
            TRY(all.add(*entry));
        }
    }
    return all.found();
}

} // namespace vmm
