// SPDX-License-Identifier: BSD-2-Clause
// Splits a command line into words, and a word into its name and numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace guest {

/// Cuts the part before the first `separator` off the front of `text`.
constexpr std::string_view next_part(std::string_view& text, char separator)
{
    const auto end  = std::min(text.find(separator), text.size());
    const auto part = std::string_view{text.data(), end};
    text.remove_prefix(end == text.size() ? end : end + 1);
    return part;
}

/// Decimal, or hexadecimal after 0x. Nothing for anything else.
constexpr std::optional<std::uint64_t> number(std::string_view text)
{
    const bool    hex   = text.starts_with("0x");
    std::uint64_t value = 0;
    if (hex) {
        text.remove_prefix(2);
    }
    if (text.empty()) {
        return std::nullopt;
    }
    for (const char c : text) {
        const bool digit  = c >= '0' && c <= '9';
        const bool letter = hex && c >= 'a' && c <= 'f';
        if (!digit && !letter) {
            return std::nullopt;
        }
        value =
            value * (hex ? 16 : 10) + static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
    }
    return value;
}

/// "name:1:0x2": the name and up to four numbers, 0 where none stands.
struct Command {
    std::string_view             text;
    std::string_view             name;
    std::array<std::uint64_t, 4> numbers{};
    bool                         is_well_formed = true;

    constexpr explicit Command(std::string_view word)
        : text{word}
    {
        name = next_part(word, ':');
        for (std::size_t i = 0; i < numbers.size() && !word.empty(); ++i) {
            const auto value = number(next_part(word, ':'));
            is_well_formed   = is_well_formed && value;
            numbers[i]       = value.value_or(0);
        }
        is_well_formed = is_well_formed && word.empty();
    }
};

} // namespace guest
