// SPDX-License-Identifier: BSD-2-Clause
// A guest's network: files from and to a server on this machine, and iperf3.
#include "linux_disk.hpp"
#include "linux_guest.hpp"
#include "linux_net.hpp"

#include "qemu/console.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;

std::string sha256(const std::string& name, const std::string& bytes)
{
    return host("sha256sum < '" + write_file(name, bytes) + "' | cut -d' ' -f1");
}

class LinuxNet : public testing::Test {
protected:
    explicit LinuxNet(const LinuxOptions& options = {.system  = "examples/linux/linux",
                                                     .config  = "release",
                                                     .cmdline = "console=hvc0",
                                                     .disk    = copy_of_disk("debian-test.img")})
        : guest_(options)
    {
    }

    void boots() { ASSERT_TRUE(guest_.boots()) << guest_.log() << guest_.complaints(); }
    void ends()
    {
        guest_.type("poweroff");
        EXPECT_TRUE(guest_.ends()) << guest_.log();
        EXPECT_THAT(complaints(guest_.log()), testing::IsEmpty());
    }
    void downloads(std::size_t count)
    {
        const auto bytes = noise(count);
        Server     server(Server::Reads::a_line, page(bytes));
        EXPECT_EQ(guest_.run("wget -q -O - http://10.0.2.2:" + server.port() +
                             "/ | sha256sum | cut -d' ' -f1"),
                  sha256("down", bytes));
    }
    void uploads(std::size_t megabytes)
    {
        Server     server(Server::Reads::everything, "");
        const auto sum = guest_.run("head -c " + std::to_string(megabytes) +
                                    "m /dev/urandom > /run/up; nc 10.0.2.2 " + server.port() +
                                    " < /run/up; sha256sum < /run/up | cut -d' ' -f1");
        EXPECT_EQ(sum, sha256("up", server.received()));
    }
    /// iperf3's last line with the receiver's rate.
    std::string iperf(const std::string& options)
    {
        for (int attempt = 0; attempt < 5; ++attempt) { // somebody else may take the port first
            const auto    port = free_port();
            qemu::Console server(
                qemu::Process::start({"iperf3", "-s", "-1", "--forceflush", "-p", port},
                                     qemu::Streams::piped)
                    .value());
            if (server.wait_for({qemu::text("Server listening")}, {}).kind ==
                qemu::Outcome::Kind::matched) {
                return guest_.run("chroot /debian iperf3 --connect-timeout 60000 -c 10.0.2.2 -p " +
                                  port + " " + options +
                                  " > /run/iperf.txt 2>&1; grep receiver /run/iperf.txt ||"
                                  " { cat /run/iperf.txt; false; }");
            }
        }
        return "no port to serve on";
    }

    LinuxGuest guest_;
};

TEST_F(LinuxNet, BytesArriveAsTheyWereSentInBothDirections)
{
    boots();
    EXPECT_EQ(guest_.run("ping -c 3 10.0.2.2 | grep -o '3 packets received'"),
              "3 packets received\n");
    downloads(10'000'000);
    uploads(4);
    // Through /proc, sockets and all, as a program of Debian wants it.
    EXPECT_EQ(guest_.run("for d in dev proc sys; do mount --bind /$d /debian/$d; done"), "");
    for (const auto* options : {"-n 4M", "-n 4M -R", "-u -b 4M -t 1"}) {
        EXPECT_THAT(iperf(options), testing::HasSubstr("bits/sec")) << options;
        EXPECT_EQ(guest_.exit_code(), 0);
    }
    EXPECT_EQ(guest_.run("umount /debian/dev /debian/proc /debian/sys"), "");
    ends();
}

} // namespace
