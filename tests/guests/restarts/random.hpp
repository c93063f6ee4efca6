// SPDX-License-Identifier: BSD-2-Clause
// A sequence that looks random and is the same in every run.
#pragma once

#include <cstdint>

namespace restarts {

class Random {
public:
    explicit constexpr Random(std::uint64_t seed)
        : state_{seed}
    {
    }
    constexpr std::uint32_t next()
    {
        state_ = state_ * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
        return static_cast<std::uint32_t>(state_ >> 33);
    }
    constexpr std::uint32_t below(std::uint32_t limit) { return next() % limit; }

private:
    std::uint64_t state_;
};

/// The channel between keeper and worker.
inline constexpr unsigned k_word = 60;

} // namespace restarts
