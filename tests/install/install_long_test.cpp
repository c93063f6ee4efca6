// SPDX-License-Identifier: BSD-2-Clause
// What takes long of tests/install: a Makefile around a layout, and a board that libvmm does not
// know.
#include "installed_tree.hpp"
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace {

using namespace system_test;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file)
{
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(InstallLong, MakeBuildsALayoutThatBoots)
{
    const InstalledTree tree;
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    const auto project = tree.project("make_layout");
    const auto made    = tree.make(project, k_gicv3);
    ASSERT_EQ(made.exit_code, 0) << made.text();
    EXPECT_THAT(boot_and_run(tree.prefix() / "share/libvmm/boards" / k_gicv3 / "board.json",
                             project / "build/appliance.img", "cat /proc/consoles"),
                testing::StartsWith("hvc0"));
    record("project_make", "a layout, built by Make: boots Debian");
}

TEST(InstallLong, ProjectsHaveBoardsOfTheirOwn)
{
    const InstalledTree tree;
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    const auto by_cmake = tree.project("cmake_system");
    const auto board    = tree.add_board(by_cmake / "boards");
    const auto built    = tree.cmake(by_cmake, "acme");
    ASSERT_EQ(built.exit_code, 0) << built.text();
    (void)boot_until(board, by_cmake / "build/greeting.img", "greeter: a project of its own");

    const auto by_make  = tree.project("make_system");
    const auto board_of = tree.add_board(by_make / "boards");
    const auto made     = tree.make(by_make, "acme");
    ASSERT_EQ(made.exit_code, 0) << made.text();
    (void)boot_until(board_of, by_make / "build/greeting.img", "greeter: a project of its own");
    record("project_board", "a board of the project's own, by CMake and by Make: boots");
}

// LIBVMM_BOARD_PATH as the shell means it, and not as it was when the folder was configured.
TEST(InstallLong, BoardsInFoldersOfTheirOwn)
{
    const InstalledTree tree;
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    const auto project = tree.project("cmake_system");
    std::ofstream(project / "vmm.json") << R"({ "name": "greeting", "board": "acme" })";
    fs::create_directories(project / "deep");
    const auto first  = tree.add_board(project / "first");
    const auto second = tree.add_board(project / "second");

    const auto built = tree.front_door({"LIBVMM_BOARD_PATH=../first"}, project / "deep", {"build"});
    ASSERT_EQ(built.exit_code, 0) << built.text();
    const auto made = project / "build/acme/debug";
    (void)boot_until(first, made / "greeting.img", "greeter: a project of its own");
    EXPECT_THAT(text_of(made / "greeting.json"), testing::HasSubstr(first.string()));

    const auto again = tree.front_door({"LIBVMM_BOARD_PATH=second:first"}, project, {"build"});
    ASSERT_EQ(again.exit_code, 0) << again.text();
    EXPECT_THAT(text_of(made / "greeting.json"), testing::HasSubstr(second.string()));
}

// What a layout names later is built then.
TEST(InstallLong, ALayoutThatGrowsHasItsNewComponents)
{
    const InstalledTree tree;
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    const auto project    = tree.project("cmake_layout");
    const auto layout     = project / "appliance.layout.xml";
    const auto components = project / "build/libvmm/components";

    const auto before = text_of(layout);
    const auto built  = tree.cmake(project, k_gicv2);
    ASSERT_EQ(built.exit_code, 0) << built.text();
    EXPECT_FALSE(fs::exists(components / "drivers/entropy/virtio/entropy_virtio.elf"));

    auto text = before;
    text.replace(text.find("<guest"), 0, "<entropy name=\"rng\" device=\"virtio_mmio.28\" />\n");
    text.replace(text.find("</guest>"), 0, "<entropy entropy=\"rng\" />\n");
    std::ofstream(layout) << text;
    const auto grown = tree.cmake(project, k_gicv2);
    ASSERT_EQ(grown.exit_code, 0) << grown.text();
    EXPECT_TRUE(fs::exists(components / "drivers/entropy/virtio/entropy_virtio.elf"));

    // One that is wrong is refused in sysgen's words, before anything else is built.
    std::ofstream(layout) << "<system><guest /></system>";
    const auto wrong = tree.cmake(project, k_gicv2);
    EXPECT_NE(wrong.exit_code, 0);
    EXPECT_THAT(wrong.text(), testing::HasSubstr("appliance.layout.xml:1: error: "));
    EXPECT_FALSE(fs::exists(components / "drivers/blk/virtio/blk_virtio.elf"));
    std::ofstream(layout) << before;
    EXPECT_EQ(tree.cmake(project, k_gicv2).exit_code, 0);
}

} // namespace
