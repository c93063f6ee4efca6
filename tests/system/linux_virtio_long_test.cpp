// SPDX-License-Identifier: BSD-2-Clause
// Debian with systemd and 100 MB through the network, on each kernel and board.
#include "linux_disk.hpp"
#include "linux_guest.hpp"
#include "linux_net.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

namespace {

using namespace system_test;

class LinuxVirtio : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(LinuxVirtio, SystemdAnd100MegabytesWithTheirChecksum)
{
    const auto& [kernel, board] = GetParam();
    const auto disk             = copy_of_disk("debian-test.img");
    LinuxGuest debian({.system  = "examples/linux/linux",
                       .board   = board,
                       .config  = "release",
                       .kernel  = kernel,
                       .vcpus   = 2,
                       .cmdline = "console=hvc0 root=/dev/vda",
                       .disk    = disk});
    ASSERT_TRUE(debian.logs_in()) << debian.log();
    EXPECT_EQ(debian.run("systemctl is-system-running --wait"), "running\n");
    EXPECT_EQ(debian.run("/lib/systemd/systemd-networkd-wait-online --timeout=120"), "");

    const auto bytes = noise(100'000'000);
    const auto sum   = host("sha256sum < '" + write_file("bytes", bytes) + "' | cut -d' ' -f1");
    Server     server(Server::Reads::a_line, page(bytes));
    EXPECT_EQ(debian.run("curl -s -o /root/down http://10.0.2.2:" + server.port() +
                         "/ && sync && sha256sum < /root/down | cut -d' ' -f1"),
              sum);
    debian.type("poweroff");
    EXPECT_TRUE(debian.ends()) << debian.log();
    EXPECT_THAT(complaints(debian.log()), testing::IsEmpty());
    EXPECT_EQ(fsck(disk), "");
    EXPECT_EQ(sha256_in(disk, "/root/down"), sum);
    record(std::string("virtio_") + board + "_" + kernel,
           std::string(board) + ", " + kernel +
               ": systemd to a login, 100 MB downloaded to its disk, power-off, fsck: " +
               (HasFailure() ? "FAILED" : "as it should be"));
}

INSTANTIATE_TEST_SUITE_P(All, LinuxVirtio,
                         testing::Combine(testing::Values("linux", "linux-cloud", "linux-6.12"),
                                          testing::Values(k_gicv2, k_gicv3)),
                         [](const auto& parameter) {
                             std::string name = std::get<0>(parameter.param);
                             name += std::string("_") + std::get<1>(parameter.param);
                             std::ranges::replace_if(
                                 name, [](char c) { return c == '-' || c == '.'; }, '_');
                             return name;
                         });

} // namespace
