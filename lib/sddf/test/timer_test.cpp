// SPDX-License-Identifier: BSD-2-Clause
// Conversions between ticks of a counter and nanoseconds.
#include "sddf/timer.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace sddf::timer;

constexpr std::uint64_t k_never = std::numeric_limits<std::uint64_t>::max();

TEST(SddfTimer, TicksBecomeNanosecondsRoundedUp)
{
    EXPECT_EQ(nanoseconds(1, 62'500'000), 16u);
    EXPECT_EQ(nanoseconds(1, 54'000'000), 19u); // 18.5
    EXPECT_EQ(nanoseconds(54'000'000ULL * 3600, 54'000'000), 3600 * k_nanoseconds);
}

TEST(SddfTimer, NanosecondsBecomeTicksRoundedUp)
{
    EXPECT_EQ(ticks(16, 62'500'000, k_never), 1u);
    EXPECT_EQ(ticks(17, 62'500'000, k_never), 2u);
    EXPECT_EQ(ticks(0, 62'500'000, k_never), 0u);
    EXPECT_EQ(ticks(k_nanoseconds, 24'000'000, k_never), 24'000'000u);
}

TEST(SddfTimer, AnyNumberOfNanosecondsIsATime)
{
    EXPECT_EQ(ticks(k_never, 1'000'000'000, 1ULL << 40), 1ULL << 40);
    EXPECT_LT(ticks(k_never, 62'500'000, k_never), k_never);
}

} // namespace
