// SPDX-License-Identifier: BSD-2-Clause
// A sine without floating point at run time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sound_test {

inline constexpr double k_amplitude = 16000;

/// A whole period of `Length` samples. 48000 / Length is the frequency at 48 kHz.
template <std::size_t Length>
consteval std::array<std::int16_t, Length> period()
{
    constexpr double                 k_pi = 3.14159265358979323846;
    std::array<std::int16_t, Length> samples{};
    for (std::size_t i = 0; i < Length; ++i) {
        const double x    = 2 * k_pi * (static_cast<double>(i) / Length - 0.5);
        double       term = x;
        double       sum  = x;
        for (int n = 1; n < 20; ++n) { // Taylor's series
            term *= -x * x / ((2 * n) * (2 * n + 1));
            sum += term;
        }
        const double value = -sum * k_amplitude;
        samples[i]         = static_cast<std::int16_t>(value < 0 ? value - 0.5 : value + 0.5);
    }
    return samples;
}

} // namespace sound_test
