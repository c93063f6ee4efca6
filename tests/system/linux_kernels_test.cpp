// SPDX-License-Identifier: BSD-2-Clause
// Debian's kernels with all virtIO devices: their drivers find console, disk, network and entropy.
#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace system_test;

class LinuxKernels : public testing::TestWithParam<const char*> {};

TEST_P(LinuxKernels, FindAllDevices)
{
    LinuxGuest linux_guest({.system  = "examples/linux/linux",
                            .kernel  = GetParam(),
                            .vcpus   = 2,
                            .cmdline = "console=hvc0",
                            .disk    = copy_of_disk("debian.img")});
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    // Which of its two sources a kernel prefers is its own business.
    EXPECT_EQ(linux_guest.run("cd /sys/class/misc/hw_random; echo virtio_rng.0 > rng_current; "
                              "cat rng_current; "
                              "head -c 1000 /dev/hwrng | wc -c"),
              "virtio_rng.0\n1000\n");
    EXPECT_EQ(linux_guest.run("ping -c 1 10.0.2.2 > /dev/null && echo reached"), "reached\n");
    EXPECT_EQ(linux_guest.run("chroot /debian dpkg-query -W -f '${db:Status-Status}' systemd"),
              "installed");
    EXPECT_THAT(
        linux_guest.run("uname -r"),
        testing::HasSubstr(std::string_view(GetParam()).contains("6.12") ? "6.12." : "6.1."));
    linux_guest.type("poweroff");
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
    EXPECT_THAT(complaints(linux_guest.log()), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, LinuxKernels, testing::Values("linux-cloud", "linux-6.12"),
                         [](const auto& parameter) {
                             std::string name = parameter.param;
                             std::ranges::replace_if(
                                 name, [](char c) { return c == '-' || c == '.'; }, '_');
                             return name;
                         });

} // namespace
