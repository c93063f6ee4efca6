// SPDX-License-Identifier: BSD-2-Clause
// First fit from below, or from above: candidates hop over whatever is in their way.
#include "loader_space.hpp"

#include "base/checked.hpp"

#include <algorithm>

namespace vmm {

using base::GuestPhysical;
using base::GuestRange;

namespace {

/// The lowest address at or above `from` that is the offset plus a multiple of the alignment that
/// lies at or above `floor`.
std::optional<std::uint64_t> up(std::uint64_t from, std::uint64_t floor,
                                const LoaderSpace::Wish& wish)
{
    const auto least    = from < wish.offset ? 0 : from - wish.offset;
    const auto multiple = base::align_up(std::max(least, floor), wish.alignment);
    return multiple ? base::checked_add(*multiple, wish.offset) : std::nullopt;
}

/// The highest such address from which the size still ends at or below `end`.
std::optional<std::uint64_t> down(std::uint64_t end, const LoaderSpace::Wish& wish)
{
    if (end < wish.size || end - wish.size < wish.offset) {
        return std::nullopt;
    }
    return base::align_down(end - wish.size - wish.offset, wish.alignment) + wish.offset;
}

} // namespace

std::optional<GuestRange> LoaderSpace::obstacle(GuestRange range, std::uint64_t margin) const
{
    for (const auto& reserved : reserved_) {
        const auto start = base::align_down(reserved.start().raw(), margin);
        const auto end   = base::align_up(reserved.end().raw(), margin).value_or(~std::uint64_t{0});
        const auto wider = GuestRange::create(GuestPhysical{start}, end - start);
        if (reserved.size() != 0 && wider && wider->overlaps(range)) {
            return wider;
        }
    }
    for (const auto& taken : taken_) {
        if (taken.overlaps(range)) {
            return taken;
        }
    }
    return std::nullopt;
}

std::optional<GuestRange> LoaderSpace::lowest(const Wish& wish) const
{
    for (const auto& region : ram_) {
        const auto end   = std::min(region.guest.end(), wish.within.end()).raw();
        const auto floor = std::max(region.guest.start(), wish.within.start()).raw();
        for (auto from = floor;;) {
            const auto start = up(from, floor, wish);
            if (!start || !base::range_fits(*start, wish.size, end)) {
                break;
            }
            const auto range   = *GuestRange::create(GuestPhysical{*start}, wish.size);
            const auto blocker = obstacle(range, wish.reserved_margin);
            if (!blocker) {
                return range;
            }
            from = blocker->end().raw();
        }
    }
    return std::nullopt;
}

std::optional<GuestRange> LoaderSpace::highest(const Wish& wish) const
{
    for (auto region = ram_.rbegin(); region != ram_.rend(); ++region) {
        const auto start = std::max(region->guest.start(), wish.within.start()).raw();
        auto       end   = std::min(region->guest.end(), wish.within.end()).raw();
        for (;;) {
            const auto place = down(end, wish);
            if (!place || *place - wish.offset < start) {
                break;
            }
            const auto range   = *GuestRange::create(GuestPhysical{*place}, wish.size);
            const auto blocker = obstacle(range, wish.reserved_margin);
            if (!blocker) {
                return range;
            }
            end = blocker->start().raw();
        }
    }
    return std::nullopt;
}

const MemoryRegion* LoaderSpace::region_of(GuestRange range) const
{
    const auto found = std::ranges::find_if(ram_, [&](const MemoryRegion& region) {
        return region.guest.contains(range.start(), range.size());
    });
    return found == ram_.end() ? nullptr : &*found;
}

const GuestRange* LoaderSpace::reserved_in(GuestRange range) const
{
    const auto found = std::ranges::find_if(
        reserved_, [&](const GuestRange& reserved) { return reserved.overlaps(range); });
    return found == reserved_.end() ? nullptr : &*found;
}

} // namespace vmm
