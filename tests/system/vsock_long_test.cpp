// SPDX-License-Identifier: BSD-2-Clause
// Long: ten thousand connections and a gigabyte each way, between two Linux guests and between a
// guest and a program that is none; every situation on Linux 6.12 and on Linux' own loopback; socat
// between two Debians.
#include "linux_disk.hpp"
#include "vsock_guests.hpp"

#include "partitions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

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

/// Two Debians with systemd. Their console stays unused: commands go through the control channel.
class Debians : public LinuxGuest {
public:
    explicit Debians(const std::filesystem::path& disk)
        : LinuxGuest{{.system = "tests/guests/sockets/sockets_debian",
                      .board  = k_gicv3,
                      .config = "release",
                      // On a busy host a minute and a half for a console to appear is not enough.
                      .cmdline = "console=hvc0 quiet root=/dev/vda rw "
                                 "systemd.default_device_timeout_sec=1800 "
                                 "systemd.default_timeout_start_sec=1800",
                      .disk    = disk}}
    {
    }
    /// Until a guest's systemd has started all; nothing, or what is wrong.
    std::string await(const char* guest)
    {
        Call last;
        for (unsigned tries = 0; tries < 6; ++tries) { // each waits for minutes
            last = in(guest, "systemctl is-system-running --wait");
            if (last.output == "running\n") {
                return {};
            }
        }
        return last.text() + in(guest, "systemctl --failed --plain --no-pager").text();
    }
    [[nodiscard]] Call in(const char* guest, const std::string& command) const
    {
        return exec({"--guest", guest, "--", "sh", "-c", command});
    }
    /// Sends the file `sent` from one to another; nothing, or what is wrong.
    [[nodiscard]] std::string send_file(const char* from, const char* to, const char* cid) const
    {
        const auto made = in(from, "head -c 50000000 /dev/urandom > /root/sent && "
                                   "sha256sum < /root/sent");
        // Who connects tries again until the other listens.
        const auto started = in(from, std::string("systemd-run --collect socat -u -b 65536 "
                                                  "OPEN:/root/sent VSOCK-CONNECT:") +
                                          cid + ":5555,retry=3000,interval=0.1");
        const auto got = in(to, "socat -u -b 65536 VSOCK-LISTEN:5555 OPEN:/root/got,creat,trunc "
                                "&& sha256sum < /root/got");
        if (made.output.size() < 64 || made.output != got.output) {
            return made.text() + started.text() + got.text();
        }
        return {};
    }
};

TEST(VsockLong, SocatBetweenTwoDebians)
{
    const auto disk        = new_image("debians.img");
    const auto file_system = root() / ".cache/guest/debian-test.ext4";
    const auto size        = std::filesystem::file_size(file_system);
    ASSERT_TRUE(disk::write_image(
        disk, {{.file = file_system, .size = size}, {.file = file_system, .size = size}}));
    Debians both(disk);
    ASSERT_EQ(both.await("one"), "") << both.log();
    ASSERT_EQ(both.await("two"), "") << both.log();
    EXPECT_EQ(both.send_file("one", "two", "4"), "");
    EXPECT_EQ(both.send_file("two", "one", "3"), "");

    // Both ways on one connection, several of them in a row.
    EXPECT_EQ(
        both.in("two", "systemd-run --collect socat VSOCK-LISTEN:5556,fork EXEC:rev").exit_code, 0);
    for (unsigned i = 0; i < 3; ++i) {
        const auto echo = both.in("one", "echo over and out | "
                                         "socat - VSOCK-CONNECT:4:5556,retry=3000,interval=0.1");
        EXPECT_EQ(echo.output, "tuo dna revo\n") << echo.text();
    }
    EXPECT_THAT(complaints(both.log()), testing::IsEmpty());
    record("vsock_socat",
           "50,000,000 bytes each way by socat between two Debians with systemd, sums compared");
}

} // namespace
