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

/// A board of the project's own: QEMU's virt under another name.
fs::path add_board(const InstalledTree& tree, const fs::path& project)
{
    const auto given = tree.prefix() / "share/libvmm/boards" / k_gicv2;
    const auto own   = project / "boards/acme";
    fs::create_directories(own);
    fs::copy(given / "board.dts", own / "board.dts");
    std::ifstream json(given / "board.json");
    std::string   text{std::istreambuf_iterator<char>(json), {}};
    const auto    name = text.find(k_gicv2);
    EXPECT_NE(name, text.npos);
    std::ofstream(own / "board.json") << text.replace(name, std::string(k_gicv2).size(), "acme");
    return own / "board.json";
}

TEST(InstallLong, ProjectsHaveBoardsOfTheirOwn)
{
    const InstalledTree tree;
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    const auto by_cmake = tree.project("cmake_system");
    const auto board    = add_board(tree, by_cmake);
    const auto built    = tree.cmake(by_cmake, "acme");
    ASSERT_EQ(built.exit_code, 0) << built.text();
    (void)boot_until(board, by_cmake / "build/greeting.img", "greeter: a project of its own");

    const auto by_make  = tree.project("make_system");
    const auto board_of = add_board(tree, by_make);
    const auto made     = tree.make(by_make, "acme");
    ASSERT_EQ(made.exit_code, 0) << made.text();
    (void)boot_until(board_of, by_make / "build/greeting.img", "greeter: a project of its own");
    record("project_board", "a board of the project's own, by CMake and by Make: boots");
}

} // namespace
