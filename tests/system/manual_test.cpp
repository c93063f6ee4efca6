// SPDX-License-Identifier: BSD-2-Clause
// The manual's pages, followed to the letter: each command is run, and prints what the page says.
#include "front_door.hpp"
#include "manual_page.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace {

using namespace system_test;
namespace fs = std::filesystem;

std::string read(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class Manual : public testing::TestWithParam<std::string> {};

TEST_P(Manual, CanBeFollowed)
{
    const auto wrong = follow(GetParam());
    EXPECT_TRUE(wrong.empty()) << wrong;
}

INSTANTIATE_TEST_SUITE_P(All, Manual, testing::ValuesIn(pages(false)), [](const auto& parameter) {
    std::string name = parameter.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

/// Tables of messages, below "<!-- messages of FOLDER -->": the first column is in FOLDER's
/// sources.
TEST(ManualPage, ItsMessagesAreTheCodes)
{
    static const std::regex k_table("\n<!-- messages of (\\S+) -->\n\n((\\|.*\n)+)");
    static const std::regex k_row("\n\\| `([^`]+)` \\|");
    unsigned                found = 0;
    for (const auto& entry : fs::directory_iterator(root() / "docs/manual")) {
        const auto page = entry.is_regular_file() ? read(entry.path()) : "";
        for (std::sregex_iterator table(page.begin(), page.end(), k_table), end; table != end;
             ++table) {
            std::string sources;
            for (const auto& source : fs::directory_iterator(root() / (*table)[1].str())) {
                sources += source.is_regular_file() ? read(source.path()) : "";
            }
            const auto rows = (*table)[2].str();
            for (std::sregex_iterator row(rows.begin(), rows.end(), k_row); row != end; ++row) {
                EXPECT_TRUE(sources.contains((*row)[1].str())) << entry.path() << ": " << (*row)[1];
                ++found;
            }
        }
    }
    EXPECT_GE(found, 10U);
}

TEST(ManualPage, IsReadAsStepsInItsOrder)
{
    const auto steps = read_page("# Page\n"
                                 "<!-- file a/b.txt -->\n"
                                 "```xml\n<a />\n```\n"
                                 "<!-- while ./run x -->\n"
                                 "<!-- exit 3 -->\n"
                                 "```console\n$ one \\\n  more\nsays\n$ two\n```\n"
                                 "```sh\nnot run\n```\n"
                                 "<!-- not run: needs a board -->\n"
                                 "```console\n$ three\n```\n"
                                 "<!-- in c -->\n"
                                 "```cpp\nint x;\n```\n");
    ASSERT_EQ(steps.size(), 6U);
    EXPECT_EQ(steps[0].kind, Step::Kind::file);
    EXPECT_EQ(steps[0].file, "a/b.txt");
    EXPECT_EQ(steps[0].text, "<a />\n");
    EXPECT_EQ(steps[1].kind, Step::Kind::begin_meanwhile);
    EXPECT_EQ(steps[1].text, "./run x");
    EXPECT_EQ(steps[2].text, "one \\\n  more");
    EXPECT_EQ(steps[2].expected, "says\n");
    EXPECT_EQ(steps[2].exit_code, 0);
    EXPECT_EQ(steps[2].line, 9);
    EXPECT_EQ(steps[3].text, "two");
    EXPECT_EQ(steps[3].exit_code, 3);
    EXPECT_EQ(steps[4].kind, Step::Kind::end_meanwhile);
    EXPECT_EQ(steps[5].kind, Step::Kind::quotation);
    EXPECT_EQ(steps[5].file, "c");
}

TEST(ManualPage, WhatIsPrintedIsComparedLineByLine)
{
    EXPECT_EQ(mismatch("", ""), "");
    EXPECT_EQ(mismatch("a\nb\n", "a\nb\n"), "");
    EXPECT_EQ(mismatch("a\nb\n", "-- building the tools\na \r\n\x1b[1mb\x1b[0m\n"), "");
    EXPECT_EQ(mismatch("…\nb\n…\n", "b\n"), "");
    EXPECT_EQ(mismatch("a\n…\nb\n", "a\nx\nb\ny\nb\n"), "");
    EXPECT_EQ(mismatch("[…] at …, ok\n", "[1.25] at 0x40, ok\n"), "");
    EXPECT_EQ(mismatch("a…\n", "a\n"), "");
    // What differs is named.
    EXPECT_EQ(mismatch("a\nb\n", "a\nc\n"), "b");
    EXPECT_EQ(mismatch("a\nb\n", "a\nx\nb\n"), "b");
    EXPECT_EQ(mismatch("[…] ok\n", "[1] not ok at all\n"), "[…] ok");
    EXPECT_EQ(mismatch("a\n", "a\nmore\n"), "(the end, after \"a\")");
    EXPECT_EQ(mismatch("…\nc\n", "a\nb\n"), "c");
}

} // namespace
