// SPDX-License-Identifier: BSD-2-Clause
// Debian in a VM on boards that only a newer QEMU has, and for which ./test builds nothing else.
#include "front_door.hpp"
#include "linux_guest.hpp"
#include "qemu/machine.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace {

using namespace system_test;
using testing::HasSubstr;

/// A guest has the board's serial port: `console` is Linux' name of it, `interrupt` its line of
/// /proc/interrupts.
void boots_debian(const char* board, const char* console, const char* interrupt)
{
    const auto machine = qemu::read_board(root() / "boards" / board / "board.json");
    ASSERT_TRUE(machine) << machine.error();
    if (const auto there = qemu::provide(machine->version); !there) {
        GTEST_SKIP() << there.error();
    }
    const auto call = run({"simple", "--board", board, "--exec",
                           "uname -r; cat /proc/consoles; cat /proc/interrupts; seq 1 500"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("-arm64\n"));
    EXPECT_THAT(call.output, HasSubstr(std::string{"\n"} + console + " "));
    EXPECT_THAT(call.output, HasSubstr(interrupt));
    EXPECT_THAT(call.output, testing::EndsWith("499\n500\n"));
    if (!testing::Test::HasFailure()) {
        record(std::string{"boards_"} + board,
               fmt::format("{:<12} QEMU {} -machine {:<12} Linux {}, shell on {}", board,
                           machine->version.text(), machine->machine,
                           call.output.substr(0, call.output.find('\n')), console));
    }
}

TEST(Imx8mpEvk, BootsDebianToAShell)
{
    boots_debian("imx8mp_evk", "ttymxc0", "59 Level     30890000.serial");
}

TEST(RaspberryPi4, BootsDebianToAShell)
{
    boots_debian("rpi4b_1gb", "ttyAMA0", "153 Level     uart-pl011");
}

/// Boards that QEMU does not have: their images are made, and that is all.
class Built : public testing::TestWithParam<const char*> {};

TEST_P(Built, AndNotRun)
{
    const auto call = run({"build", "--board", GetParam()});
    ASSERT_EQ(call.exit_code, 0) << call.text();
    const auto examples = root() / "build/product/picokit" / GetParam() / "debug/examples";
    for (const auto* example : {"hello", "simple"}) {
        const auto image = examples / example / (std::string{example} + ".img");
        EXPECT_TRUE(std::filesystem::exists(image)) << image;
    }
    const auto refused = run({"hello", "--board", GetParam()});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.errors, HasSubstr("QEMU does not have the board"));
    if (!HasFailure()) {
        record(std::string{"built_"} + GetParam(), fmt::format("{:<12} hello, simple", GetParam()));
    }
}

INSTANTIATE_TEST_SUITE_P(Boards, Built,
                         testing::Values("imx8mm_evk", "maaxboard", "odroidc4", "rock3b"),
                         [](const auto& test) { return std::string{test.param}; });

} // namespace
