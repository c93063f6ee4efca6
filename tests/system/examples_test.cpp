// SPDX-License-Identifier: BSD-2-Clause
// Every example prints what its expect.txt says, on every board.
#include "front_door.hpp"
#include "qemu/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

namespace {

using namespace system_test;
using testing::HasSubstr;

class Example : public testing::TestWithParam<std::tuple<std::string, const char*>> {};

TEST_P(Example, PrintsWhatItMust)
{
    const auto& [name, board] = GetParam();
    if (const auto there = qemu::provide({8, 2}); name == "sound" && !there) {
        GTEST_SKIP() << there.error();
    }
    std::vector<std::string> words{name, "--board", board};
    // Their budgets are milliseconds of the machine's time, of which a busy host takes some away.
    if (name == "passive" || name == "ppc") {
        words.emplace_back("--icount");
    }
    const auto call = run(words);
    EXPECT_EQ(call.exit_code, 0) << call.text();
}

std::string test_name(const testing::TestParamInfo<Example::ParamType>& info)
{
    std::string name = std::get<0>(info.param);
    std::ranges::replace(name, '-', '_'); // which a test's name may not have
    return name + (std::get<1>(info.param) == k_gicv2 ? "_gicv2" : "_gicv3");
}
INSTANTIATE_TEST_SUITE_P(All, Example,
                         testing::Combine(testing::ValuesIn(examples()),
                                          testing::Values(k_gicv2, k_gicv3)),
                         test_name);

TEST(Sdk, AnotherDirectoryTakesThePlaceOfTheOwn)
{
    const auto call = run({"hello"}, {"MICROKIT_SDK=" + official_sdk("another_sdk")});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("hello, world"));
}

TEST(Sdk, OneThatIsNoneIsRefused)
{
    const auto call = run({"hello"}, {"MICROKIT_SDK=/usr"});
    EXPECT_EQ(call.exit_code, 1);
    EXPECT_THAT(call.errors, HasSubstr("there is no bin/microkit in it"));
}

TEST(Names, AnUnknownOneIsToldWhatThereIs)
{
    const auto call = run({"helo"});
    EXPECT_EQ(call.exit_code, 1);
    EXPECT_THAT(call.errors, HasSubstr("there is no example helo; there are: hello,"));
    EXPECT_THAT(run({"hello", "--board", "x"}).errors,
                HasSubstr("there is no board 'x'; there are: imx8mm_evk,"));
}

} // namespace
