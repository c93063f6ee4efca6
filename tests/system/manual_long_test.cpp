// SPDX-License-Identifier: BSD-2-Clause
// The manual's pages that take minutes to follow.
#include "linux_guest.hpp"
#include "manual_page.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace system_test;

class LongManual : public testing::TestWithParam<std::string> {};

TEST_P(LongManual, CanBeFollowed)
{
    const auto wrong = follow(GetParam());
    EXPECT_TRUE(wrong.empty()) << wrong;
    record("manual_" + GetParam(), "docs/manual/" + GetParam() + ".md");
}

INSTANTIATE_TEST_SUITE_P(All, LongManual, testing::ValuesIn(pages(true)),
                         [](const auto& parameter) {
                             std::string name = parameter.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LongManual);

} // namespace
