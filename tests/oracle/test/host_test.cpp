// SPDX-License-Identifier: BSD-2-Clause
// The parts of the oracle that need no machine.
#include "compare.hpp"
#include "departures.hpp"
#include "generator.hpp"
#include "priorities.hpp"
#include "shrink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace {

using namespace oracle;
using testing::HasSubstr;

TEST(OracleSequence, SurvivesItsText)
{
    for (const unsigned gic : {2U, 3U}) {
        const auto sequence = generate({gic, 4}, 7, 3000, {});
        const auto again    = parse_sequence(format(sequence));
        ASSERT_TRUE(again) << again.error();
        EXPECT_EQ(again->machine, sequence.machine);
        EXPECT_EQ(again->operations, sequence.operations);
        EXPECT_EQ(again->grouped, sequence.grouped);
        EXPECT_EQ(again->priorities, sequence.priorities);
    }
}

TEST(OracleSequence, ALineThatIsNoOperationIsNamed)
{
    for (const auto* line : {"0 jump 5", "0 read gicd", "0 write gicd 0x100 4 plain", "x read",
                             "0 end now", "0 mrs NOTHING_EL1"}) {
        const auto sequence = parse_sequence(std::string{"gic 3\n"} + line + "\n");
        ASSERT_FALSE(sequence) << line;
        EXPECT_THAT(sequence.error(), HasSubstr(line));
    }
}

TEST(OracleGenerator, TheSameSeedGivesTheSameSequence)
{
    EXPECT_EQ(generate({3, 2}, 5, 1000, {}).operations, generate({3, 2}, 5, 1000, {}).operations);
    EXPECT_NE(generate({3, 2}, 5, 1000, {}).operations, generate({3, 2}, 6, 1000, {}).operations);
    EXPECT_FALSE(mix_without("timer,nonsense"));
    const auto mix = mix_without("timer,wait");
    ASSERT_TRUE(mix);
    for (const auto& operation : generate({2, 1}, 1, 2000, *mix).operations) {
        EXPECT_NE(operation.kind, Kind::timer);
        EXPECT_NE(operation.kind, Kind::wait);
    }
}

TEST(OracleGenerator, NoTwoInterruptsShareAPriority)
{
    const Priorities       priorities(3);
    std::set<std::uint8_t> seen;
    for (const auto intid : k_pool) {
        EXPECT_TRUE(seen.insert(priorities.of(intid, 0)).second);
        EXPECT_TRUE(seen.insert(priorities.of(intid, 1)).second);
    }
}

TEST(OracleShrink, FindsTheOperationsThatMatter)
{
    const auto all   = generate({2, 1}, 1, 500, {}).operations;
    unsigned   tries = 0;
    const auto small = shrink(all, [&](const std::vector<Operation>& some) {
        ++tries;
        const auto has = [&](std::uint32_t number) {
            return std::ranges::any_of(some, [&](const auto& op) { return op.number == number; });
        };
        return has(17) && has(400);
    });
    ASSERT_EQ(small.size(), 2U);
    EXPECT_EQ(small[0].number, 17U);
    EXPECT_EQ(small[1].number, 400U);
    EXPECT_LT(tries, 200U);
}

Sequence three_reads()
{
    Sequence sequence;
    sequence.operations.resize(3);
    return sequence;
}

Record record(std::uint32_t operation, std::uint64_t value)
{
    return {operation, 0, What::value, 0, value};
}

TEST(OracleCompare, ShowsTheFirstDisagreement)
{
    const Log  reference{{record(0, 1), record(1, 5), record(2, 3)}, true, {}};
    const Log  ours{{record(0, 1), record(1, 6), record(2, 4)}, true, {}};
    const auto result = compare(three_reads(), reference, ours);
    EXPECT_EQ(result.operations, 1U);
    EXPECT_EQ(result.at, 1U);
    ASSERT_TRUE(result.disagreement);
    EXPECT_THAT(*result.disagreement, HasSubstr("operation 1 of 3 disagrees"));
    EXPECT_THAT(*result.disagreement, HasSubstr("CPU 0 value: 0x5"));
    EXPECT_THAT(*result.disagreement, HasSubstr("CPU 0 value: 0x6"));
    EXPECT_FALSE(compare(three_reads(), reference, reference).disagreement);
}

TEST(OracleCompare, ALogThatEndsEarlyDisagrees)
{
    const Log reference{{record(0, 1), record(1, 5), record(2, 3)}, true, {}};
    Log       ours = reference;
    ours.records.pop_back();
    EXPECT_EQ(compare(three_reads(), reference, ours).at, 2U);
    ours              = reference;
    ours.finished     = false;
    ours.console      = "it fell over";
    const auto result = compare(three_reads(), reference, ours);
    ASSERT_TRUE(result.disagreement);
    EXPECT_THAT(*result.disagreement, HasSubstr("it fell over"));
}

TEST(OracleCompare, EveryDepartureNamesItsClause)
{
    std::set<std::string> names;
    for (const auto& row : departures()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_THAT(row.clause,
                    testing::AnyOf(HasSubstr("IHI 00"), HasSubstr("DEN00"), HasSubstr("DDI 0487")))
            << row.name;
        EXPECT_GT(std::string_view{row.why}.size(), 20U) << row.name;
    }
}

TEST(OracleCompare, ADepartureIsCounted)
{
    auto sequence                = three_reads();
    sequence.operations[1].kind  = Kind::call;
    sequence.operations[1].where = 0x8000'0000; // SMCCC_VERSION
    const Log  reference{{record(0, 1), record(1, ~0ULL), record(2, 3)}, true, {}};
    const Log  ours{{record(0, 1), record(1, 0x1'0001), record(2, 3)}, true, {}};
    const auto result = compare(sequence, reference, ours);
    EXPECT_FALSE(result.disagreement) << *result.disagreement;
    EXPECT_EQ(result.departures, (Departures{{"smccc-1.1", 1}}));
}

} // namespace
