// SPDX-License-Identifier: BSD-2-Clause
// Projects of others, built against an installed libvmm: what a user has after `cmake --install`.
#include "installed_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace {

using namespace system_test;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Install, CMakeAndMakeBuildProjectsThatBoot)
{
    const InstalledTree tree;
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    const auto share = tree.prefix() / "share/libvmm";
    const auto board = share / "boards" / k_gicv2 / "board.json";

    const auto by_cmake = tree.project("cmake_system");
    const auto built    = tree.cmake(by_cmake, k_gicv2);
    ASSERT_EQ(built.exit_code, 0) << built.text();
    (void)boot_until(board, by_cmake / "build/greeting.img", "greeter: a project of its own");

    const auto by_make = tree.project("make_system");
    const auto made    = tree.make(by_make, k_gicv2);
    ASSERT_EQ(made.exit_code, 0) << made.text();
    (void)boot_until(board, by_make / "build/greeting.img", "greeter: a project of its own");

    const auto layout = tree.project("cmake_layout");
    const auto guest  = tree.cmake(layout, k_gicv2);
    ASSERT_EQ(guest.exit_code, 0) << guest.text();
    EXPECT_THAT(boot_and_run(board, layout / "build/appliance.img",
                             "uname -m; cat /proc/consoles | cut -d' ' -f1"),
                HasSubstr("aarch64\nhvc0"));

    // Of the components those that the layout names.
    const auto components = layout / "build/libvmm/components";
    EXPECT_TRUE(fs::exists(components / "drivers/serial/pl011/serial_pl011.elf"));
    EXPECT_FALSE(fs::exists(components / "drivers/blk/virtio/blk_virtio.elf"));
    EXPECT_FALSE(fs::exists(components / "virtualisers/serial/tx/serial_virt_tx_labels.elf"));

    // Nothing is taken from the tree that it was installed from.
    std::ifstream     ninja(layout / "build/build.ninja");
    const std::string rules{std::istreambuf_iterator<char>(ninja), {}};
    EXPECT_FALSE(rules.contains((root() / "lib").string())) << "build.ninja names the source tree";
    EXPECT_FALSE(rules.contains((root() / "build").string()))
        << "build.ninja names the source tree";
}

TEST(Install, SaysWhatIsMissing)
{
    const InstalledTree tree(Installed::below_destdir);
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    // Boards in folders of LIBVMM_BOARD_PATH: found from where one stands, and before all others.
    const std::string path    = "LIBVMM_BOARD_PATH=/nowhere::elsewhere";
    const auto        project = tree.project("cmake_system");
    tree.add_board(project / "elsewhere");
    EXPECT_THAT(tree.front_door({path}, project, {"boards", "--json"}).output,
                HasSubstr((project / "elsewhere/acme").string()));
    EXPECT_THAT(
        tree.cmake(project, "toaster", {path, "PWD=" + project.string()}).errors,
        AllOf(HasSubstr("There is no board 'toaster'"), HasSubstr("acme,"), HasSubstr("odroidc4")));

    const auto layout = tree.project("cmake_layout");
    std::ofstream(layout / "CMakeLists.txt", std::ios::app)
        << "vmm_guest(appliance_vmm KERNEL ${VMM_GUEST_DIR}/plan9)\n";
    EXPECT_THAT(tree.cmake(layout, k_gicv2).errors, AllOf(HasSubstr("There is no guest image"),
                                                          HasSubstr("plan9"), HasSubstr("linux,")));

    const auto makefile = tree.project("make_system");
    tree.add_board(makefile / "elsewhere");
    EXPECT_THAT(tree.make(makefile, "toaster").errors, HasSubstr("There is no board 'toaster'"));
    EXPECT_THAT(tree.make(makefile, "acme", {path, "--dry-run"}).output,
                HasSubstr("elsewhere/acme/board.dts"));
}

// The usual words of CMake, in a build with tests: nothing would be installed, and nobody told.
TEST(Install, ABuildWithTestsSaysThatItHasNothing)
{
    const auto folder = fs::path(testing::TempDir()) / ("nothing-" + std::to_string(::getpid()));
    const auto call   = command({"cmake", "--install", root() / "build/test", "--prefix", folder},
                                fs::path(testing::TempDir()));
    EXPECT_NE(call.exit_code, 0);
    EXPECT_THAT(call.errors, HasSubstr("cmake --preset host"));
    EXPECT_FALSE(fs::exists(folder));
}

} // namespace
