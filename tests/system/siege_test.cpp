// SPDX-License-Identifier: BSD-2-Clause
// A hostile guest among good neighbours: some ten thousand requests. The million is in
// siege_long_test.cpp.
#include "front_door.hpp"
#include "siege.hpp"

#include <gtest/gtest.h>

namespace {

using namespace system_test;

class Siege : public testing::TestWithParam<const char*> {};

TEST_P(Siege, TheVmmAnswersAndNobodyElseNotices)
{
    besiege({.board = GetParam(), .seed = 1, .requests = 20'000});
}

INSTANTIATE_TEST_SUITE_P(All, Siege, testing::Values(k_gicv2, k_gicv3), [](const auto& board) {
    return board.param == k_gicv2 ? "gicv2" : "gicv3";
});

} // namespace
