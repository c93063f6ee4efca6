// SPDX-License-Identifier: BSD-2-Clause
// The lines that the tables consist of.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// 1234567 as "1,234,567".
inline std::string grouped(std::uint64_t number)
{
    auto text = fmt::format("{}", number);
    for (auto at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) {
        text.insert(static_cast<std::size_t>(at), ",");
    }
    return text;
}

/// A label, two values, what they are to be, whether they are, and more. All but the label may be
/// empty.
inline std::string line(std::string_view label, std::string_view value, std::string_view second,
                        std::string_view reach, std::string_view verdict,
                        std::string_view more = {})
{
    auto text = fmt::format("{:<37} {:>13} {:>13} {:>11}  {:<13}{}", label, value, second, reach,
                            verdict, more);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

} // namespace bench
