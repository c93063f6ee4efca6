// SPDX-License-Identifier: BSD-2-Clause
// Debian's U-Boot as guest: it finds the virtIO disk, and Linux on it.
#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include "partitions.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace {

using namespace system_test;
namespace fs = std::filesystem;

/// A disk with a partition table in its first partition: the guest's own disk has partitions.
fs::path bootable_disk()
{
    const fs::path conf = write_file("extlinux.conf", "default debian\n"
                                                      "label debian\n"
                                                      "  kernel /boot/linux\n"
                                                      "  initrd /boot/initramfs\n"
                                                      "  append console=ttyAMA0 by=u-boot\n");
    const auto     tree = conf.parent_path() / "tree";
    fs::remove_all(tree);
    fs::create_directories(tree / "boot/extlinux");
    fs::rename(conf, tree / "boot/extlinux/extlinux.conf");
    fs::copy_file(fs::canonical(guest("linux")), tree / "boot/linux");
    fs::copy_file(guest("initramfs-virtio.cpio"), tree / "boot/initramfs");
    const auto files = new_image("files.ext4");
    // U-Boot of 2023 does not know all that mke2fs of that year makes.
    EXPECT_EQ(host("mke2fs -q -t ext4 -O ^orphan_file,^metadata_csum_seed -d '" + tree.string() +
                   "' '" + files.string() + "' 80M"),
              "");
    fs::remove_all(tree);
    const auto inner = new_image("inner.img");
    const auto image = new_image("boot.img");
    EXPECT_TRUE(disk::write_image(inner, {{.file = files, .size = fs::file_size(files)}}));
    EXPECT_TRUE(disk::write_image(image, {{.file = inner, .size = fs::file_size(inner)}}));
    return image;
}

TEST(LinuxUboot, FindsTheDiskAndBootsLinuxFromIt)
{
    LinuxGuest machine(
        {.system = "tests/guests/uboot/uboot", .kernel = "u-boot.bin", .disk = bootable_disk()});
    ASSERT_TRUE(machine.says("U-Boot 20")) << machine.log() << machine.complaints();
    ASSERT_TRUE(machine.says("VirtIO Block Device")) << machine.log();
    ASSERT_TRUE(machine.says("Found /boot/extlinux/extlinux.conf")) << machine.log();
    ASSERT_TRUE(machine.says("Starting kernel")) << machine.log();
    ASSERT_TRUE(machine.boots()) << machine.log();
    EXPECT_EQ(machine.run("cat /proc/cmdline; cmp /debian/boot/initramfs /debian/boot/initramfs && "
                          "blockdev --getsize64 /dev/vda1"),
              "console=ttyAMA0 by=u-boot\n83886080\n");
    machine.type("poweroff");
    EXPECT_TRUE(machine.ends()) << machine.log();
}

} // namespace
