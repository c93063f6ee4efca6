// SPDX-License-Identifier: BSD-2-Clause
// The allocator of physical memory.
#include "layout/physical_memory.hpp"

#include "base/checked.hpp"

#include <algorithm>

namespace tool {
namespace {

/// The aligned part of an extent at or above `from`; its size may be 0 and any number.
Extent usable(const Extent& extent, std::uint64_t alignment, std::uint64_t from)
{
    const auto start = base::align_up(std::max(extent.address, from), alignment);
    if (!start || *start >= extent.end()) {
        return {};
    }
    return {*start, extent.end() - *start};
}

} // namespace

void PhysicalMemory::add(Extent extent)
{
    if (extent.size == 0) {
        return;
    }
    const auto at = std::ranges::lower_bound(free_, extent.address, {}, &Extent::address);
    free_.insert(at, extent);
    std::vector<Extent> merged;
    for (const auto& piece : free_) {
        if (!merged.empty() && merged.back().end() == piece.address) {
            merged.back().size += piece.size;
        } else {
            merged.push_back(piece);
        }
    }
    free_ = std::move(merged);
}

void PhysicalMemory::remove(Extent extent)
{
    std::vector<Extent> left;
    for (const auto& piece : free_) {
        const auto low  = std::clamp(extent.address, piece.address, piece.end());
        const auto high = std::clamp(extent.end(), piece.address, piece.end());
        if (low >= high) {
            left.push_back(piece);
            continue;
        }
        if (piece.address < low) {
            left.push_back({piece.address, low - piece.address});
        }
        if (high < piece.end()) {
            left.push_back({high, piece.end() - high});
        }
    }
    free_ = std::move(left);
}

bool PhysicalMemory::is_free(Extent extent) const
{
    return std::ranges::any_of(free_, [&](const Extent& piece) {
        return extent.address >= piece.address && extent.end() <= piece.end();
    });
}

std::optional<Extent> PhysicalMemory::allocate(std::uint64_t size, std::uint64_t alignment,
                                               std::uint64_t from)
{
    for (const auto& piece : free_) {
        const auto room = usable(piece, alignment, from);
        if (room.size >= size) {
            const Extent found{room.address, size};
            remove(found);
            return found;
        }
    }
    return std::nullopt;
}

std::optional<std::vector<Extent>>
PhysicalMemory::allocate_pieces(std::uint64_t size, std::uint64_t alignment, std::uint64_t from)
{
    for (const auto start : {from, std::uint64_t{0}}) {
        if (const auto whole = allocate(size, alignment, start)) {
            return std::vector{*whole};
        }
    }
    const auto          before = free_;
    std::vector<Extent> pieces;
    for (const auto start : {from, std::uint64_t{0}}) {
        for (const auto& piece : std::vector{free_}) {
            const auto room = usable(piece, alignment, start);
            const auto take = std::min(base::align_down(room.size, alignment), size);
            if (take != 0) {
                pieces.push_back({room.address, take});
                remove(pieces.back());
                size -= take;
            }
            if (size == 0) {
                return pieces;
            }
        }
    }
    free_ = before;
    return std::nullopt;
}

std::uint64_t PhysicalMemory::free_bytes() const
{
    std::uint64_t sum = 0;
    for (const auto& piece : free_) {
        sum += piece.size;
    }
    return sum;
}

std::uint64_t PhysicalMemory::largest(std::uint64_t alignment) const
{
    std::uint64_t most = 0;
    for (const auto& piece : free_) {
        most = std::max(most, usable(piece, alignment, 0).size);
    }
    return most;
}

} // namespace tool
