// SPDX-License-Identifier: BSD-2-Clause
// The interrupts that sequences use, and priorities for them.
#pragma once

#include "random.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace oracle {

/// Interrupts that collide often, of each kind. Only these are ever enabled.
inline constexpr std::array<std::uint32_t, 15> k_pool{0,  1,  7,  15, 20, 27,  30, 31,
                                                      32, 40, 41, 63, 64, 100, 287};

/// Priorities that no two interrupts of the pool share, whatever is left out of a sequence: of
/// equals the architecture does not say which comes first. Each has two.
class Priorities {
public:
    explicit Priorities(std::uint64_t seed)
    {
        Random random(seed);
        for (std::uint32_t i = 0; i < levels_.size(); ++i) {
            levels_[i] = static_cast<std::uint8_t>(8 * i);
            std::swap(levels_[i], levels_[random.below(i + 1)]);
        }
    }

    /// One of the two of `intid`; for interrupts that are not in the pool any that list registers
    /// can hold.
    [[nodiscard]] std::uint8_t of(std::uint32_t intid, std::uint32_t choice) const
    {
        const auto found = std::ranges::find(k_pool, intid);
        if (found == k_pool.end()) {
            return static_cast<std::uint8_t>(8 * ((intid + choice) % 32));
        }
        return levels_[static_cast<std::size_t>(found - k_pool.begin()) * 2 + choice % 2];
    }

    /// For the four interrupts of a register.
    [[nodiscard]] std::uint32_t word(std::uint32_t intid, std::uint32_t choices) const
    {
        std::uint32_t value = 0;
        for (std::uint32_t i = 0; i < 4; ++i) {
            value |= std::uint32_t{of((intid & ~3U) + i, choices >> 4 * i & 15)} << 8 * i;
        }
        return value;
    }

private:
    std::array<std::uint8_t, 2 * k_pool.size()> levels_{};
};

} // namespace oracle
