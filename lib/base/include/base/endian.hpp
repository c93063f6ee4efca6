// SPDX-License-Identifier: BSD-2-Clause
// Numbers inside byte strings, in either order, at any alignment, never outside the bytes.
#pragma once

#include "base/checked.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

namespace base {

enum class ByteOrder : unsigned char { little, big };

/// The number in sizeof(T) bytes at `offset`, or nothing where the bytes end before it does.
template <std::unsigned_integral T, ByteOrder order>
[[nodiscard]] constexpr std::optional<T> load(std::span<const std::byte> bytes, std::size_t offset)
{
    if (!range_fits(offset, sizeof(T), bytes.size())) {
        return std::nullopt;
    }
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const auto place = order == ByteOrder::big ? sizeof(T) - 1 - i : i;
        value            = static_cast<T>(value | static_cast<T>(bytes[offset + i]) << (8 * place));
    }
    return value;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> load_big(std::span<const std::byte> bytes,
                                                  std::size_t                offset = 0)
{
    return load<T, ByteOrder::big>(bytes, offset);
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> load_little(std::span<const std::byte> bytes,
                                                     std::size_t                offset = 0)
{
    return load<T, ByteOrder::little>(bytes, offset);
}

/// Stores `value` at `offset`; false, and nothing written, where it does not fit.
template <std::unsigned_integral T, ByteOrder order>
[[nodiscard]] constexpr bool store(std::span<std::byte> bytes, std::size_t offset, T value)
{
    if (!range_fits(offset, sizeof(T), bytes.size())) {
        return false;
    }
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const auto place  = order == ByteOrder::big ? sizeof(T) - 1 - i : i;
        bytes[offset + i] = static_cast<std::byte>(value >> (8 * place));
    }
    return true;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr bool store_big(std::span<std::byte> bytes, std::size_t offset, T value)
{
    return store<T, ByteOrder::big>(bytes, offset, value);
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr bool store_little(std::span<std::byte> bytes, std::size_t offset, T value)
{
    return store<T, ByteOrder::little>(bytes, offset, value);
}

} // namespace base
