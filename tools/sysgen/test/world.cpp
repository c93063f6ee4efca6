// SPDX-License-Identifier: BSD-2-Clause
#include "world.hpp"

#include "kit.hpp"

#include "sdf/check.hpp"
#include "sdf/parse.hpp"
#include "sdf/xml.hpp"
#include "sdk/board.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace sysgen::test {

World::World(const Layout& layout)
{
    const auto board = tool::read_board(std::filesystem::path{BOARDS_GENERATED} /
                                        "qemu_virt_aarch64" / "board.json");
    const auto root  = tool::parse_xml(layout.description(), "generated.system");
    auto       read  = tool::parse_system(root.value(), board.value());
    if (!read) {
        ADD_FAILURE() << tool::format_error(read.error().front());
    }
    system_ = std::move(read).value();
    for (const auto& problem : tool::check_system(system_)) {
        ADD_FAILURE() << tool::format_error(problem);
    }
    for (const auto& channel : system_.channels) {
        const auto& [a, b]                             = channel.ends;
        channels_[{a.pd, static_cast<unsigned>(a.id)}] = {b.pd, static_cast<unsigned>(b.id)};
        channels_[{b.pd, static_cast<unsigned>(b.id)}] = {a.pd, static_cast<unsigned>(a.id)};
    }
}

const tool::ProtectionDomain& World::domain(const std::string& name) const
{
    const auto found = std::ranges::find(system_.pds, name, &tool::ProtectionDomain::name);
    if (found == system_.pds.end()) {
        throw std::runtime_error{"no domain " + name};
    }
    return *found;
}

std::string World::region(const std::string& name, const sddf::Region& mapped) const
{
    for (const auto& map : domain(name).maps) {
        const auto region =
            std::ranges::find(system_.regions, map.region, &tool::MemoryRegion::name);
        if (map.vaddr == mapped.vaddr / k_page * k_page && region->size == mapped.size) {
            return map.region;
        }
    }
    ADD_FAILURE() << name << " has nothing of " << mapped.size << " bytes at " << mapped.vaddr;
    return {};
}

bool World::writable(const std::string& name, const std::string& region) const
{
    const auto& maps  = domain(name).maps;
    const auto  found = std::ranges::find(maps, region, &tool::Map::region);
    return found != maps.end() && found->permissions.write;
}

std::uint64_t World::physical(const std::string& region) const
{
    return std::ranges::find(system_.regions, region, &tool::MemoryRegion::name)->phys_addr.value();
}

void World::same(const std::string& name, const sddf::Region& mapped, const std::string& other,
                 const sddf::Region& mapped_there) const
{
    EXPECT_EQ(region(name, mapped), region(other, mapped_there)) << name << " and " << other;
}

void World::joined(const std::string& name, unsigned id, const std::string& other,
                   unsigned id_there) const
{
    const auto found = channels_.find({name, id});
    ASSERT_NE(found, channels_.end()) << name << " has no channel " << id;
    EXPECT_EQ(found->second, std::pair(other, id_there)) << name << " " << id;
}

} // namespace sysgen::test
