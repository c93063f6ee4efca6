// SPDX-License-Identifier: BSD-2-Clause
// Memory that is shared with devices, handed out from its beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace guest {

class Scratch {
public:
    constexpr Scratch(std::uint64_t start, std::uint64_t size)
        : start_{start}
        , end_{start + size}
        , next_{start}
    {
    }

    /// `size` bytes at a multiple of `alignment`; the program is wrong where there are no more.
    std::uint64_t take(std::uint64_t size, std::uint64_t alignment = 16)
    {
        next_ = (next_ + alignment - 1) / alignment * alignment;
        if (size > end_ - next_) {
            __builtin_trap();
        }
        const auto at = next_;
        next_ += size;
        return at;
    }

    [[nodiscard]] std::uint64_t start() const { return start_; }
    [[nodiscard]] std::uint64_t size() const { return end_ - start_; }

    /// The first half, or what follows it.
    [[nodiscard]] Scratch first(std::uint64_t size) const { return {start_, size}; }
    [[nodiscard]] Scratch after(std::uint64_t size) const
    {
        return {start_ + size, end_ - start_ - size};
    }

private:
    std::uint64_t start_;
    std::uint64_t end_;
    std::uint64_t next_;
};

/// Shared bytes, read and written one at a time, in order.
inline volatile std::uint8_t* bytes_at(std::uint64_t address)
{
    return reinterpret_cast<volatile std::uint8_t*>(address);
}
template <class T>
void poke(std::uint64_t address, const T& value)
{
    const auto* const from = reinterpret_cast<const std::uint8_t*>(&value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes_at(address)[i] = from[i];
    }
}
template <class T>
T peek(std::uint64_t address)
{
    T           value;
    auto* const to = reinterpret_cast<std::uint8_t*>(&value);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        to[i] = bytes_at(address)[i];
    }
    return value;
}
inline void fill(std::uint64_t address, std::uint64_t size, std::uint8_t value)
{
    for (std::uint64_t i = 0; i < size; ++i) {
        bytes_at(address)[i] = value;
    }
}

} // namespace guest
