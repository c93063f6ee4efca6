// SPDX-License-Identifier: BSD-2-Clause
// Everything with an SDK directory that has no more than an official one: no optional call of
// picokit, a header for C, section names matched exactly, a tool that refuses what only ours takes.
#include "linux_guest.hpp"
#include "qemu/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace {

using namespace system_test;

std::string plain(std::string name)
{
    std::ranges::replace(name, '-', '_'); // which a test's name may not have
    return name;
}

class OfficialSdk : public testing::TestWithParam<std::string> {};

TEST_P(OfficialSdk, ExamplePrintsWhatItMust)
{
    if (const auto there = qemu::provide({8, 2}); GetParam() == "sound" && !there) {
        GTEST_SKIP() << there.error();
    }
    const auto call = run({GetParam()}, {"MICROKIT_SDK=" + official_sdk("official_sdk")});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    record("sdk_example_" + GetParam(), "example " + GetParam());
}
INSTANTIATE_TEST_SUITE_P(Examples, OfficialSdk, testing::ValuesIn(examples()),
                         [](const auto& parameter) { return plain(parameter.param); });

class OfficialSdkLinux : public testing::TestWithParam<std::tuple<const char*, const char*>> {
protected:
    OfficialSdkLinux() { (void)setenv("MICROKIT_SDK", official_sdk("official_sdk").c_str(), 1); }

    static std::string in_words(const std::string& between)
    {
        const auto& [board, config] = GetParam();
        return board + between + config;
    }
};

TEST_P(OfficialSdkLinux, HasItsDevices)
{
    const auto& [board, config] = GetParam();
    const auto call             = run({"linux", "--board", board, "--config", config, "--exec",
                                       "ping -c 2 10.0.2.2 && dd if=/dev/vda bs=1M count=64 of=/dev/null && "
                                                   "head -c 16 /dev/hwrng | wc -c"});
    EXPECT_EQ(call.exit_code, 0) << call.text();
    record("sdk_linux_" + in_words("_"),
           in_words(", ") + ": Debian's disk, network, random numbers");
}

/// CPUs, whose interrupts have no sender here, and what a reboot finds where nothing resets a vCPU.
TEST_P(OfficialSdkLinux, RebootsAllItsCpus)
{
    const auto& [board, config] = GetParam();
    LinuxGuest linux_guest({.board = board, .config = config, .vcpus = 3});
    for (int life = 0; life < 3; ++life) {
        ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
        EXPECT_EQ(linux_guest.run("cat /sys/devices/system/cpu/online"), "0-2\n");
        linux_guest.type(life < 2 ? "reboot -f" : "poweroff");
    }
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
    record("sdk_reboot_" + in_words("_"), in_words(", ") + ": Debian on 3 CPUs, two reboots");
}

INSTANTIATE_TEST_SUITE_P(All, OfficialSdkLinux,
                         testing::Combine(testing::Values(k_gicv2, k_gicv3),
                                          testing::Values("debug", "release")),
                         [](const auto& parameter) {
                             return plain(std::string(std::get<0>(parameter.param)) + "_" +
                                          std::get<1>(parameter.param));
                         });

} // namespace
