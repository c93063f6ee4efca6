// SPDX-License-Identifier: BSD-2-Clause
// Runs the conformance guest: each check that fails is a failure here, unless departures.txt names
// it.
#include "configuration.hpp"
#include "report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

namespace conformance {

void PrintTo(const Configuration& configuration, std::ostream* out) { *out << configuration.name; }

namespace {

class Machine : public testing::TestWithParam<Configuration> {};

TEST_P(Machine, IsWhatTheSpecificationsSay)
{
    const auto output     = run(GetParam());
    const auto report     = read_report(output);
    const auto departures = read_departures(departures_file(), GetParam().name);
    EXPECT_TRUE(report.complete) << output;
    EXPECT_GE(report.checks.size(), 500U);
    for (const auto& check : report.checks) {
        if (check.result == Result::fail && !departures.contains(check.name())) {
            ADD_FAILURE() << check.name() << ' ' << check.detail;
        }
    }
    RecordProperty("passed", static_cast<int>(report.count(Result::pass)));
    RecordProperty("failed", static_cast<int>(report.count(Result::fail)));
    RecordProperty("skipped", static_cast<int>(report.count(Result::skip)));
}

std::string test_name(const testing::TestParamInfo<Configuration>& info)
{
    auto name = info.param.name;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Usual, Machine,
                         testing::ValuesIn(usual_configurations().begin(),
                                           usual_configurations().end()),
                         test_name);

TEST(Report, ReadsWhatTheGuestPrints)
{
    const auto report = read_report("vmm: something else\r\n"
                                    "PASS A 1.2: one (of two)\r\n"
                                    "FAIL B: two (got 1, want 2)\r\n"
                                    "SKIP C: three (why)\n"
                                    "conformance: 3 checks: 1 passed, 1 failed, 1 skipped\n");
    ASSERT_EQ(report.checks.size(), 3U);
    EXPECT_TRUE(report.complete);
    EXPECT_EQ(report.checks[0].name(), "A 1.2: one (of two)");
    EXPECT_EQ(report.checks[1].name(), "B: two");
    EXPECT_EQ(report.checks[1].detail, "(got 1, want 2)");
    EXPECT_EQ(report.count(Result::skip), 1U);
    EXPECT_FALSE(read_report("PASS A: b\nconformance: 2 checks: 2 passed").complete);
    EXPECT_FALSE(read_report("PASS A: b\n").complete);
}

TEST(Departures, AreThoseOfTheConfiguration)
{
    const auto found = read_departures("# where | what | why\n"
                                       "qemu-gicv2 | A: b | because\n"
                                       "qemu | C: d | for another reason\n"
                                       "portable | A: b | too\n",
                                       "qemu-gicv2-4");
    EXPECT_EQ(found, (Departures{{"A: b", "because"}, {"C: d", "for another reason"}}));
}

} // namespace
} // namespace conformance
