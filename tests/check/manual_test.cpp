// SPDX-License-Identifier: BSD-2-Clause
// The comparison of the manual with the code finds what it is for.
#include "manual.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A project with these files, gone at the end.
class Project {
public:
    Project() { std::filesystem::create_directories(root_); }
    ~Project() { std::filesystem::remove_all(root_); }
    Project(const Project&)            = delete;
    Project& operator=(const Project&) = delete;

    Project& with(const std::string& name, const std::string& text)
    {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << text;
        return *this;
    }
    [[nodiscard]] const std::filesystem::path& root() const { return root_; }

private:
    std::filesystem::path root_ =
        std::filesystem::path(testing::TempDir()) / ("manual_" + std::to_string(::getpid()));
};

TEST(Manual, AnchorsAreThoseOfTheHeadings)
{
    EXPECT_EQ(check::anchor_of("When `it` dies, (why)"), "when-it-dies-why");
    Project project;
    project.with("docs/a.md", "# One thing\n```\n# no heading\n```\n");
    EXPECT_THAT(
        check::check_anchors(project.root(), "docs/b.md", "[x](a.md#one-thing)\n# B\n[y](#b)\n"),
        IsEmpty());
    EXPECT_THAT(check::check_anchors(project.root(), "docs/b.md", "[x](a.md#no-heading)\n"),
                ElementsAre("docs/b.md:1: there is no heading for #no-heading"));
}

TEST(Manual, BlocksSayWhereTheyComeFrom)
{
    EXPECT_THAT(check::check_blocks("docs/manual/a.md",
                                    "<!-- from a.cpp -->\n```cpp\n```\n\n```console\n```\n"),
                IsEmpty());
    EXPECT_THAT(check::check_blocks("docs/manual/a.md", "text\n```cpp\n```\n"),
                ElementsAre("docs/manual/a.md:2: this block does not say where it comes from (<!-- "
                            "from FILE -->)"));
    EXPECT_THAT(check::check_blocks("lib/a.md", "text\n```cpp\n```\n"), IsEmpty());
}

TEST(Manual, EachPageIsListed)
{
    Project project;
    project.with("docs/a.md", "")
        .with("docs/b.md", "")
        .with("docs/index.md", "## A\n- [a](a.md): first\n");
    EXPECT_THAT(check::check_index(project.root(), "docs/index.md"),
                ElementsAre("docs/index.md: b.md is not listed"));
}

TEST(Manual, FeatureBitsAreThoseOfTheCode)
{
    Project project;
    project
        .with("lib/virtio/include/virtio/console.hpp",
              "k_feature_size        = 1;\nk_feature_multiport = 2;\n")
        .with("lib/virtio/include/virtio/block.hpp",
              "std::uint64_t k_feature_flush     = 1ULL << 9;\n")
        .with("page.md", "## Console\n| SIZE | 0 | x |\n| MULTIPORT | 2 | x |\n## Disk\n| FLUSH | "
                         "9 | x |\n| RO | 5 | x |\n");
    EXPECT_THAT(
        check::check_features(project.root(), "page.md"),
        ElementsAre("page.md: \"Console\" should have MULTIPORT as bit 1: "
                    "lib/virtio/include/virtio/console.hpp",
                    "page.md: \"Disk\" has RO, and lib/virtio/include/virtio/block.hpp has not"));
}

TEST(Manual, LayoutsAreThoseOfSysgen)
{
    Project project;
    project
        .with("tools/sysgen/a.cpp",
              "TRY(document.allow(node, {\"name\", \"device\"}));\n{\"disk\", {\"queues\"}},")
        .with("page.md", "`name`, `queues`\n");
    EXPECT_THAT(check::check_layout(project.root(), "page.md"),
                ElementsAre("page.md: sysgen takes 'device', which is not described"));
}

} // namespace
