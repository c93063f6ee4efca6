// SPDX-License-Identifier: BSD-2-Clause
// The allocator of physical memory.
#include "layout/physical_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tool::Extent;
using tool::PhysicalMemory;

PhysicalMemory memory(std::initializer_list<Extent> extents)
{
    PhysicalMemory result;
    for (const auto& extent : extents) {
        result.add(extent);
    }
    return result;
}

TEST(physical_memory, adjacent_memory_is_one_piece)
{
    const auto free = memory({{0x3000, 0x1000}, {0x1000, 0x1000}, {0x2000, 0x1000}, {0x9000, 0}});
    EXPECT_THAT(free.free(), ElementsAre(Extent{0x1000, 0x3000}));
    EXPECT_TRUE(free.is_free({0x1000, 0x3000}));
    EXPECT_FALSE(free.is_free({0x1000, 0x4000}));
}

TEST(physical_memory, remove_takes_whatever_is_there)
{
    auto free = memory({{0x1000, 0x4000}, {0x8000, 0x1000}});
    free.remove({0x2000, 0x1000});
    EXPECT_THAT(free.free(), ElementsAre(Extent{0x1000, 0x1000}, Extent{0x3000, 0x2000},
                                         Extent{0x8000, 0x1000}));
    free.remove({0, 0x1'0000});
    EXPECT_THAT(free.free(), IsEmpty());
}

TEST(physical_memory, first_fit_at_or_above_a_place)
{
    auto free = memory({{0x1000, 0x1000}, {0x4000, 0x4000}});
    EXPECT_EQ(free.allocate(0x1000, 0x1000, 0), (Extent{0x1000, 0x1000}));
    EXPECT_EQ(free.allocate(0x1000, 0x1000, 0x6000), (Extent{0x6000, 0x1000}));
    EXPECT_EQ(free.allocate(0x3000, 0x1000, 0), std::nullopt);
    EXPECT_EQ(free.allocate(0x2000, 0x1000, 0), (Extent{0x4000, 0x2000}));
    EXPECT_EQ(free.free_bytes(), 0x1000U);
}

TEST(physical_memory, alignment)
{
    auto free = memory({{0x1000, 0x9000}});
    EXPECT_EQ(free.largest(0x4000), 0x6000U);
    EXPECT_EQ(free.allocate(0x1000, 0x4000, 0), (Extent{0x4000, 0x1000}));
    EXPECT_EQ(free.allocate(0x4000, 0x4000, 0), std::nullopt);
    EXPECT_EQ(free.allocate(0x2000, 0x4000, 0), (Extent{0x8000, 0x2000}));
}

TEST(physical_memory, in_pieces_only_if_it_must)
{
    auto free = memory({{0x1000, 0x2000}, {0x4000, 0x3000}, {0x9000, 0x2000}});
    EXPECT_THAT(*free.allocate_pieces(0x2000, 0x1000, 0x9000), ElementsAre(Extent{0x9000, 0x2000}));
    EXPECT_THAT(*free.allocate_pieces(0x4000, 0x1000, 0x3000),
                ElementsAre(Extent{0x4000, 0x3000}, Extent{0x1000, 0x1000}));
}

TEST(physical_memory, not_enough_leaves_everything_as_it_was)
{
    auto free = memory({{0x1000, 0x2000}, {0x4000, 0x3000}});
    EXPECT_EQ(free.allocate_pieces(0x6000, 0x1000, 0), std::nullopt);
    EXPECT_EQ(free.free_bytes(), 0x5000U);
    // Pieces are multiples of the alignment: 0x4000..0x7000 holds one of 0x2000, not one and a
    // half.
    EXPECT_EQ(free.allocate_pieces(0x4000, 0x2000, 0), std::nullopt);
}

TEST(physical_memory, the_top_of_the_address_space_does_not_wrap)
{
    auto free = memory({{0xffff'ffff'ffff'0000, 0xf000}});
    EXPECT_EQ(free.allocate(0x1000, 0x20'0000, 0), std::nullopt);
    EXPECT_EQ(free.allocate(0xf000, 0x1000, 0), (Extent{0xffff'ffff'ffff'0000, 0xf000}));
}

/// What is handed out never overlaps and never exceeds what there was.
TEST(physical_memory, random)
{
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937        random{seed};
        auto                free  = memory({{0x10'0000, 0x40'0000}, {0x80'0000, 0x10'0000}});
        const auto          total = free.free_bytes();
        std::vector<Extent> taken;
        std::uint64_t       sum = 0;
        for (int i = 0; i < 80; ++i) {
            const std::uint64_t alignment = 0x1000ULL << random() % 6;
            const auto          size      = (1 + random() % 20) * alignment;
            const auto pieces = free.allocate_pieces(size, alignment, random() % 0x90'0000);
            if (!pieces) {
                continue;
            }
            for (const auto& piece : *pieces) {
                EXPECT_EQ(piece.address % alignment, 0U);
                for (const auto& other : taken) {
                    ASSERT_TRUE(piece.end() <= other.address || other.end() <= piece.address);
                }
                taken.push_back(piece);
                sum += piece.size;
            }
        }
        EXPECT_EQ(free.free_bytes() + sum, total);
    }
}

} // namespace
