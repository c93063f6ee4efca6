// SPDX-License-Identifier: BSD-2-Clause
#include "text.hpp"

#include <array>
#include <fmt/format.h>

namespace graph {

std::string escape(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        switch (c) {
        case '&':
            result += "&amp;";
            break;
        case '<':
            result += "&lt;";
            break;
        case '>':
            result += "&gt;";
            break;
        case '"':
            result += "&quot;";
            break;
        default:
            result += c;
        }
    }
    return result;
}

std::string size_text(std::uint64_t bytes)
{
    static constexpr std::array k_units{"bytes", "KiB", "MiB", "GiB"};
    std::size_t                 unit = 0;
    while (unit + 1 < k_units.size() && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        ++unit;
    }
    return fmt::format("{} {}", bytes, k_units[unit]);
}

std::string rough_size_text(std::uint64_t bytes)
{
    static constexpr std::array k_units{"bytes", "KiB", "MiB", "GiB", "TiB"};
    constexpr double            k_next = 1024;
    auto                        size   = static_cast<double>(bytes);
    std::size_t                 unit   = 0;
    while (unit + 1 < k_units.size() && size >= k_next) {
        size /= k_next;
        ++unit;
    }
    if (size == static_cast<double>(static_cast<std::uint64_t>(size))) {
        return fmt::format("{:.0f} {}", size, k_units[unit]);
    }
    return fmt::format("about {:.1f} {}", size, k_units[unit]);
}

std::string count_text(std::size_t number, std::string_view what)
{
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string size_of(const tool::MemoryRegion& region)
{
    if (region.size) {
        return size_text(*region.size);
    }
    return "as large as " + region.prefill_path.value_or("its content");
}

std::string permissions_of(const tool::Map& map)
{
    return fmt::format("{}{}{}", map.permissions.read ? "r" : "", map.permissions.write ? "w" : "",
                       map.permissions.execute ? "x" : "");
}

std::string interrupt_text(std::uint64_t number)
{
    constexpr std::uint64_t k_first_ppi = 16;
    constexpr std::uint64_t k_first_spi = 32;
    return number >= k_first_spi   ? fmt::format("SPI {}", number - k_first_spi)
           : number >= k_first_ppi ? fmt::format("PPI {}", number - k_first_ppi)
                                   : fmt::format("SGI {}", number);
}

} // namespace graph
