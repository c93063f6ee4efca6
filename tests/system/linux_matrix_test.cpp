// SPDX-License-Identifier: BSD-2-Clause
// Long tests: each of Debian's arm64 kernels with every number of vCPUs on both interrupt
// controllers: to the shell with all CPUs, CPUs off and on again, reboots, off. Not a complaint in
// any log.
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fmt/format.h>
#include <tuple>

namespace {

using namespace system_test;
using testing::HasSubstr;
using testing::IsEmpty;

using Case = std::tuple<const char*, unsigned, const char*>;

const char* gic_name(const char* board) { return board == std::string{k_gicv2} ? "v2" : "v3"; }

std::string case_name(const char* kernel, unsigned vcpus, const char* board)
{
    std::string name = kernel == std::string{"linux"} ? "generic" : kernel + std::strlen("linux-");
    return fmt::format("{}_{:02}_gic{}", name, vcpus, gic_name(board));
}
std::string name_of(const testing::TestParamInfo<Case>& info)
{
    return std::apply(case_name, info.param);
}

std::string all_cpus(unsigned vcpus)
{
    return vcpus == 1 ? "0\n" : fmt::format("0-{}\n", vcpus - 1);
}

class LinuxMatrix : public testing::TestWithParam<Case> {
protected:
    [[nodiscard]] static LinuxOptions options()
    {
        const auto& [kernel, vcpus, board] = GetParam();
        return {.board = board, .kernel = kernel, .vcpus = vcpus};
    }
    [[nodiscard]] static std::string name() { return std::apply(case_name, GetParam()); }
};

TEST_P(LinuxMatrix, ReachesTheShellWithAllCpusAndPowersOff)
{
    LinuxGuest linux_guest(options());
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    EXPECT_EQ(linux_guest.run("cat /sys/devices/system/cpu/online"), all_cpus(options().vcpus));
    const auto release = linux_guest.run("uname -r");
    const auto uptime  = linux_guest.run("cut -d' ' -f1 /proc/uptime");
    linux_guest.type("poweroff");
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
    EXPECT_THAT(linux_guest.log(), HasSubstr("reboot: Power down"));
    EXPECT_THAT(complaints(linux_guest.log()), IsEmpty());
    if (!HasFailure()) {
        record("matrix_" + name(), fmt::format("{:<24} {:>2} {:>4}  shell, all CPUs, off",
                                               release.substr(0, release.size() - 1),
                                               options().vcpus, gic_name(options().board)));
    }
}

INSTANTIATE_TEST_SUITE_P(All, LinuxMatrix,
                         testing::Combine(testing::Values("linux", "linux-cloud", "linux-rt"),
                                          testing::Values(1u, 2u, 4u, 8u),
                                          testing::Values(k_gicv2, k_gicv3)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Sixteen, LinuxMatrix,
                         testing::Combine(testing::Values("linux", "linux-cloud", "linux-rt"),
                                          testing::Values(16u), testing::Values(k_gicv3)),
                         name_of);

class LinuxPower : public LinuxMatrix {};

TEST_P(LinuxPower, CpusGoAndComeBackAndRebootsBringThemAllBack)
{
    auto with_load = options();
    with_load.load = true;
    LinuxGuest linux_guest(with_load);
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    constexpr int k_rounds = 15;
    const auto    text     = linux_guest.run(fmt::format("online {}", k_rounds));
    EXPECT_EQ(linux_guest.exit_code(), 0) << text << linux_guest.log();

    // A reboot with only the first CPU, one that asks init, one after a crash.
    const auto unplug =
        "for c in /sys/devices/system/cpu/cpu[1-9]*/online; do echo 0 > $c; done; nproc";
    const auto online = "cat /sys/devices/system/cpu/online";
    EXPECT_EQ(linux_guest.run(unplug), "1\n");
    for (const auto* way :
         {"reboot -f", "reboot", "echo 1 > /proc/sys/kernel/panic; echo c > /proc/sysrq-trigger"}) {
        linux_guest.type(way);
        ASSERT_TRUE(linux_guest.boots()) << way << "\n" << linux_guest.log();
        EXPECT_EQ(linux_guest.run(online), all_cpus(options().vcpus)) << way;
    }
    // Off with only the first CPU.
    EXPECT_EQ(linux_guest.run(unplug), "1\n");
    const auto crash = linux_guest.log().find("sysrq: Trigger a crash");
    EXPECT_NE(crash, std::string::npos);
    EXPECT_THAT(complaints(linux_guest.log().substr(0, crash)), IsEmpty());
    linux_guest.type("poweroff");
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
    if (!HasFailure()) {
        record("power_" + name(),
               fmt::format("{:<24} {:>2} {:>4}  {} CPUs off and on, reboot with one CPU, reboot, "
                           "crash, off with one CPU",
                           name().substr(0, name().find('_')), options().vcpus,
                           gic_name(options().board), k_rounds * (options().vcpus - 1) * 2));
    }
}

INSTANTIATE_TEST_SUITE_P(All, LinuxPower,
                         testing::Combine(testing::Values("linux", "linux-rt"),
                                          testing::Values(2u, 4u, 8u),
                                          testing::Values(k_gicv2, k_gicv3)),
                         name_of);

} // namespace
