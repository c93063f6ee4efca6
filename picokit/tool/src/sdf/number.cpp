// SPDX-License-Identifier: BSD-2-Clause
// Numbers as system descriptions write them.
#include "sdf/number.hpp"

#include <charconv>
#include <string>

namespace tool {

std::optional<std::uint64_t> parse_number(std::string_view text)
{
    std::string digits{text};
    std::erase(digits, '_');
    int base = 10;
    if (digits.starts_with("0x")) {
        base = 16;
        digits.erase(0, 2);
    }
    if (digits.starts_with('+')) {
        digits.erase(0, 1);
    }
    std::uint64_t value    = 0;
    const auto*   end      = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, value, base);
    if (error != std::errc{} || at != end) {
        return std::nullopt;
    }
    return value;
}

} // namespace tool
