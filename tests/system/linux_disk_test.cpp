// SPDX-License-Identifier: BSD-2-Clause
// A guest's disk: what Debian does with it, and what is in the image afterwards, seen from outside.
#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace {

using namespace system_test;
using testing::HasSubstr;
using testing::IsEmpty;

LinuxOptions on_disk(const std::filesystem::path& disk)
{
    return {.system  = "examples/linux/linux",
            .board   = k_gicv3,
            .cmdline = "console=hvc0",
            .disk    = disk};
}

/// The first partition of a disk is the guest's /dev/vda.
std::string bytes_at(const std::filesystem::path& image, std::uint64_t offset, std::size_t count)
{
    std::ifstream stream(image, std::ios::binary);
    std::string   bytes(count, '\0');
    stream.seekg(static_cast<std::streamoff>(k_partition + offset));
    stream.read(bytes.data(), static_cast<std::streamsize>(count));
    return bytes;
}

TEST(LinuxDisk, SystemdReachesALoginAndTheDiskIsSoundAfterwards)
{
    const auto disk    = copy_of_disk("debian.img");
    auto       options = on_disk(disk);
    options.cmdline    = "console=hvc0 root=/dev/vda";
    options.layout     = root() / "tests/system/linux_control.layout.xml";
    std::string sum;
    {
        LinuxGuest debian(options);
        ASSERT_TRUE(debian.logs_in()) << debian.log();
        EXPECT_EQ(
            debian.run("systemctl is-system-running --wait; systemctl --failed --plain"
                       " --no-legend --no-pager; cat /proc/1/comm; findmnt -no SOURCE,FSTYPE /"),
            "running\nsystemd\n/dev/vda ext4\n");
        sum = debian.run("head -c 1234567 /dev/urandom > /root/random && sync && "
                         "sha256sum < /root/random | cut -d' ' -f1");
        EXPECT_EQ(sum.size(), 65u) << sum;
        // Without the page cache in between.
        EXPECT_EQ(debian.run("echo 3 > /proc/sys/vm/drop_caches; "
                             "sha256sum < /root/random | cut -d' ' -f1"),
                  sum);
        // The agent came with the initramfs and is a service now.
        EXPECT_EQ(debian.exec({"--", "systemctl", "is-active", "guest-agent"}).output, "active\n");
        const auto copy = write_file("random", "");
        const auto got  = debian.exec({"--get", "/root/random:" + copy, "--", "sh", "-c",
                                       "cat /proc/1/comm; echo to errors >&2; exit 7"});
        EXPECT_EQ(got.exit_code, 7) << got.text();
        EXPECT_EQ(got.output, "systemd\n");
        EXPECT_EQ(got.errors, "to errors\n");
        EXPECT_EQ(host("sha256sum < '" + copy + "' | cut -d' ' -f1"), sum);
        EXPECT_EQ(debian.exec({"--", "systemctl", "poweroff"}).exit_code, 0);
        EXPECT_TRUE(debian.ends()) << debian.log();
    }
    EXPECT_EQ(fsck(disk), "");
    EXPECT_EQ(sha256_in(disk, "/root/random"), sum);

    // Another guest finds it as it was left.
    LinuxGuest next(on_disk(disk));
    ASSERT_TRUE(next.boots()) << next.log();
    EXPECT_EQ(next.run("sha256sum < /debian/root/random | cut -d' ' -f1"), sum);
    next.type("poweroff");
    EXPECT_TRUE(next.ends()) << next.log();
    EXPECT_THAT(complaints(next.log()), IsEmpty());
    EXPECT_EQ(fsck(disk), "");
}

TEST(LinuxDisk, WhatTheGuestWritesStandsInTheImageAndNowhereElse)
{
    const auto disk = empty_disk("raw.img", 8 << 20);
    // Marks around the partition: the table before it, and space that no partition has behind it.
    std::ofstream(disk, std::ios::binary | std::ios::app) << std::string(1 << 20, '#');
    const auto before =
        bytes_at(disk, 0, 0) + host("head -c 1048576 '" + disk.string() + "' | sha256sum");
    {
        std::fstream stream(disk, std::ios::binary | std::ios::in | std::ios::out);
        stream.seekp(static_cast<std::streamoff>(k_partition + 4096));
        stream << "from outside";
    }
    LinuxGuest linux_guest(on_disk(disk));
    ASSERT_TRUE(linux_guest.boots()) << linux_guest.log();
    EXPECT_EQ(linux_guest.run("blockdev --getsize64 /dev/vda"), "8388608\n");
    EXPECT_EQ(linux_guest.run("dd if=/dev/vda bs=4096 skip=1 count=1 2> /dev/null | head -c 12"),
              "from outside");
    // The last sector, and a sector in the middle of a page.
    EXPECT_EQ(
        linux_guest.run(
            "printf 'the last sector' | dd of=/dev/vda bs=512 seek=16383 conv=sync 2> /dev/null;"
            "printf 'sector 11' | dd of=/dev/vda bs=512 seek=11 conv=sync 2> /dev/null; sync"),
        "");
    EXPECT_THAT(linux_guest.run("dd if=/dev/zero of=/dev/vda bs=512 seek=16384 count=1"),
                HasSubstr("No space left"));
    linux_guest.type("poweroff");
    EXPECT_TRUE(linux_guest.ends()) << linux_guest.log();
    EXPECT_EQ(bytes_at(disk, 512 * 16383, 16), std::string("the last sector\0", 16));
    EXPECT_EQ(bytes_at(disk, 512 * 11, 10), std::string("sector 11\0", 10));
    EXPECT_EQ(bytes_at(disk, 4096, 12), "from outside");
    EXPECT_EQ(bytes_at(disk, 8 << 20, 1 << 20), std::string(1 << 20, '#'));
    EXPECT_EQ(host("head -c 1048576 '" + disk.string() + "' | sha256sum"), before);
}

} // namespace
