// SPDX-License-Identifier: BSD-2-Clause
// Projects of others, built against an installed libvmm: what a user has after `cmake --install`.
#include "installed_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

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

    // Nothing is taken from the tree that it was installed from.
    std::ifstream     ninja(layout / "build/build.ninja");
    const std::string rules{std::istreambuf_iterator<char>(ninja), {}};
    EXPECT_FALSE(rules.contains((root() / "lib").string())) << "build.ninja names the source tree";
    EXPECT_FALSE(rules.contains((root() / "build").string()))
        << "build.ninja names the source tree";
}

TEST(Install, SaysWhatIsMissing)
{
    const InstalledTree tree;
    ASSERT_EQ(tree.call().exit_code, 0) << tree.call().text();
    const auto project = tree.project("cmake_system");
    EXPECT_THAT(tree.cmake(project, "toaster").errors,
                AllOf(HasSubstr("There is no board 'toaster'"), HasSubstr("odroidc4, ")));
    const auto makefile = tree.project("make_system");
    EXPECT_THAT(tree.make(makefile, "toaster").errors, HasSubstr("There is no board 'toaster'"));
}

} // namespace
