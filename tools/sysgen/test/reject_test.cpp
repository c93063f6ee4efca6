// SPDX-License-Identifier: BSD-2-Clause
// Every file of reject/ is refused with the message that its last comment holds, and a hint.
#include "kit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files()
{
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator{fs::path{SYSGEN_TEST_DIR} / "reject"}) {
        found.push_back(entry.path());
    }
    return found;
}

std::string wanted(const std::string& text)
{
    const auto begin = text.rfind("<!-- ") + 5;
    return text.substr(begin, text.rfind(" -->") - begin);
}

class Reject : public testing::TestWithParam<fs::path> {};

TEST_P(Reject, HasItsMessage)
{
    const auto text   = sysgen::test::read_text(GetParam());
    const auto layout = sysgen::test::expand(text);
    ASSERT_FALSE(layout);
    const auto& error = layout.error();
    EXPECT_EQ(error.line != 0 ? fmt::format("{}: {}", error.line, error.what) : error.what,
              wanted(text));
    EXPECT_FALSE(error.hint.empty());
}

INSTANTIATE_TEST_SUITE_P(Layouts, Reject, testing::ValuesIn(files()), [](const auto& file) {
    const auto name = file.param.filename().string();
    return name.substr(0, name.find('.'));
});

} // namespace
