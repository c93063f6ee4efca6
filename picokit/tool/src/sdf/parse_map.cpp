// SPDX-License-Identifier: BSD-2-Clause
// <map>, in a protection domain and in a virtual machine, and <setvar>.
#include "sdf/parse.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

Result<Permissions> parse_permissions(const Attributes& attributes)
{
    const auto  text = attributes.optional_text("perms").value_or("rw");
    Permissions permissions;
    for (const char letter : text) {
        switch (letter) {
        case 'r':
            permissions.read = true;
            break;
        case 'w':
            permissions.write = true;
            break;
        case 'x':
            permissions.execute = true;
            break;
        default:
            return attributes.refuse_value("perms",
                                           "use letters of 'r', 'w' and 'x', as in \"rw\"");
        }
    }
    if (permissions == Permissions{.write = true}) {
        return attributes.refuse_value("perms", "memory cannot be write-only: use \"rw\"");
    }
    return permissions;
}

Result<Map> parse_map(const Element& element, const Attributes& attributes)
{
    Map map;
    map.where       = element.where;
    map.region      = TRY(attributes.text("mr"));
    map.vaddr       = TRY(attributes.number("vaddr"));
    map.permissions = TRY(parse_permissions(attributes));
    map.cached      = TRY(attributes.boolean("cached", true));
    return map;
}

constexpr std::pair<std::string_view, SetvarSource> k_map_setvars[]{
    {"setvar_vaddr", SetvarSource::value},
    {"setvar_size", SetvarSource::region_size},
    {"setvar_prefill_size", SetvarSource::region_prefill_size},
};

} // namespace

Result<Map> parse_pd_map(const Element& element, std::vector<Setvar>& setvars)
{
    const auto attributes =
        TRY(Attributes::read(element, {"mr", "vaddr", "perms", "cached", "setvar_vaddr",
                                       "setvar_size", "setvar_prefill_size"}));
    auto map = TRY(parse_map(element, attributes));
    for (const auto& [name, source] : k_map_setvars) {
        if (auto symbol = attributes.optional_text(name)) {
            setvars.push_back({element.where, *symbol, source, map.vaddr, map.region});
        }
    }
    return map;
}

Result<Map> parse_vm_map(const Element& element)
{
    for (const auto& [name, value] : element.attributes) {
        for (const auto& [setvar, source] : k_map_setvars) {
            if (name == setvar) {
                return refuse(element.where,
                              fmt::format("'{}' on a map of a virtual machine", name),
                              "a guest has no program to write to: put it on a map of the "
                              "protection domain");
            }
        }
    }
    const auto attributes = TRY(Attributes::read(element, {"mr", "vaddr", "perms", "cached"}));
    return parse_map(element, attributes);
}

Result<Setvar> parse_setvar(const Element& element)
{
    const auto attributes = TRY(Attributes::read(element, {"symbol", "region_paddr"}));
    auto       symbol     = TRY(attributes.text("symbol"));
    auto       region     = TRY(attributes.text("region_paddr"));
    return Setvar{element.where, std::move(symbol), SetvarSource::region_paddr, 0,
                  std::move(region)};
}

} // namespace tool
