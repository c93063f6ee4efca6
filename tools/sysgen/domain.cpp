// SPDX-License-Identifier: BSD-2-Clause
#include "domain.hpp"

#include <fmt/format.h>

namespace sysgen {

namespace {

/// Where mappings go by default, well above any program.
constexpr std::uint64_t k_first_address = 0x2000'0000;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

const char* letters(Access access)
{
    switch (access) {
    case Access::read:
        return "r";
    case Access::read_write:
        return "rw";
    case Access::execute:
        return "rwx";
    }
    return "";
}

} // namespace

std::uint64_t Region::alignment() const { return size % k_large_page == 0 ? k_large_page : k_page; }

Result<Domain> Domain::create(const Document& document, pugi::xml_node node)
{
    Domain domain;
    domain.name_ = TRY(document.text_of(node, "name"));
    domain.line_ = document.line(node);
    domain.node_ = node;
    for (const auto child : node.children()) {
        const std::string_view element = child.name();
        if (element == "irq" || element == "ioport") {
            domain.use_channel(TRY(document.number_of(child, "id")));
        } else if (element == "map") {
            const auto        address = TRY(document.number_of(child, "vaddr"));
            const std::string region  = child.attribute("mr").value();
            const auto        mapped  = node.root().child("system").find_child_by_attribute(
                        "memory_region", "name", region.c_str());
            if (!mapped) {
                return refuse(
                    document.line(child),
                    fmt::format("<map> names the memory region '{}', which is not there", region),
                    "declare it with <memory_region>");
            }
            domain.maps_[address] = address + TRY(document.number_of(mapped, "size"));
        }
    }
    return domain;
}

unsigned Domain::priority() const
{
    return static_cast<unsigned>(parse_number(node_.attribute("priority").value()).value_or(0));
}

Result<unsigned> Domain::take_channel()
{
    for (unsigned id = 0; id < k_channels; ++id) {
        if (!channels_.test(id)) {
            channels_.set(id);
            return id;
        }
    }
    return refuse(
        line_, fmt::format("protection domain '{}' needs more than {} channels", name_, k_channels),
        "divide its clients between two systems of the same class");
}

void Domain::use_channel(std::uint64_t id)
{
    if (id < k_channels) {
        channels_.set(id);
    }
}

std::uint64_t Domain::map(const Region& region, Access access, Cache cache)
{
    for (const auto map : node_.children("map")) {
        if (region.name == map.attribute("mr").value() &&
            std::string_view{map.attribute("perms").value()} == letters(access)) {
            return parse_number(map.attribute("vaddr").value()).value_or(0);
        }
    }
    const auto size    = round_up(region.size, k_page);
    auto       address = k_first_address;
    for (const auto& [start, end] : maps_) {
        address = round_up(address, region.alignment());
        if (end > address && start < address + size) {
            address = end;
        }
    }
    address = round_up(address, region.alignment());
    map_at(address, region, access, cache);
    return address;
}

void Domain::map_at(std::uint64_t address, const Region& region, Access access, Cache cache)
{
    maps_[address] = address + round_up(region.size, k_page);
    add_map(node_, region.name, address, access, cache);
}

Result<unsigned> Domain::add_interrupt(std::uint32_t intid, bool edge)
{
    const auto id  = TRY(take_channel());
    auto       irq = node_.append_child("irq");
    irq.append_attribute("irq").set_value(intid);
    irq.append_attribute("id").set_value(id);
    irq.append_attribute("trigger").set_value(edge ? "edge" : "level");
    return id;
}

void add_map(pugi::xml_node node, const std::string& region, std::uint64_t address, Access access,
             Cache cache)
{
    auto map = node.append_child("map");
    map.append_attribute("mr").set_value(region.c_str());
    map.append_attribute("vaddr").set_value(hex(address).c_str());
    map.append_attribute("perms").set_value(letters(access));
    if (cache == Cache::off) {
        map.append_attribute("cached").set_value("false");
    }
}

} // namespace sysgen
