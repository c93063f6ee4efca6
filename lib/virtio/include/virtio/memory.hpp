// SPDX-License-Identifier: BSD-2-Clause
// Guest memory as devices see it: where a guest address is among our own, never outside of RAM.
#pragma once

#include "base/address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

/// A guest's RAM, filled once by whoever owns it (lib/vmm's GuestMemory: one add() for each of its
/// regions). Not an interface with virtual functions: it is asked for every descriptor.
class Memory {
public:
    static constexpr std::size_t k_max_regions = 8;

    /// Adds RAM that the guest sees at `start`. False: no room for another region, a range that is
    /// empty or wraps, or one that is aligned for us as it is not for the guest (to 16 bytes: then
    /// what the guest aligned we can access whole). Regions must not overlap.
    [[nodiscard]] bool add(base::GuestPhysical start, std::span<std::byte> bytes)
    {
        const auto at = reinterpret_cast<std::uintptr_t>(bytes.data());
        if (count_ == k_max_regions || bytes.empty() || !start.plus(bytes.size()) ||
            ((at ^ start.raw()) & 15) != 0) {
            return false;
        }
        regions_[count_++] = {start.raw(), bytes.size(), bytes.data()};
        return true;
    }
    void clear() { count_ = 0; }

    /// The bytes from an address on: `size`, or as many as lie in the same region; none outside of
    /// RAM. The guest may change them at any time.
    [[nodiscard]] std::span<std::byte> find(std::uint64_t address, std::uint64_t size) const
    {
        for (std::size_t i = 0; i < count_; ++i) {
            const Region&       region = regions_[i];
            const std::uint64_t offset = address - region.start; // below: wraps to huge
            if (offset < region.size) {
                return {region.at + offset, std::min(size, region.size - offset)};
            }
        }
        return {};
    }

    /// All of a range, which must lie in one region; otherwise nothing.
    [[nodiscard]] std::byte* window(std::uint64_t address, std::uint64_t size) const
    {
        const auto bytes = find(address, size);
        return bytes.size() == size ? bytes.data() : nullptr;
    }

private:
    struct Region {
        std::uint64_t start;
        std::uint64_t size;
        std::byte*    at;
    };
    std::array<Region, k_max_regions> regions_{};
    std::size_t                       count_ = 0;
};

} // namespace virtio
