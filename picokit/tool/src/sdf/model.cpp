// SPDX-License-Identifier: BSD-2-Clause
// Looking things up by name.
#include "sdf/model.hpp"

#include <algorithm>

namespace tool {
namespace {

template <class Item>
std::optional<std::size_t> find_name(const std::vector<Item>& items, std::string_view name)
{
    const auto it = std::ranges::find(items, name, &Item::name);
    return it == items.end() ? std::nullopt
                             : std::optional{static_cast<std::size_t>(it - items.begin())};
}

} // namespace

std::optional<std::size_t> System::find_pd(std::string_view name) const
{
    return find_name(pds, name);
}

std::optional<std::size_t> System::find_region(std::string_view name) const
{
    return find_name(regions, name);
}

} // namespace tool
