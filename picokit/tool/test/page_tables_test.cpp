// SPDX-License-Identifier: BSD-2-Clause
// Page tables against a walker that shares no code with them.
#include "image/page_tables.hpp"

#include "kit/machine.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>

namespace {

using tool::PageTables;
using tool::test::walk;

constexpr std::uint64_t k_base  = 0x7000'6000;
constexpr std::uint64_t k_page  = 0x1000;
constexpr std::uint64_t k_block = 0x20'0000;

/// Reads the tables where they will be in memory.
auto reader(const PageTables& tables)
{
    return [&tables](std::uint64_t address) {
        return tables.tables().at((address - k_base) / k_page).at(address % k_page / 8);
    };
}

PageTables::Root stage2_root(PageTables& tables) { return tables.add_root(1, 2); }

auto stage2(const PageTables& tables, PageTables::Root root, std::uint64_t input)
{
    return walk(reader(tables), tables.address(root) + (input >> 39) * k_page, 1, input);
}

TEST(page_tables, empty_root_maps_nothing)
{
    PageTables tables{k_base};
    const auto root = stage2_root(tables);
    EXPECT_EQ(tables.tables().size(), 2U);
    EXPECT_FALSE(stage2(tables, root, 0));
    EXPECT_FALSE(stage2(tables, root, 0xff'ffff'f000));
}

TEST(page_tables, a_page)
{
    PageTables tables{k_base};
    const auto root = stage2_root(tables);
    tables.map(root, 0x1234'5000, 0x6789'a000, k_page,
               arch::Stage2Leaf{}.with<arch::Stage2Leaf::readable>(true));
    EXPECT_EQ(tables.tables().size(), 4U);
    const auto found = stage2(tables, root, 0x1234'5678);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->physical, 0x6789'a678U);
    EXPECT_EQ(found->level, 3U);
    EXPECT_TRUE(found->readable() && !found->writable() && found->executable());
    EXPECT_TRUE(found->accessed());
    EXPECT_FALSE(stage2(tables, root, 0x1234'4fff));
    EXPECT_FALSE(stage2(tables, root, 0x1234'6000));
}

TEST(page_tables, the_second_concatenated_table_begins_at_2_to_the_39)
{
    PageTables tables{k_base};
    const auto root = stage2_root(tables);
    tables.map(root, 0x7f'ffff'f000, 0x6000'0000, 2 * k_page, arch::Stage2Leaf{});
    EXPECT_EQ(stage2(tables, root, 0x7f'ffff'f000)->physical, 0x6000'0000U);
    EXPECT_EQ(stage2(tables, root, 0x80'0000'0000)->physical, 0x6000'1000U);
    EXPECT_FALSE(stage2(tables, root, 0));
}

TEST(page_tables, blocks_where_both_sides_are_aligned)
{
    PageTables tables{k_base};
    const auto root = stage2_root(tables);
    // A page, two blocks, a page.
    tables.map(root, k_block - k_page, 3 * k_block - k_page, 2 * k_block + 2 * k_page,
               arch::Stage2Leaf{});
    EXPECT_EQ(stage2(tables, root, k_block - 1)->level, 3U);
    EXPECT_EQ(stage2(tables, root, k_block)->level, 2U);
    EXPECT_EQ(stage2(tables, root, 3 * k_block - 1)->level, 2U);
    EXPECT_EQ(stage2(tables, root, 3 * k_block)->level, 3U);
    EXPECT_EQ(stage2(tables, root, 2 * k_block + 5)->physical, 4 * k_block + 5);
}

TEST(page_tables, no_blocks_where_one_side_is_not_aligned)
{
    PageTables tables{k_base};
    const auto root = stage2_root(tables);
    tables.map(root, k_block, 0x6000'1000, 2 * k_block, arch::Stage2Leaf{});
    EXPECT_EQ(stage2(tables, root, k_block)->level, 3U);
    EXPECT_EQ(stage2(tables, root, 3 * k_block - 1)->physical, 0x6000'1000 + 2 * k_block - 1);
}

TEST(page_tables, mapping_twice_is_a_bug)
{
    PageTables tables{k_base};
    const auto root = stage2_root(tables);
    tables.map(root, 0, 0, k_block, arch::Stage2Leaf{});
    EXPECT_THROW(tables.map(root, 0, 0, k_block, arch::Stage2Leaf{}), std::logic_error);
    EXPECT_THROW(tables.map(root, k_page, 0, k_page, arch::Stage2Leaf{}), std::logic_error);
}

TEST(page_tables, stage_1_starts_at_level_0)
{
    PageTables tables{k_base};
    const auto root = tables.add_root(arch::k_el2_start_level, 1);
    tables.map(
        root, 0x81'2345'6000, 0x81'2345'6000, k_page,
        arch::Stage1El2Leaf{}.with<arch::Stage1El2Leaf::memory>(arch::MairIndex::device_ngnrne));
    const auto found = walk(reader(tables), tables.address(root), 0, 0x81'2345'6789);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->physical, 0x81'2345'6789U);
    EXPECT_EQ(found->stage1_memory(), 1U);
}

/// Random disjoint ranges in several spaces: every page translates as it was asked for, and the
/// pages around them do not.
TEST(page_tables, random_maps)
{
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937_64   random{seed};
        PageTables        tables{k_base};
        const std::vector roots{stage2_root(tables), stage2_root(tables)};
        std::vector<std::map<std::uint64_t, std::uint64_t>> expected(roots.size());
        for (int i = 0; i < 60; ++i) {
            const auto space  = random() % roots.size();
            const auto size   = (1 + random() % (random() % 4 == 0 ? 1500 : 8)) * k_page;
            auto       input  = random() % (1U << 28) * k_page;
            auto       output = random() % (1U << 28) * k_page;
            if (random() % 2 == 0) {
                input  = base::align_down(input, k_block);
                output = base::align_down(output, k_block);
            }
            const auto after = expected[space].lower_bound(input);
            if (input + size > (1ULL << 40) ||
                (after != expected[space].end() && after->first < input + size)) {
                continue;
            }
            tables.map(roots[space], input, output, size, arch::Stage2Leaf{});
            for (std::uint64_t at = 0; at < size; at += k_page) {
                expected[space][input + at] = output + at;
            }
        }
        for (std::size_t space = 0; space < roots.size(); ++space) {
            for (const auto& [input, output] : expected[space]) {
                ASSERT_EQ(stage2(tables, roots[space], input + 0xabc)->physical, output + 0xabc);
                for (const auto neighbour : {input - k_page, input + k_page}) {
                    if (neighbour < (1ULL << 40) && !expected[space].contains(neighbour)) {
                        ASSERT_FALSE(stage2(tables, roots[space], neighbour));
                    }
                }
            }
        }
    }
}

} // namespace
