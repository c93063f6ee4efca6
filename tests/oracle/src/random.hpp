// SPDX-License-Identifier: BSD-2-Clause
// Random numbers that are the same everywhere (the standard's distributions are not).
#pragma once

#include <array>
#include <cstdint>

namespace oracle {

class Random {
public:
    explicit Random(std::uint64_t seed)
        : state_(seed)
    {
        state_ = next() ^ seed << 32; // neighbouring seeds begin far from each other
    }

    /// splitmix64.
    std::uint64_t next()
    {
        state_ += 0x9e37'79b9'7f4a'7c15;
        auto z = state_;
        z      = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
        z      = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
        return z ^ z >> 31;
    }
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(next() % limit); }
    bool          one_in(std::uint32_t n) { return below(n) == 0; }

    template <class T, std::size_t N>
    T of(const std::array<T, N>& choices)
    {
        return choices[below(N)];
    }

private:
    std::uint64_t state_;
};

} // namespace oracle
