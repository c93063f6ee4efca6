// SPDX-License-Identifier: BSD-2-Clause
// What every folder of boards/ must say.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Boards, SayWhatHasRunOnThem)
{
    unsigned count = 0;
    for (const auto& folder : std::filesystem::directory_iterator(BOARDS_SOURCE)) {
        std::ifstream file{folder.path() / "board.json"};
        if (!file) {
            continue;
        }
        const auto facts = json::parse(file);
        EXPECT_EQ(facts.value("name", ""), folder.path().filename());
        const auto status = facts.value("status", "");
        EXPECT_THAT(status, HasSubstr(facts.contains("qemu") ? "boots in the" : "built, not run"))
            << folder.path();
        ++count;
    }
    EXPECT_GE(count, 9U);
}

} // namespace
