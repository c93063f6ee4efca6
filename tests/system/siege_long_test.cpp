// SPDX-License-Identifier: BSD-2-Clause
// Long test: a million requests of the hostile guest, on each interrupt controller.
#include "front_door.hpp"
#include "linux_guest.hpp"
#include "siege.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace {

using namespace system_test;

class LongSiege : public testing::TestWithParam<const char*> {};

TEST_P(LongSiege, AMillionRequests)
{
    const auto output =
        besiege({.board = GetParam(), .config = "release", .seed = 2026, .requests = 1'000'000});
    if (HasFailure()) {
        return;
    }
    // What became of each attack, as the guest told it at the end.
    std::istringstream lines(output);
    std::string        table;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("hostile: ") &&
            (line.contains(" neither") || line.contains(" attacks, "))) {
            table += line.substr(std::string_view{"hostile: "}.size()) + "\n";
        }
    }
    record(std::string{"siege_"} + (GetParam() == std::string{k_gicv2} ? "gicv2" : "gicv3"), table);
}

INSTANTIATE_TEST_SUITE_P(All, LongSiege, testing::Values(k_gicv2, k_gicv3), [](const auto& board) {
    return board.param == k_gicv2 ? "gicv2" : "gicv3";
});

} // namespace
