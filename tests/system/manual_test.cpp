// SPDX-License-Identifier: BSD-2-Clause
// The manual's pages, followed to the letter: each command is run, and prints what the page says.
#include "manual_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace system_test;

class Manual : public testing::TestWithParam<std::string> {};

TEST_P(Manual, CanBeFollowed) { EXPECT_THAT(follow(GetParam()), testing::IsEmpty()); }

INSTANTIATE_TEST_SUITE_P(All, Manual, testing::ValuesIn(pages(false)), [](const auto& parameter) {
    std::string name = parameter.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

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
