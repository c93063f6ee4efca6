// SPDX-License-Identifier: BSD-2-Clause
// Numbers from a seed: the same seed, the same run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace guest {

class Random {
public:
    constexpr explicit Random(std::uint64_t seed)
        : state_{seed}
    {
    }

    /// Steele, Lea, Flood: SplitMix64.
    constexpr std::uint64_t next()
    {
        state_ += 0x9e37'79b9'7f4a'7c15;
        auto value = state_;
        value      = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
        value      = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
        return value ^ value >> 31;
    }

    /// 0 to `end` - 1; 0 where `end` is 0.
    constexpr std::uint64_t below(std::uint64_t end) { return end == 0 ? 0 : next() % end; }
    /// `first` to `last`, both included.
    constexpr std::uint64_t between(std::uint64_t first, std::uint64_t last)
    {
        return first + below(last - first + 1);
    }
    constexpr bool one_in(std::uint64_t times) { return below(times) == 0; }

    template <class T, std::size_t N>
    constexpr T pick(const std::array<T, N>& values)
    {
        return values[below(N)];
    }

private:
    std::uint64_t state_;
};

} // namespace guest
