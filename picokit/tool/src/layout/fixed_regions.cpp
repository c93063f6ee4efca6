// SPDX-License-Identifier: BSD-2-Clause
// Explicit physical addresses: which ones a memory region may have.
#include "layout/placement.hpp"

#include "arch/translation.hpp"
#include "base/checked.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace tool {
namespace {

bool overlap(const Extent& a, const Extent& b)
{
    return a.address < b.end() && b.address < a.end();
}

Extent extent_of(const base::HostRange& range) { return {range.start().raw(), range.size()}; }

std::string text(const Extent& extent)
{
    return fmt::format("{:#x}..{:#x}", extent.address, extent.end());
}

} // namespace

std::vector<Diagnostic> check_fixed_regions(const Board& board, const System& system,
                                            const std::vector<Region>& regions, Extent kernel)
{
    std::vector<Diagnostic>                             errors;
    std::vector<std::pair<Extent, const MemoryRegion*>> seen;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        const auto& declared = system.regions[i];
        if (!declared.phys_addr) {
            continue;
        }
        const auto add = [&](std::string what, std::string hint) {
            errors.push_back({declared.where, std::move(what), std::move(hint)});
        };
        const auto name = fmt::format("memory region '{}'", declared.name);
        const auto end  = base::checked_add(*declared.phys_addr, regions[i].size);
        if (!end || *end > board.physical_limit()) {
            add(fmt::format("{} of {:#x} bytes at phys_addr {:#x} exceeds the physical address "
                            "space",
                            name, regions[i].size, *declared.phys_addr),
                fmt::format("board '{}' has {} bits of physical address", board.name,
                            board.pa_bits));
            continue;
        }
        const Extent extent{*declared.phys_addr, regions[i].size};
        if (overlap(extent, kernel)) {
            add(fmt::format("{} at {} overlaps the kernel at {}", name, text(extent), text(kernel)),
                "choose another phys_addr, or leave it out if any free memory will do");
        }
        for (const auto& device : board.kernel_devices) {
            if (overlap(extent, extent_of(device.range))) {
                add(fmt::format("{} at {} overlaps the device '{}' at {}", name, text(extent),
                                device.name, text(extent_of(device.range))),
                    "the kernel keeps this device for itself: choose another phys_addr");
            }
        }
        for (const auto& [other, other_region] : seen) {
            if (overlap(extent, other)) {
                add(fmt::format("{} at {} overlaps memory region '{}' at {}", name, text(extent),
                                other_region->name, text(other)),
                    fmt::format("share one region or move one of the two; the other is at {}",
                                to_string(other_region->where)));
            }
        }
        seen.emplace_back(extent, &declared);
    }
    return errors;
}

Result<Extent> kernel_extent(const Board& board, const ElfFile& kernel)
{
    const Location where{kernel.name};
    const auto     load = board.load_address.raw();
    const auto&    low  = kernel.segments.front();
    if (low.vaddr != load || kernel.entry != load) {
        return refuse(
            where,
            fmt::format("kernel starts at {:#x} with entry {:#x}; board '{}' loads at {:#x}",
                        low.vaddr, kernel.entry, board.name, load),
            "use the kernel of this board: its first byte is the entry");
    }
    for (const auto& segment : kernel.segments) {
        if (!base::is_aligned(segment.vaddr, arch::k_page_size)) {
            return refuse(where, fmt::format("segment at {:#x} is not page-aligned", segment.vaddr),
                          "link the kernel with its own linker script");
        }
    }
    return Extent{load, kernel.segments.back().end_page() - load};
}

} // namespace tool
