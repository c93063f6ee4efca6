// SPDX-License-Identifier: BSD-2-Clause
// Taking samples, and the line that reports them.
#pragma once

#include "guest/console.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

namespace bench {

/// What the functions of timed.S return: when the first and the second stamp were taken.
struct Stamps {
    std::uint64_t first;
    std::uint64_t second;
};

extern "C" {
Stamps bench_nothing(std::uint64_t x0, std::uint64_t x1);
Stamps bench_hvc(std::uint64_t x0, std::uint64_t x1);
Stamps bench_smc(std::uint64_t x0, std::uint64_t x1);
Stamps bench_read32(std::uint64_t x0, std::uint64_t x1);
Stamps bench_write32(std::uint64_t x0, std::uint64_t x1);
Stamps bench_sgi1r(std::uint64_t x0, std::uint64_t x1);
Stamps bench_wfi(std::uint64_t x0, std::uint64_t x1);
}

inline constexpr unsigned k_warm_up = 16;
inline constexpr unsigned k_samples = 100;

/// Instructions between the two stamps that are not the operation's.
extern std::uint64_t overhead;
/// Those of them that follow the operation.
inline constexpr std::uint64_t k_after_operation = 1;

inline std::uint64_t instructions(const Stamps& stamps)
{
    return stamps.second - stamps.first - overhead;
}
/// When the operation itself began.
inline std::uint64_t beginning(const Stamps& stamps)
{
    return stamps.first + overhead - k_after_operation;
}

inline void nothing() {}

/// Takes `sample` often enough and prints the line. `begin` and `end` are called around those
/// samples that count.
template <class Sample>
void report(std::string_view name, Sample sample, void (*begin)() = nothing,
            void (*end)() = nothing)
{
    for (unsigned i = 0; i < k_warm_up; ++i) {
        (void)sample();
    }
    begin();
    std::uint64_t sum = 0, least = std::numeric_limits<std::uint64_t>::max(), most = 0;
    for (unsigned i = 0; i < k_samples; ++i) {
        const std::uint64_t count = sample();
        sum += count;
        least = std::min(least, count);
        most  = std::max(most, count);
    }
    end();
    guest::print("bench ", name, " mean ", (sum + k_samples / 2) / k_samples, " min ", least,
                 " max ", most, " count ", k_samples, "\n");
}

} // namespace bench
