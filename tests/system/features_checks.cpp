// SPDX-License-Identifier: BSD-2-Clause
#include "features_checks.hpp"

#include "linux_guest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace system_test {

namespace {

using testing::HasSubstr;
using testing::Not;

/// Types as the bare-metal guest names them.
const std::map<std::string, unsigned> k_types{
    {"net", 1}, {"block", 2}, {"console", 3}, {"entropy", 4}};

void expect_offers(const Variant& variant, unsigned type, std::uint64_t bits)
{
    for (const auto& feature : features()) {
        if (feature.type == type) {
            EXPECT_EQ((bits >> feature.bit & 1) != 0, is_offered(variant, feature))
                << variant.name << ": " << feature.device << " " << feature.name;
        }
    }
}

/// What Linux has taken of a device; its features are written from bit 0 on.
void expect_taken(const Variant& variant, unsigned type, const std::string& bits)
{
    for (const auto& feature : features()) {
        if (feature.type == type && is_used_by_linux(feature)) {
            EXPECT_EQ(bits.at(feature.bit) == '1', is_offered(variant, feature))
                << variant.name << ": " << feature.device << " " << feature.name;
        }
    }
}

void check_disk(LinuxGuest& guest, const Variant& variant)
{
    if (variant.disk.contains("read_only")) {
        EXPECT_EQ(guest.run("cat /sys/block/vda/ro /sys/block/vda/serial"), "1\na disk to read");
        EXPECT_EQ(guest.run("ls /sys/block/vda/mq | wc -l"), "1\n"); // one CPU
        EXPECT_EQ(guest.run("dd if=/dev/vda of=/dev/null bs=1M count=8 2>&1 | grep -c '8+0'"),
                  "2\n");
        return;
    }
    EXPECT_EQ(guest.run("cat /sys/block/vda/ro"), "0\n");
    (void)guest.run("dd if=/dev/urandom of=/run/written bs=64k count=48 2> /dev/null");
    (void)guest.run("cp /run/written /debian/written && sync && echo 3 > /proc/sys/vm/drop_caches");
    EXPECT_EQ(guest.run("cmp /run/written /debian/written && echo same"), "same\n");
}

void check_network(LinuxGuest& guest, const Variant& variant)
{
    // Without MAC Linux makes one up, and nobody lets frames to it pass.
    if (variant.nic.contains("mac,") || variant.nic.contains("\"mac\"")) {
        (void)guest.run("ip link set eth0 address 52:54:00:12:34:56; "
                        "ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up");
    }
    EXPECT_EQ(guest.run("ping -q -c 3 -s 1000 10.0.2.2 > /dev/null && echo heard"), "heard\n");
    if (variant.nic.contains("mtu=")) {
        EXPECT_EQ(guest.run("cat /sys/class/net/eth0/mtu"), "1280\n");
    }
}

} // namespace

std::string check_bare_metal(const char* board, const Variant& variant)
{
    LinuxGuest guest({.system = "examples/linux/linux",
                      .board  = board,
                      .kernel = bare_metal("virtio_features.bin"),
                      .layout = layout_of(variant)});
    EXPECT_TRUE(guest.says("features: end")) << guest.log();
    EXPECT_THAT(guest.log(), Not(HasSubstr("WRONG")));
    std::istringstream lines(guest.log());
    std::string        table;
    std::size_t        devices = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string        begin, device, what, value;
        words >> begin >> device >> what >> value;
        if (begin != "features:" || !k_types.contains(device)) {
            continue;
        }
        table += line.substr(begin.size() + 1) + "\n";
        if (what == "offers") {
            ++devices;
            expect_offers(variant, k_types.at(device), std::stoull(value, nullptr, 16));
        }
    }
    EXPECT_EQ(devices, k_types.size()) << guest.log();
    return table;
}

void check_linux(const char* board, const Variant& variant)
{
    LinuxGuest guest({.system  = "examples/linux/linux",
                      .board   = board,
                      .cmdline = "console=hvc0",
                      .layout  = layout_of(variant)});
    ASSERT_TRUE(guest.boots()) << guest.log();
    std::istringstream lines(guest.run("for d in /sys/bus/virtio/devices/*; do "
                                       "echo $(cat $d/device) $(cat $d/features); done"));
    std::size_t        devices = 0;
    for (std::string type, bits; lines >> type >> bits; ++devices) {
        ASSERT_EQ(bits.size(), 64U) << guest.log();
        expect_taken(variant, static_cast<unsigned>(std::stoul(type, nullptr, 16)), bits);
    }
    EXPECT_EQ(devices, k_types.size()) << guest.log();
    check_disk(guest, variant);
    check_network(guest, variant);
    EXPECT_EQ(guest.run("dd if=/dev/hwrng bs=16 count=4 2> /dev/null | wc -c"), "64\n");
    if (variant.second_port) {
        EXPECT_EQ(guest.run("cat /sys/class/virtio-ports/*/name | grep second"), "second\n");
    }
    guest.type("poweroff");
    EXPECT_TRUE(guest.ends()) << guest.log();
    EXPECT_THAT(complaints(guest.log()), testing::IsEmpty());
}

} // namespace system_test
