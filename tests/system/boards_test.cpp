// SPDX-License-Identifier: BSD-2-Clause
// Boards other than QEMU's virt: the kernel alone, and Debian's in a VM.
#include "front_door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;
using testing::HasSubstr;

TEST(Zcu102, RunsASystemWithoutAGuest)
{
    const auto call = run({"timer", "--board", "zcu102"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("timer: tick 3"));
}

TEST(Zcu102, BootsDebianToAShell)
{
    const auto call = run({"simple", "--board", "zcu102", "--exec",
                           "uname -r; cat /proc/consoles; cat /proc/interrupts"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("-arm64\n"));
    EXPECT_THAT(call.output, HasSubstr("ttyPS0"));
    EXPECT_THAT(call.output, HasSubstr("53 Level     xuartps"));
}

TEST(Zcu102, GivesAGuestAVirtioConsoleOverItsSerialPort)
{
    const auto call =
        run({"linux", "--board", "zcu102", "--exec", "cat /proc/consoles; seq 1 500"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, testing::StartsWith("hvc0"));
    EXPECT_THAT(call.output, testing::EndsWith("499\n500\n"));
}

} // namespace
