// SPDX-License-Identifier: BSD-2-Clause
// Documents and headers become the pages that the manual's generator wants.
#include "reference.hpp"
#include "site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

TEST(Pages, TheIndexIsTheNavigation)
{
    const auto parts =
        manual::parts_of("# Manual\n[x](no.md)\n## One\n- [A](a.md): about a\n"
                         "- [B](../../examples/b/README.md)\n## Empty\n## Two\n- [C](c.md)\n");
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].title, "One");
    ASSERT_EQ(parts[0].entries.size(), 2U);
    EXPECT_EQ(parts[0].entries[0].document, "docs/manual/a.md");
    EXPECT_EQ(parts[0].entries[1].document, "examples/b/README.md");
    EXPECT_THAT(manual::contents(parts, {{"More", "api/index"}}),
                HasSubstr(":caption: One\n\nA <a>\nB <examples-b>\n"));
}

TEST(Pages, LinksLeadToPagesOrBecomeNames)
{
    const std::vector<std::string> documents{"docs/manual/a.md", "examples/b/README.md"};
    const auto                     text = [&](const char* line) {
        return manual::render("docs/manual/a.md", line, documents).text;
    };
    EXPECT_EQ(text("see [b](../../examples/b/README.md#what)."), "see [b](examples-b.md#what).\n");
    EXPECT_EQ(text("see [b](../../examples/b)."), "see [b](examples-b.md).\n");
    EXPECT_EQ(text("see [the other](../x/other.cpp)."), "see the other (`docs/x/other.cpp`).\n");
    EXPECT_EQ(text("see [`lib/x.hpp`](../../lib/x.hpp)."), "see `lib/x.hpp`.\n");
    EXPECT_EQ(text("[w](https://w.example/), [h](#h)"), "[w](https://w.example/), [h](#h)\n");
}

TEST(Pages, ImagesComeAlong)
{
    const auto page = manual::render("docs/manual/a.md", "![a](../a.svg)\n", {"docs/manual/a.md"});
    EXPECT_EQ(page.text, "![a](images/a.svg)\n");
    EXPECT_THAT(page.images, ElementsAre(Pair("a.svg", "docs/a.svg")));
}

TEST(Pages, BlocksOfCodeStayAsTheyAreAndSayWhereTheyAreFrom)
{
    EXPECT_EQ(
        manual::render("docs/manual/a.md", "<!-- from x.cpp -->\n```cpp\n[a](b)\n```\n", {}).text,
        "```{code-block} cpp\n:caption: x.cpp\n\n[a](b)\n```\n");
}

/// What Doxygen writes for one header with a class and an entry point.
class Doxygen : public testing::Test {
protected:
    Doxygen()
    {
        write("lib/vmm/include/vmm/a.hpp",
              "// SPDX-License-Identifier: BSD-2-Clause\n// All of <it>.\n#pragma once\n");
        const auto place = [&](int line) {
            return "<location file=\"" + (root_ / "lib/vmm/include/vmm/a.hpp").string() +
                   "\" line=\"" + std::to_string(line) + "\"/>";
        };
        write("xml/index.xml", R"(<doxygenindex><compound refid="a_8hpp" kind="file"/>
            <compound refid="namespacevmm" kind="namespace"/><compound refid="classvmm_1_1A" kind="class"/></doxygenindex>)");
        write("xml/a_8hpp.xml",
              R"(<doxygen><compounddef id="a_8hpp" kind="file"><compoundname>a.hpp</compoundname>
            <sectiondef><memberdef kind="function" id="a_8hpp_1f" prot="public"><definition>void init</definition>
            <argsstring>()</argsstring><name>init</name><briefdescription><para>Runs once, see <ref refid="classvmm_1_1A">A</ref>.</para></briefdescription>)" +
                  place(30) + "</memberdef></sectiondef>" + place(1) + "</compounddef></doxygen>");
        write("xml/namespacevmm.xml", R"(<doxygen><compounddef id="namespacevmm" kind="namespace">
            <compoundname>vmm</compoundname></compounddef></doxygen>)");
        write(
            "xml/classvmm_1_1A.xml",
            R"(<doxygen><compounddef id="classvmm_1_1A" kind="class" prot="public" final="yes">
            <compoundname>vmm::A</compoundname><sectiondef><memberdef kind="function" id="classvmm_1_1A_1g" prot="public">
            <definition>bool vmm::A::go</definition><argsstring>(int &amp;n, int m=1)</argsstring><name>go</name>
            <qualifiedname>vmm::A::go</qualifiedname><detaileddescription><para>Goes <computeroutput>n</computeroutput> *steps*.</para></detaileddescription>)" +
                place(12) +
                R"(</memberdef><memberdef kind="variable" id="classvmm_1_1A_1v" prot="private"><definition>int vmm::A::hidden_</definition>
            <name>hidden_</name><qualifiedname>vmm::A::hidden_</qualifiedname>)" +
                place(20) + "</memberdef></sectiondef>" + place(10) + "</compounddef></doxygen>");
    }
    ~Doxygen() override { std::filesystem::remove_all(root_); }

    void write(const std::string& name, const std::string& text) const
    {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << text;
    }

    const std::filesystem::path root_ = std::filesystem::weakly_canonical(testing::TempDir()) /
                                        ("pages_" + std::to_string(::getpid()));
};

TEST_F(Doxygen, BecomesAPageForEachHeader)
{
    const auto pages = manual::reference(root_ / "xml", root_);
    ASSERT_THAT(pages, testing::Contains(Key("vmm-a.md")));
    const auto& page = pages.at("vmm-a.md");
    EXPECT_THAT(page, HasSubstr("# vmm/a.hpp\n\nAll of \\<it\\>.\n"));
    EXPECT_THAT(page, HasSubstr("## `A`\n\n```cpp\nclass A final\n```\n"));
    EXPECT_THAT(page, HasSubstr("### `A::go()`\n\n```cpp\nbool go(int& n, int m = 1);\n```\n\nGoes "
                                "`n` \\*steps\\*.\n"));
    EXPECT_THAT(
        page,
        HasSubstr(
            "## `init()`\n\n```cpp\nvoid init();\n```\n\nRuns once, see [A](classvmm_1_1A).\n"));
    EXPECT_THAT(page, Not(HasSubstr("hidden_")));
    EXPECT_THAT(pages.at("lib-vmm.md"), HasSubstr("| [vmm/a.hpp](vmm-a.md) | All of \\<it\\>. |"));
}

TEST_F(Doxygen, ThatIsMissingIsSaid)
{
    EXPECT_THROW((void)manual::reference(root_ / "none", root_), std::runtime_error);
}

} // namespace
