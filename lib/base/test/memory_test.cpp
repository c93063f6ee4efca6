// SPDX-License-Identifier: BSD-2-Clause
// The target's memory functions, here under other names, against the C library's.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" {
void*       target_memcpy(void*, const void*, std::size_t);
void*       target_memmove(void*, const void*, std::size_t);
void*       target_memset(void*, int, std::size_t);
int         target_memcmp(const void*, const void*, std::size_t);
void*       target_memchr(const void*, int, std::size_t);
std::size_t target_strlen(const char*);
}

namespace {

constexpr std::size_t k_room = 160;

std::vector<std::uint8_t> numbers()
{
    std::vector<std::uint8_t> bytes(k_room);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
    }
    return bytes;
}

/// Calls check(to, from, size) for every alignment of both and many sizes.
template <class Check>
void for_all_placements(Check check)
{
    for (std::size_t to = 0; to < 16; ++to) {
        for (std::size_t from = 0; from < 16; ++from) {
            for (std::size_t size = 0; size <= 100; ++size) {
                check(to, from, size);
            }
        }
    }
}

TEST(Memory, copies_at_any_alignment)
{
    const auto source = numbers();
    for_all_placements([&](std::size_t to, std::size_t from, std::size_t size) {
        std::vector<std::uint8_t> copied(k_room, 0xee);
        auto                      expected = copied;
        EXPECT_EQ(target_memcpy(&copied[to], &source[from], size), &copied[to]);
        std::memcpy(&expected[to], &source[from], size);
        ASSERT_EQ(copied, expected) << to << ' ' << from << ' ' << size;
    });
}

TEST(Memory, moves_over_itself)
{
    for_all_placements([&](std::size_t to, std::size_t from, std::size_t size) {
        auto moved    = numbers();
        auto expected = moved;
        EXPECT_EQ(target_memmove(&moved[to], &moved[from], size), &moved[to]);
        std::memmove(&expected[to], &expected[from], size);
        ASSERT_EQ(moved, expected) << to << ' ' << from << ' ' << size;
    });
}

TEST(Memory, fills)
{
    for_all_placements([&](std::size_t to, std::size_t value, std::size_t size) {
        std::vector<std::uint8_t> filled(k_room, 0xee);
        auto                      expected = filled;
        EXPECT_EQ(target_memset(&filled[to], static_cast<int>(value + 0x1f0), size), &filled[to]);
        std::memset(&expected[to], static_cast<int>(value + 0x1f0), size);
        ASSERT_EQ(filled, expected) << to << ' ' << size;
    });
}

TEST(Memory, compares_by_the_first_difference)
{
    const std::uint8_t low[]  = {1, 2, 3};
    const std::uint8_t high[] = {1, 200, 0};
    EXPECT_LT(target_memcmp(low, high, 3), 0);
    EXPECT_GT(target_memcmp(high, low, 3), 0);
    EXPECT_EQ(target_memcmp(low, high, 1), 0);
    EXPECT_EQ(target_memcmp(low, high, 0), 0);
}

TEST(Memory, finds_the_first_such_byte)
{
    const std::uint8_t bytes[] = {1, 0xf7, 3, 0xf7};
    EXPECT_EQ(target_memchr(bytes, 0xf7, 4), &bytes[1]);
    EXPECT_EQ(target_memchr(bytes, 0x7f7, 4), &bytes[1]);
    EXPECT_EQ(target_memchr(bytes, 0xf7, 1), nullptr);
    EXPECT_EQ(target_memchr(bytes, 1, 0), nullptr);
}

TEST(Memory, measures_text)
{
    EXPECT_EQ(target_strlen(""), 0U);
    EXPECT_EQ(target_strlen("four"), 4U);
}

} // namespace
