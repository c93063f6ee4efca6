// SPDX-License-Identifier: BSD-2-Clause
// A layout's memory: regions, the physical addresses of those that devices reach, registers.
#include "layout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sysgen {

namespace {

/// What is left free at the end of the board's RAM. There seL4 puts the objects of the initial task
/// as it boots: a table of capabilities of a few MiB, aligned to its size. An official image tool
/// refuses a region with a phys_addr in that place.
constexpr std::uint64_t k_first_objects = 0x100'0000;

} // namespace

void Layout::note_memory()
{
    for (const auto region : document_.system().children("memory_region")) {
        const auto start = parse_number(region.attribute("phys_addr").value());
        const auto size  = parse_number(region.attribute("size").value());
        if (start && size) {
            taken_.push_back({*start, *size});
        }
    }
}

Region Layout::add_region(const std::string& name, std::uint64_t size)
{
    auto node = document_.system().append_child("memory_region");
    node.append_attribute("name").set_value(name.c_str());
    node.append_attribute("size").set_value(hex(size).c_str());
    return {.name = name, .size = size, .physical = {}};
}

Region Layout::add_region_at(const std::string& name, std::uint64_t size, std::uint64_t start)
{
    auto region     = add_region(name, size);
    region.physical = start;
    taken_.push_back({start, size});
    document_.system()
        .find_child_by_attribute("memory_region", "name", name.c_str())
        .append_attribute("phys_addr")
        .set_value(hex(start).c_str());
    return region;
}

std::optional<std::uint64_t> Layout::free_range(std::uint64_t size, std::uint64_t alignment) const
{
    auto areas = board_.ram;
    std::ranges::sort(areas, std::ranges::greater{}, &boardgen::AddressRange::start);
    for (const auto& area : areas) {
        auto end = area.end() - std::min(area.size, k_first_objects);
        while (end >= area.start + size) {
            const auto start    = (end - size) / alignment * alignment;
            const auto conflict = std::ranges::find_if(taken_, [&](const auto& range) {
                return range.start < start + size && start < range.end();
            });
            if (start < area.start) {
                break;
            }
            if (conflict == taken_.end()) {
                return start;
            }
            end = conflict->start;
        }
    }
    return std::nullopt;
}

Result<Region> Layout::add_device_region(pugi::xml_node owner, const std::string& name,
                                         std::uint64_t size)
{
    const auto start =
        free_range(size, Region{.name = name, .size = size, .physical = {}}.alignment());
    if (!start) {
        return refuse(document_.line(owner),
                      fmt::format("no {} bytes of RAM are left for '{}'", hex(size), name),
                      fmt::format("the board '{}' has {} regions of RAM; use smaller buffers",
                                  board_.name, board_.ram.size()));
    }
    return add_region_at(name, size, *start);
}

Region Layout::registers(const std::string& name, const boardgen::AddressRange& range)
{
    const auto start = range.start / k_page * k_page;
    const auto size  = (range.end() - start + k_page - 1) / k_page * k_page;
    // One region for a page, whatever device of it asked first.
    for (const auto node : document_.system().children("memory_region")) {
        if (parse_number(node.attribute("phys_addr").value()) == start &&
            parse_number(node.attribute("size").value()) == size) {
            return {.name = node.attribute("name").value(), .size = size, .physical = start};
        }
    }
    return add_region_at(name, size, start);
}

Result<Region> Layout::find_region(pugi::xml_node owner, const std::string& name) const
{
    const auto node =
        document_.system().find_child_by_attribute("memory_region", "name", name.c_str());
    if (!node) {
        return refuse(document_.line(owner), fmt::format("there is no memory region '{}'", name),
                      "declare it with <memory_region>");
    }
    return Region{.name     = name,
                  .size     = TRY(document_.number_of(node, "size")),
                  .physical = parse_number(node.attribute("phys_addr").value())};
}

Result<boardgen::Device> Layout::find_device(pugi::xml_node owner) const
{
    const auto name = TRY(document_.text_of(owner, "device"));
    if (const auto found = board_.devices.find(name); found != board_.devices.end()) {
        return found->second;
    }
    const auto dot   = name.find('.');
    const auto array = board_.device_arrays.find(name.substr(0, dot));
    if (dot != std::string::npos && array != board_.device_arrays.end()) {
        const auto index = parse_number(name.substr(dot + 1));
        if (index && *index < array->second.size()) {
            return array->second[*index];
        }
    }
    std::vector<std::string> known;
    for (const auto& [device, data] : board_.devices) {
        known.push_back(device);
    }
    for (const auto& [device, data] : board_.device_arrays) {
        known.push_back(fmt::format("{0}.0 to {0}.{1}", device, data.size() - 1));
    }
    return refuse(document_.line(owner),
                  fmt::format("the board '{}' has no device '{}'", board_.name, name),
                  fmt::format("it has {}", fmt::join(known, ", ")));
}

} // namespace sysgen
