// SPDX-License-Identifier: BSD-2-Clause
// A list with a fixed capacity inside itself: no heap, copyable, usable in constant expressions.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

namespace base {

/// Up to N values of T. T must have a default value, which unused places hold.
template <class T, std::size_t N>
class FixedVector {
public:
    constexpr FixedVector() = default;

    /// A literal list longer than the capacity is a mistake in the program: in a constant
    /// expression it does not compile, elsewhere it traps.
    constexpr FixedVector(std::initializer_list<T> values)
    {
        for (const T& value : values) {
            if (!push_back(value)) {
                __builtin_trap();
            }
        }
    }

    /// Appends a copy; false, and nothing changed, when full.
    [[nodiscard]] constexpr bool push_back(const T& value)
    {
        if (size_ == N) {
            return false;
        }
        items_[size_++] = value;
        return true;
    }
    /// Drops the last value, if there is one.
    constexpr void pop_back() { size_ -= size_ == 0 ? 0 : 1; }
    constexpr void clear() { size_ = 0; }

    [[nodiscard]] constexpr std::size_t        size() const { return size_; }
    [[nodiscard]] constexpr bool               empty() const { return size_ == 0; }
    [[nodiscard]] static constexpr std::size_t capacity() { return N; }

    /// `index` must be below size().
    [[nodiscard]] constexpr T&       operator[](std::size_t index) { return items_[index]; }
    [[nodiscard]] constexpr const T& operator[](std::size_t index) const { return items_[index]; }

    [[nodiscard]] constexpr T*       begin() { return items_.data(); }
    [[nodiscard]] constexpr T*       end() { return items_.data() + size_; }
    [[nodiscard]] constexpr const T* begin() const { return items_.data(); }
    [[nodiscard]] constexpr const T* end() const { return items_.data() + size_; }

    [[nodiscard]] constexpr operator std::span<const T>() const { return {begin(), size_}; }

private:
    std::array<T, N> items_{};
    std::size_t      size_ = 0;
};

} // namespace base
