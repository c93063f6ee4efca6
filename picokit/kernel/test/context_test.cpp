// SPDX-License-Identifier: BSD-2-Clause
// Order of the saved registers, and what a supervisor may write into SPSR.
#include "kernel/context.hpp"
#include "kernel/native.hpp"

#include <gtest/gtest.h>
#include <numeric>
#include <set>

namespace kernel {
namespace {

TEST(Context, KeepsTheOrderOfUserContext)
{
    Context context;
    std::iota(context.words.begin(), context.words.end(), 0);
    // pc, sp, spsr, x0-x8, x16-x18, x29, x30, x9-x15, x19-x28, tpidr_el0, tpidrro_el0
    EXPECT_EQ(context.x(0), 3u);
    EXPECT_EQ(context.x(8), 11u);
    EXPECT_EQ(context.x(16), 12u);
    EXPECT_EQ(context.x(18), 14u);
    EXPECT_EQ(context.x(29), 15u);
    EXPECT_EQ(context.x(30), 16u);
    EXPECT_EQ(context.x(9), 17u);
    EXPECT_EQ(context.x(15), 23u);
    EXPECT_EQ(context.x(19), 24u);
    EXPECT_EQ(context.x(28), 33u);
    EXPECT_EQ(context[Word::tpidr_el0], 34u);
    std::set<std::uint64_t> all;
    for (unsigned i = 0; i <= 30; ++i) {
        all.insert(context.x(i));
    }
    EXPECT_EQ(all.size(), 31u);
}

constexpr std::uint64_t k_el1h_masked = 0x3c5;

TEST(SpsrFilter, LetsAVcpuBeAtEl0AndEl1)
{
    EXPECT_EQ(filter_spsr(k_el1h_masked, true, k_user_spsr), k_el1h_masked);
    EXPECT_EQ(filter_spsr(0x6000'0004, true, k_user_spsr), 0x6000'0004u);
    EXPECT_EQ(filter_spsr(0, true, k_user_spsr), 0u);
}

TEST(SpsrFilter, KeepsOnlyConditionFlagsOfOtherModes)
{
    for (const std::uint64_t mode : {0x8u, 0x9u, 0xcu, 0xdu, 0x10u, 0x1fu, 0x1u}) {
        EXPECT_EQ(filter_spsr(0xf000'0000 | mode, true, k_user_spsr),
                  0xf000'0000 | k_user_spsr.raw())
            << mode;
    }
}

TEST(SpsrFilter, NeverLetsAPdLeaveEl0)
{
    EXPECT_EQ(filter_spsr(k_el1h_masked, false, k_user_spsr), k_user_spsr.raw());
    EXPECT_EQ(filter_spsr(0x9000'0000, false, k_user_spsr), 0x9000'0000 | k_user_spsr.raw());
}

} // namespace
} // namespace kernel
