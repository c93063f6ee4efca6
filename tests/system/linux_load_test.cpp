// SPDX-License-Identifier: BSD-2-Clause
// Long tests: Linux guests under load. No tick is lost, no clock goes back, nothing stalls. Time is
// counted in instructions, so that a slow host takes nothing from the guest.
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <sstream>
#include <tuple>

namespace {

using namespace system_test;
using testing::HasSubstr;
using testing::IsEmpty;

/// Kernel, vCPUs, board.
using Case = std::tuple<const char*, unsigned, const char*>;

// A machine of 125 million instructions a second: a minute of it takes about a minute.
constexpr int k_shift = 3;

std::string case_name(const char* kernel, unsigned vcpus, const char* board)
{
    const std::string name =
        kernel == std::string{"linux"} ? "generic" : kernel + std::strlen("linux-");
    return fmt::format("{}_{}_gic{}", name, vcpus, board == std::string{k_gicv2} ? "v2" : "v3");
}
std::string name_of(const testing::TestParamInfo<Case>& info)
{
    return std::apply(case_name, info.param);
}

class LinuxLoad : public testing::TestWithParam<Case> {
protected:
    [[nodiscard]] static LinuxOptions options()
    {
        const auto& [kernel, vcpus, board] = GetParam();
        return {.board  = board,
                .config = "release",
                .kernel = kernel,
                .vcpus  = vcpus,
                .load   = true,
                .shift  = k_shift};
    }
    [[nodiscard]] static std::string name() { return std::apply(case_name, GetParam()); }
};

/// The column's text up to its last line.
std::string one_line(std::string text)
{
    std::ranges::replace(text, '\n', ' ');
    while (text.ends_with(' ')) {
        text.pop_back();
    }
    return text;
}

class LinuxTicks : public LinuxLoad {};

TEST_P(LinuxTicks, NoneIsLostOnBusyCpusAndNoClockGoesBack)
{
    auto with_ticks    = options();
    with_ticks.cmdline = "console=ttyAMA0 nohz=off highres=off";
    LinuxGuest linux_guest(with_ticks);
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    const auto clocks = linux_guest.run("clocks 5");
    EXPECT_EQ(linux_guest.exit_code(), 0) << clocks;
    const auto ticks = linux_guest.run("ticks 30");
    EXPECT_EQ(linux_guest.exit_code(), 0) << ticks;
    linux_guest.type("poweroff -f");
    EXPECT_TRUE(linux_guest.ends());
    EXPECT_THAT(complaints(linux_guest.log()), IsEmpty());
    if (!HasFailure()) {
        std::istringstream lines(ticks);
        std::string        all = fmt::format("{:<16} {}", name(), one_line(clocks));
        for (std::string line; std::getline(lines, line);) {
            all += fmt::format("\n{:<16} {}", "", line);
        }
        record("ticks_" + name(), all);
    }
}

INSTANTIATE_TEST_SUITE_P(All, LinuxTicks,
                         testing::Combine(testing::Values("linux"), testing::Values(1u, 2u, 4u),
                                          testing::Values(k_gicv2, k_gicv3)),
                         name_of);

/// The greatest of "Max:" in cyclictest's lines, in microseconds.
unsigned long greatest_latency(const std::string& text)
{
    unsigned long greatest = 0;
    for (auto at = text.find("Max:"); at != text.npos; at = text.find("Max:", at + 1)) {
        greatest = std::max(greatest, std::stoul(text.substr(at + 4)));
    }
    return greatest;
}

/// cyclictest on every CPU while stress-ng works; its greatest latency.
unsigned long latency_under_stress(LinuxGuest& linux_guest)
{
    const auto text = linux_guest.run(
        "stress-ng --cpu 1 --timer 1 --timer-freq 1000 --switch 1 --futex 1 --fork 1 "
        "--vm 1 --vm-bytes 32M --timeout 40s > /stress.txt 2>&1 & "
        "cyclictest -q -S -p 80 -i 1000 -D 35; wait $! || cat /stress.txt");
    EXPECT_THAT(text, HasSubstr("Max:")) << linux_guest.log();
    EXPECT_THAT(text, testing::Not(HasSubstr("stress-ng: "))) << text;
    return greatest_latency(text);
}

class LinuxStress : public LinuxLoad {};

TEST_P(LinuxStress, NothingStalls)
{
    std::string latencies;
    for (const bool native : {false, true}) {
        auto machine   = options();
        machine.native = native;
        LinuxGuest linux_guest(machine);
        ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
        // Until its random numbers are good Linux takes thousands of instructions more for each
        // system call. QEMU's own machine has a seed for it; ours gathers one when it is asked to.
        EXPECT_EQ(
            linux_guest.run("head -c 1 /dev/urandom > /dev/null; dmesg | grep -c 'crng init done'"),
            "1\n");
        const auto latency   = latency_under_stress(linux_guest);
        const auto hackbench = linux_guest.run("hackbench -g 2 -l 200 | tail -n 1");
        EXPECT_THAT(hackbench, HasSubstr("Time: "));
        linux_guest.type("poweroff -f");
        EXPECT_TRUE(linux_guest.ends());
        EXPECT_THAT(complaints(linux_guest.log()), IsEmpty());
        const auto slow = linux_guest.log().contains("interrupt took") ? ", hrtimer complains" : "";
        latencies += fmt::format(" {}: latency at most {} us, hackbench {} s{};",
                                 native ? "without a hypervisor" : "in our VM", latency,
                                 one_line(hackbench.substr(hackbench.find(':') + 2)), slow);
    }
    if (!HasFailure()) {
        record("stress_" + name(), fmt::format("{:<16}{}", name(), latencies));
    }
}

INSTANTIATE_TEST_SUITE_P(All, LinuxStress,
                         testing::Values(Case{"linux", 1, k_gicv2}, Case{"linux", 2, k_gicv3},
                                         Case{"linux", 4, k_gicv2}, Case{"linux", 4, k_gicv3},
                                         Case{"linux-rt", 1, k_gicv3}, Case{"linux-rt", 2, k_gicv2},
                                         Case{"linux-rt", 4, k_gicv2},
                                         Case{"linux-rt", 4, k_gicv3}),
                         name_of);

} // namespace
