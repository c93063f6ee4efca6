// SPDX-License-Identifier: BSD-2-Clause
// What is said of a folder that MICROKIT_SDK names and that will not do.
#include "sdk.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

/// A folder that looks like an SDK with one board, and goes away.
class SdkTest : public testing::Test {
protected:
    SdkTest()
    {
        fs::create_directories(sdk_ / "bin");
        fs::create_directories(sdk_ / "board/zcu102/debug");
        fs::create_directories(sdk_ / "board/zcu102/release");
        std::ofstream{sdk_ / "bin/microkit"} << "#!/bin/true\n";
        set_version("2.3.0\n");
    }
    ~SdkTest() override { fs::remove_all(sdk_); }

    void set_version(const std::string& text) { std::ofstream{sdk_ / "VERSION"} << text; }

    /// "" if the SDK will do.
    [[nodiscard]] std::string refusal(const std::string& board  = "zcu102",
                                      const std::string& config = "debug") const
    {
        const auto checked = vmm::check_sdk(sdk_.string(), board, config);
        return checked ? "" : checked.error();
    }

    [[nodiscard]] std::string text(const std::string& reason) const
    {
        return "MICROKIT_SDK=" + sdk_.string() + ": " + reason;
    }

    fs::path sdk_ = fs::temp_directory_path() / ("an sdk " + std::to_string(::getpid()));
};

TEST_F(SdkTest, OneThatHasTheBoardWillDo)
{
    EXPECT_EQ(refusal(), "");
    set_version("2.0.1-dev.14+cf88629");
    EXPECT_EQ(refusal(), "");
}

TEST_F(SdkTest, AFolderThatIsNoneIsToldFromOneThatIsNotThere)
{
    fs::remove(sdk_ / "bin/microkit");
    EXPECT_EQ(refusal(), text("there is no bin/microkit in it; name an unpacked SDK, or unset the "
                              "variable to use picokit"));
    fs::remove_all(sdk_);
    EXPECT_EQ(refusal(), text("there is no such folder; name an unpacked SDK, or unset the "
                              "variable to use picokit"));
}

TEST_F(SdkTest, AnOlderOneIsSaidToBeOlderWhateverBoardsItHas)
{
    set_version("1.4.1\n");
    EXPECT_EQ(refusal("odroidc4"), text("it has version 1.4.1; libvmm needs a Microkit SDK 2.x"));
    set_version("");
    EXPECT_EQ(refusal(), text("there is no version in its file VERSION; libvmm needs a Microkit "
                              "SDK 2.x"));
}

TEST_F(SdkTest, WhatItHasInPlaceOfABoardOrConfigurationIsSaid)
{
    fs::create_directories(sdk_ / "board/maaxboard/debug");
    EXPECT_EQ(refusal("qemu_virt_aarch64_gicv3"),
              text("it has no board qemu_virt_aarch64_gicv3; it has: maaxboard, zcu102"));
    EXPECT_EQ(refusal("zcu102", "benchmark"),
              text("it has no configuration benchmark of board zcu102; it has: debug, release"));
}

TEST_F(SdkTest, APathMayBeRelative)
{
    const auto relative = fs::relative(sdk_).string() + "/";
    const auto checked  = vmm::check_sdk(relative, "zcu102", "debug");
    ASSERT_TRUE(checked) << checked.error();
    EXPECT_EQ(*checked, fs::canonical(sdk_));
}

} // namespace
