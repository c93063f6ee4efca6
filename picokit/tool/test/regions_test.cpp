// SPDX-License-Identifier: BSD-2-Clause
// Sizes and page sizes of memory regions.
#include "layout/regions.hpp"

#include "kit/workspace.hpp"

#include <gtest/gtest.h>

namespace {

using tool::Map;
using tool::MemoryRegion;
using tool::Region;
using tool::System;

constexpr std::uint64_t k_small = 0x1000;
constexpr std::uint64_t k_large = 0x20'0000;

/// One region, mapped by a PD and a virtual machine at the addresses given.
System system_of(MemoryRegion region, std::vector<std::uint64_t> pd_maps,
                 std::vector<std::uint64_t> vm_maps = {})
{
    region.name = "m";
    System system;
    system.regions.push_back(region);
    auto& pd = system.pds.emplace_back();
    for (const auto vaddr : pd_maps) {
        pd.maps.push_back(Map{{}, "m", vaddr, {}, true});
    }
    pd.vm.emplace();
    for (const auto vaddr : vm_maps) {
        pd.vm->maps.push_back(Map{{}, "m", vaddr, {}, true});
    }
    return system;
}

Region resolve(const System& system)
{
    return tool::resolve_regions(system, tool::SearchPath{{}}).value().at(0);
}

MemoryRegion region(std::uint64_t size)
{
    MemoryRegion result;
    result.size = size;
    return result;
}

TEST(promotion, when_everything_is_a_multiple_of_2_mib)
{
    EXPECT_EQ(resolve(system_of(region(2 * k_large), {k_large}, {4 * k_large})).page_size, k_large);
    EXPECT_EQ(resolve(system_of(region(k_large), {})).page_size, k_large);
    auto fixed      = region(k_large);
    fixed.phys_addr = 0x4000'0000;
    EXPECT_EQ(resolve(system_of(fixed, {0})).page_size, k_large);
}

TEST(promotion, not_for_other_sizes_or_addresses)
{
    EXPECT_EQ(resolve(system_of(region(k_large + k_small), {k_large})).page_size, k_small);
    EXPECT_EQ(resolve(system_of(region(k_large), {k_large, k_large + k_small})).page_size, k_small);
    EXPECT_EQ(resolve(system_of(region(k_large), {k_large}, {k_small})).page_size, k_small);
    auto fixed      = region(k_large);
    fixed.phys_addr = 0x4000'1000;
    EXPECT_EQ(resolve(system_of(fixed, {k_large})).page_size, k_small);
}

TEST(promotion, not_where_a_page_size_is_written)
{
    auto written      = region(k_large);
    written.page_size = k_small;
    EXPECT_EQ(resolve(system_of(written, {k_large})).page_size, k_small);
    written.page_size = k_large;
    EXPECT_EQ(resolve(system_of(written, {k_large})).page_size, k_large);
}

TEST(prefill, size_follows_the_file)
{
    const tool::test::Workspace workspace;
    MemoryRegion                filled;
    filled.prefill_path = "data.bin";
    EXPECT_EQ(resolve(system_of(filled, {})).size, 0x2000U);
    EXPECT_EQ(resolve(system_of(filled, {})).prefill.size(), 5000U);
    filled.page_size = k_large;
    EXPECT_EQ(resolve(system_of(filled, {})).size, k_large);
    filled.page_size.reset();
    filled.size = 10 * k_large;
    EXPECT_EQ(resolve(system_of(filled, {})).size, 10 * k_large);
    // A file of just the right size makes large pages.
    filled.size.reset();
    filled.prefill_path = "block.bin";
    EXPECT_EQ(resolve(system_of(filled, {k_large})).page_size, k_large);
}

} // namespace
