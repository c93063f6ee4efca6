// SPDX-License-Identifier: BSD-2-Clause
// Budgets: turns, sporadic servers, and the promise that no period sees more than the budget.
#include "kernel/refills.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace kernel {
namespace {

constexpr std::uint64_t k_hertz = 62'500'000;

TEST(Ticks, AreRoundedUpAndSaturate)
{
    EXPECT_EQ(ticks_of(0, k_hertz), 0u);
    EXPECT_EQ(ticks_of(1, k_hertz), 63u);
    EXPECT_EQ(ticks_of(2, k_hertz), 125u);
    EXPECT_EQ(ticks_of(1'000'000, k_hertz), k_hertz);
    EXPECT_EQ(ticks_of(~std::uint64_t{0}, k_hertz), k_never / 4);
}

TEST(RoundRobin, AlwaysMayRunAndCountsItsTurn)
{
    SchedContext context;
    context.configure(1000, 1000);
    EXPECT_FALSE(context.sporadic());
    EXPECT_TRUE(context.ready(0));
    EXPECT_FALSE(context.charge(400));
    EXPECT_EQ(context.available(), 600u);
    EXPECT_TRUE(context.charge(600));
    EXPECT_EQ(context.available(), 1000u);
    EXPECT_TRUE(context.charge(5000)); // an overrun is forgiven
    EXPECT_EQ(context.available(), 1000u);
}

TEST(Sporadic, ComesBackOnePeriodAfterItWasUsed)
{
    SchedContext context;
    context.configure(10'000, 100'000);
    context.unblock(5'000);
    EXPECT_EQ(context.available(), 10'000u);
    EXPECT_TRUE(context.charge(10'000));
    EXPECT_EQ(context.release_time(), 105'000u);
    EXPECT_FALSE(context.ready(104'999));
    EXPECT_TRUE(context.ready(105'000));
    EXPECT_EQ(context.available(), 10'000u);
}

TEST(Sporadic, KeepsWhatWasNotUsed)
{
    SchedContext context;
    context.configure(10'000, 100'000);
    context.unblock(0);
    EXPECT_FALSE(context.charge(4'000));
    context.unblock(50'000);
    EXPECT_EQ(context.available(), 6'000u);
    EXPECT_TRUE(context.charge(6'000));
    EXPECT_EQ(context.release_time(), 100'000u);
    EXPECT_EQ(context.available(), 4'000u);
}

TEST(Sporadic, PaysAnOverrunFromTheNextRefill)
{
    SchedContext context;
    context.configure(10'000, 100'000);
    context.unblock(0);
    EXPECT_TRUE(context.charge(12'000));
    EXPECT_GE(context.release_time(), 100'000u);
    EXPECT_EQ(context.available(), 8'000u);
}

/// Runs for random times after random pauses, and checks every window of one period.
TEST(Sporadic, GivesNoWindowMoreThanTheBudget)
{
    struct Run {
        Ticks start;
        Ticks end;
    };
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937_64 random{seed};
        const Ticks     budget = 2'000 + random() % 50'000;
        const Ticks     period = budget + 1'000 + random() % 200'000;
        SchedContext    context;
        context.configure(budget, period);
        std::vector<Run> runs;
        Ticks            now = 0;
        for (int i = 0; i < 400; ++i) {
            now += random() % (period / 2);
            context.unblock(now);
            if (!context.ready(now)) {
                now = context.release_time();
                context.unblock(now);
            }
            const Ticks used = std::min<Ticks>(context.available(), 1 + random() % budget);
            runs.push_back({now, now + used});
            now += used;
            context.charge(used);
        }
        for (const Run& first : runs) {
            Ticks sum = 0;
            for (const Run& run : runs) {
                const Ticks start = std::max(run.start, first.start);
                const Ticks end   = std::min(run.end, first.start + period);
                sum += end > start ? end - start : 0;
            }
            ASSERT_LE(sum, budget) << "seed " << seed << " at " << first.start;
        }
    }
}

} // namespace
} // namespace kernel
