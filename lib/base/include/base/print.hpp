// SPDX-License-Identifier: BSD-2-Clause
// Text output for code without a C library: pieces of text and numbers into a character sink.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace base {

/// Where characters go. A plain function, so that a sink costs nothing to pass.
using Sink = void (*)(char);

/// A number to print as 0x…, with at least `digits` digits.
struct Hex {
    std::uint64_t value;
    unsigned      digits = 1;
};

inline void print_one(Sink sink, std::string_view text)
{
    for (const char c : text) {
        sink(c);
    }
}
/// Text that ends with a zero. (Also for literals, where it spares a call of strlen.)
inline void print_one(Sink sink, const char* text)
{
    for (; *text != '\0'; ++text) {
        sink(*text);
    }
}
inline void print_one(Sink sink, char c) { sink(c); }
inline void print_one(Sink sink, Hex hex)
{
    sink('0');
    sink('x');
    bool started = false;
    for (int shift = 60; shift >= 0; shift -= 4) {
        const auto digit = (hex.value >> shift) & 0xf;
        started          = started || digit != 0 || shift < static_cast<int>(4 * hex.digits);
        if (started) {
            sink("0123456789abcdef"[digit]);
        }
    }
}
template <std::integral T>
requires(!std::same_as<T, char> && !std::same_as<T, bool>) void print_one(Sink sink, T number)
{
    auto magnitude = static_cast<std::uint64_t>(number);
    if constexpr (std::signed_integral<T>) {
        if (number < 0) {
            sink('-');
            magnitude = 0 - magnitude;
        }
    }
    std::array<char, 20> digits{};
    std::size_t          count = 0;
    do {
        digits[count++] = static_cast<char>('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    while (count != 0) {
        sink(digits[--count]);
    }
}

/// print(sink, "PD ", name, " at ", Hex{pc}, '\n')
template <class... Pieces>
void print(Sink sink, const Pieces&... pieces)
{
    (print_one(sink, pieces), ...);
}

} // namespace base
