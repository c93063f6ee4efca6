// SPDX-License-Identifier: BSD-2-Clause
// Long: ten thousand connections and a gigabyte each way, between two Linux guests and between a
// guest and a program that is none; every situation on Linux 6.12 and on Linux' own loopback.
#include "vsock_guests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;
using testing::HasSubstr;

struct Traffic {
    const char* name;
    const char* command;
    const char* what;
};

class VsockTraffic : public testing::TestWithParam<Traffic> {};

TEST_P(VsockTraffic, Arrives)
{
    VsockGuests both({.board = k_gicv3, .config = "release"});
    ASSERT_TRUE(both.boot()) << both.log();
    ASSERT_THAT(both.ask(0, GetParam().command), HasSubstr("sockets: done")) << both.log();
    EXPECT_THAT(complaints(both.log()), testing::IsEmpty());
    record(std::string("vsock_") + GetParam().name, GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    All, VsockTraffic,
    testing::Values(
        Traffic{"guest_1", "sockets connections 4 10000 1",
                "10,000 connections from guest to guest, one after the other"},
        Traffic{"guest_200", "sockets connections 4 10000 200",
                "10,000 connections from guest to guest, 200 at once"},
        Traffic{"guest_bytes", "sockets copy 4 1000000000",
                "1,000,000,000 bytes from guest to guest and as many back, sums compared"},
        Traffic{"program_1", "sockets connections 2 10000 1",
                "10,000 connections from guest to program, one after the other"},
        Traffic{"program_100", "sockets connections 2 10000 100",
                "10,000 connections from guest to program, 100 at once"},
        Traffic{"program_bytes", "sockets copy 2 1000000000",
                "1,000,000,000 bytes from guest to program and as many back, sums compared"}),
    [](const auto& traffic) { return std::string(traffic.param.name); });

TEST(VsockLong, EverySituationOnLinux612)
{
    VsockGuests both({.board = k_gicv2, .config = "release", .kernel = "linux-6.12"});
    ASSERT_TRUE(both.boot()) << both.log();
    EXPECT_THAT(both.ask(0, "sockets check 4"), HasSubstr("sockets: 35 passed, 0 failed"))
        << both.log();
    EXPECT_THAT(both.ask(1, "sockets check 3"), HasSubstr("sockets: 35 passed, 0 failed"))
        << both.log();
    EXPECT_THAT(complaints(both.log()), testing::IsEmpty());
    record("vsock_situations_612", "Linux 6.12: 35 situations, asked by either guest");
}

TEST(VsockLong, EverySituationOnLinuxsOwnLoopback)
{
    LinuxGuest guest({.initrd = "initramfs-sockets.cpio", .native = true});
    ASSERT_TRUE(guest.boots()) << guest.log();
    (void)guest.run("modprobe vsock_loopback");
    if (guest.exit_code() != 0) {
        GTEST_SKIP()
            << "this guest has no vsock_loopback: tools/guest/fetch.sh .cache/guest --update";
    }
    ASSERT_TRUE(guest.says("sockets: serving")) << guest.log(); // init tries again until it can
    EXPECT_THAT(guest.run("sockets check 1"), HasSubstr("sockets: 35 passed, 0 failed"));
}

} // namespace
