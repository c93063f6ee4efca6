// SPDX-License-Identifier: BSD-2-Clause
#include "labels.hpp"

#include "text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace graph {
namespace {

/// So many regions are named where they are; the others are counted.
constexpr std::size_t k_named_regions = 5;

std::string region_line(const tool::MemoryRegion& region)
{
    const auto place =
        region.phys_addr ? fmt::format(" at {:#x}", *region.phys_addr) : std::string{};
    return fmt::format("{} {}{}", escape(region.name), escape(size_of(region)), place);
}

} // namespace

std::string region_lines(const tool::System& system, std::vector<std::size_t> regions,
                         const char* line_end)
{
    const auto size_at = [&](std::size_t region) {
        return system.regions[region].size.value_or(0);
    };
    std::string text;
    if (regions.size() > k_named_regions) {
        std::ranges::stable_sort(regions, std::ranges::greater{}, size_at);
    }
    const auto named = regions.size() > k_named_regions ? k_named_regions - 1 : regions.size();
    for (std::size_t i = 0; i < named; ++i) {
        text += region_line(system.regions[regions[i]]) + line_end;
    }
    if (named < regions.size()) {
        std::uint64_t rest = 0;
        for (std::size_t i = named; i < regions.size(); ++i) {
            rest += size_at(regions[i]);
        }
        text += fmt::format("and {} more, {}{}", regions.size() - named, size_text(rest), line_end);
    }
    return text;
}

std::string sum_of(const tool::System& system, const std::vector<std::size_t>& regions)
{
    std::uint64_t sum = 0;
    for (const auto region : regions) {
        sum += system.regions[region].size.value_or(0);
    }
    return rough_size_text(sum);
}

} // namespace graph
