// SPDX-License-Identifier: BSD-2-Clause
// Numbers inside bytes, and the list of fixed capacity.
#include "base/endian.hpp"
#include "base/fixed_vector.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

namespace {

constexpr std::array<std::byte, 5> k_bytes{std::byte{0x12}, std::byte{0x34}, std::byte{0x56},
                                           std::byte{0x78}, std::byte{0xf0}};

static_assert(base::load_big<std::uint32_t>(k_bytes) == 0x1234'5678);
static_assert(base::load_little<std::uint32_t>(k_bytes, 1) == 0xf078'5634);
static_assert(base::load_big<std::uint8_t>(k_bytes, 4) == 0xf0);

TEST(Endian, NothingIsReadOrWrittenOutside)
{
    EXPECT_FALSE(base::load_big<std::uint32_t>(k_bytes, 2));
    EXPECT_FALSE(base::load_big<std::uint64_t>(k_bytes));
    EXPECT_FALSE(base::load_big<std::uint8_t>(k_bytes, std::numeric_limits<std::size_t>::max()));
    std::array<std::byte, 3> bytes{};
    EXPECT_TRUE(base::store_big<std::uint16_t>(bytes, 1, 0xabcd));
    EXPECT_EQ(base::load_big<std::uint16_t>(bytes, 1), 0xabcd);
    EXPECT_EQ(bytes[0], std::byte{0});
    EXPECT_FALSE(base::store_big<std::uint16_t>(bytes, 2, 0xabcd));
    EXPECT_EQ(bytes[2], std::byte{0xcd});
}

static_assert(base::FixedVector<int, 4>{1, 2, 3}.size() == 3);

TEST(FixedVector, GrowsToItsCapacityAndNoFurther)
{
    base::FixedVector<int, 2> list;
    EXPECT_TRUE(list.empty());
    EXPECT_TRUE(list.push_back(7));
    EXPECT_TRUE(list.push_back(8));
    EXPECT_FALSE(list.push_back(9));
    EXPECT_EQ(list.size(), list.capacity());
    int sum = 0;
    for (const int value : list) {
        sum += value;
    }
    EXPECT_EQ(sum, 15);
    EXPECT_EQ(std::span<const int>{list}.back(), 8);
    list.pop_back();
    list.pop_back();
    list.pop_back();
    EXPECT_TRUE(list.empty());
}

TEST(FixedVectorDeathTest, ALiteralListThatIsTooLongTraps)
{
    EXPECT_DEATH(({ [[maybe_unused]] const base::FixedVector<int, 1> list{1, 2}; }), "");
}

} // namespace
