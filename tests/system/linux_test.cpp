// SPDX-License-Identifier: BSD-2-Clause
// Debian's unmodified kernels in a VM: to the shell, one command, off again.
#include "front_door.hpp"
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

namespace {

using namespace system_test;
using testing::HasSubstr;
using testing::MatchesRegex;

class Debian : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(Debian, ReachesTheShellAndPowersOff)
{
    const auto& [kernel, board, config] = GetParam();
    const auto call = run({"simple", "--board", board, "--config", config, "--kernel",
                           guest(kernel), "--exec", "uname -rm; grep -c timer /proc/interrupts"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, MatchesRegex("6\\.1\\.0-[0-9]+(-cloud)?-arm64 aarch64\n1\n"));
    EXPECT_EQ(call.output.contains("cloud"), std::string_view(kernel).contains("cloud"));
}

INSTANTIATE_TEST_SUITE_P(
    All, Debian,
    testing::Combine(testing::Values("linux", "linux-cloud"), testing::Values(k_gicv2, k_gicv3),
                     testing::Values("debug", "release")),
    [](const auto& parameter) {
        return std::string(std::get<0>(parameter.param) == std::string("linux") ? "generic"
                                                                                : "cloud") +
               (std::get<1>(parameter.param) == k_gicv2 ? "_gicv2_" : "_gicv3_") +
               std::get<2>(parameter.param);
    });

TEST(Linux, TakesTheTourAndPowersOff)
{
    const auto call = run({"simple"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    for (const auto* heading : {"== uname -a", "== CPUs", "== memory", "== interrupts",
                                "== devices", "== poweroff", "reboot: Power down"}) {
        EXPECT_THAT(call.output, HasSubstr(heading));
    }
    EXPECT_THAT(call.output, HasSubstr("arch_timer"));
    EXPECT_THAT(call.output, HasSubstr("uart-pl011"));
}

TEST(Linux, ItsExitCodeIsTheCommands)
{
    EXPECT_EQ(run({"simple", "--exec", "true"}).exit_code, 0);
    EXPECT_EQ(run({"simple", "--exec", "exit 42"}).exit_code, 42);
    EXPECT_EQ(run({"simple", "--exec", "no-such-command"}).exit_code, 127);
}

TEST(Linux, OutputComesWholeAndNothingElse)
{
    const auto call =
        run({"simple", "--exec", "seq 1 3000 | while read n; do echo \"line $n\"; done"});
    EXPECT_EQ(call.exit_code, 0) << call.errors;
    std::string expected;
    for (int n = 1; n <= 3000; n++) {
        expected += "line " + std::to_string(n) + "\n";
    }
    EXPECT_EQ(call.output, expected);
}

TEST(Linux, PowerOffByTheCommandItselfIsAGoodEnd)
{
    const auto call = run({"simple", "--exec", "poweroff -f; sleep 100"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
}

TEST(Linux, HasTheMemoryAndCpusThatWereAskedFor)
{
    const auto call = run({"simple", "--memory", "512M", "--vcpus", "2", "--exec",
                           "nproc; grep 'System RAM' /proc/iomem | head -n 1"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_EQ(call.output, "2\n40000000-5fffffff : System RAM\n");
}

TEST(Linux, SeesTheCommandLineThatWasGiven)
{
    const auto call = run({"simple", "--cmdline", "console=ttyAMA0 quiet word=\"two words\"",
                           "--exec", "cat /proc/cmdline"});
    EXPECT_EQ(call.output, "console=ttyAMA0 quiet word=\"two words\"\n") << call.text();
}

TEST(Linux, APackedKernelIsUnpacked)
{
    const auto file = write_file("Image.gz", "");
    ASSERT_EQ(std::system(("gzip -1c '" + guest("linux-cloud") + "' > '" + file + "'").c_str()), 0);
    const auto call = run({"simple", "--kernel", file, "--exec", "uname -r"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_THAT(call.output, HasSubstr("cloud"));
}

/// A sample of linux_matrix_test.cpp.
class LinuxCpus : public testing::TestWithParam<LinuxOptions> {};

TEST_P(LinuxCpus, GoAndComeBackAndARebootBringsThemAllBack)
{
    LinuxGuest linux_guest(GetParam());
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    const auto all = "0-" + std::to_string(GetParam().vcpus - 1) + "\n";
    const auto set = [](int online) {
        return "for c in /sys/devices/system/cpu/cpu[1-9]*/online; do echo " +
               std::to_string(online) + " > $c || exit 1; done; ";
    };
    const std::string show = "cat /sys/devices/system/cpu/online";
    EXPECT_EQ(linux_guest.run(show), all);
    EXPECT_EQ(linux_guest.run("for n in 1 2; do " + set(0) + set(1) + "done; " + show), all);
    EXPECT_EQ(linux_guest.run(set(0) + show), "0\n");
    linux_guest.type("reboot -f");
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    EXPECT_EQ(linux_guest.run(show), all);
    linux_guest.type("poweroff");
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
    EXPECT_THAT(complaints(linux_guest.log()), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, LinuxCpus,
    testing::Values(LinuxOptions{.board = k_gicv3, .config = "release", .vcpus = 4},
                    LinuxOptions{.board = k_gicv2, .kernel = "linux-cloud", .vcpus = 8}),
    [](const auto& parameter) { return parameter.param.vcpus == 4 ? "four" : "eight"; });

TEST(Linux, WhatALogMustNotSayIsFound)
{
    EXPECT_THAT(complaints("[    0.1] rcu: Hierarchical RCU implementation.\n"
                           "[   21.5] rcu: INFO: rcu_sched self-detected stall on CPU\n"
                           "guest: BUG in a program's own words\n"
                           "[   22.0] WARNING: CPU: 1 PID: 17 at kernel/x.c:1 f+0x0/0x1\n"),
                testing::SizeIs(2));
}

TEST(Linux, AKernelPanicIsAReason)
{
    const auto call = run({"simple", "--cmdline", "console=ttyAMA0 rdinit=/none root=/dev/none"});
    EXPECT_EQ(call.exit_code, 125);
    EXPECT_THAT(call.errors, HasSubstr("the guest's kernel panicked"));
}

TEST(Linux, RamMayBeElsewhereInTheVmmAndInTwoRegions)
{
    EXPECT_EQ(run({"simple_elsewhere", "--exec", "exit 7"}).exit_code, 7);
    const auto call = run({"simple_two_regions", "--exec", "grep -c 'System RAM' /proc/iomem"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_EQ(call.output, "2\n");
}

/// The VMM's priority next to its guest's, and how many vCPUs.
class Priorities : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(Priorities, AnyRelationBoots)
{
    const auto& [system, vcpus] = GetParam();
    const auto call = run({system, "--board", k_gicv3, "--vcpus", vcpus, "--exec", "nproc"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    EXPECT_EQ(call.output, std::string(vcpus) + "\n");
}

INSTANTIATE_TEST_SUITE_P(All, Priorities,
                         testing::Combine(testing::Values("simple", "simple_vmm_equal",
                                                          "simple_vmm_below"),
                                          testing::Values("1", "2", "4")),
                         [](const auto& parameter) {
                             const std::string_view system = std::get<0>(parameter.param);
                             return std::string(system == "simple" ? "above" : system.substr(11)) +
                                    "_" + std::get<1>(parameter.param);
                         });

} // namespace
