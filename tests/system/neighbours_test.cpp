// SPDX-License-Identifier: BSD-2-Clause
// Several guests in one VMM and several VMMs in one system (tests/guests/neighbours): what ends one
// guest, or starts it again, is nothing to the others.
#include "front_door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;
using testing::HasSubstr;

std::size_t count(const std::string& text, std::string_view what)
{
    std::size_t found = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) {
        ++found;
    }
    return found;
}

class Neighbours : public testing::TestWithParam<const char*> {};

TEST_P(Neighbours, ComeAndGoWithoutMindingEachOther)
{
    const auto output = output_of(GetParam(), "neighbours", "neighbours");
    // The first does what it must not, three times; its VMM starts it again.
    EXPECT_EQ(count(output, "left| probe idle:10: 0x1\n"), 3U) << output;
    EXPECT_EQ(count(output, "vmm: guest \"left\" stopped: vCPU 0 read 4 bytes at 0x22000000"), 3U);
    EXPECT_THAT(output, HasSubstr("house: left has ended after 2 restarts\n"));
    // The second, in the same VMM, resets itself; it has both its CPUs each time.
    EXPECT_EQ(count(output, "right| probe: CPU 1 runs, MPIDR 0x1\n"), 3U) << output;
    EXPECT_EQ(count(output, "right| probe idle:15: 0x1\n"), 3U);
    EXPECT_THAT(output, HasSubstr("house: right has ended after 2 restarts\n"));
    // The third belongs to another VMM and outlives them, with a pause on the way.
    const auto paused = output.find("farm: paused and resumed\n");
    ASSERT_NE(paused, output.npos) << output;
    EXPECT_THAT(output.substr(paused), HasSubstr("farm| probe: end\n"));
    EXPECT_EQ(count(output, "vmm: guest \"farm\" stopped"), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, Neighbours, testing::Values(k_gicv2, k_gicv3), [](const auto& board) {
    return board.param == k_gicv2 ? "gicv2" : "gicv3";
});

} // namespace
