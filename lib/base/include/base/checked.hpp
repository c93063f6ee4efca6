// SPDX-License-Identifier: BSD-2-Clause
// Arithmetic on numbers that somebody else chose: overflow is a value, never a surprise.
#pragma once

#include <concepts>
#include <limits>
#include <optional>

namespace base {

/// a + b, or nothing if the sum does not fit.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b)
{
    if (b > std::numeric_limits<T>::max() - a) {
        return std::nullopt;
    }
    return static_cast<T>(a + b);
}

/// a * b, or nothing if the product does not fit.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_multiply(T a, T b)
{
    if (a != 0 && b > std::numeric_limits<T>::max() / a) {
        return std::nullopt;
    }
    return static_cast<T>(a * b);
}

/// Whether [offset, offset + size) lies inside [0, limit). An empty range at the limit does.
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool range_fits(T offset, T size, T limit)
{
    return offset <= limit && size <= limit - offset;
}

/// `alignment` must be a power of two here and below.
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool is_aligned(T value, T alignment)
{
    return (value & (alignment - 1)) == 0;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr T align_down(T value, T alignment)
{
    return static_cast<T>(value & ~(alignment - 1));
}

/// The next multiple at or above `value`, or nothing if there is none in T.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> align_up(T value, T alignment)
{
    const auto sum = checked_add<T>(value, alignment - 1);
    if (!sum) {
        return std::nullopt;
    }
    return align_down(*sum, alignment);
}

} // namespace base
