// SPDX-License-Identifier: BSD-2-Clause
// A guest drives the machine's own disk, which reads and writes its RAM: what it wrote stands in
// the image, and what it read is what it wrote.
#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Passthrough, ADiskOfTheMachineMovesBytesToAndFromTheGuestsRam)
{
    const auto disk = empty_disk("passthrough.img", 16 << 20);
    LinuxGuest guest({.system  = "examples/passthrough/passthrough",
                      .board   = k_gicv3,
                      .cmdline = "console=hvc0",
                      .disk    = disk});
    ASSERT_TRUE(guest.boots()) << guest.log();
    // The guest's RAM is where it really is: not at 1 GiB, where that of other guests is.
    EXPECT_THAT(guest.run("grep 'System RAM' /proc/iomem"), Not(HasSubstr("40000000-")));
    // Two virtIO devices: the VMM's console, the machine's disk.
    EXPECT_EQ(guest.run("basename $(readlink /sys/class/block/vda/device/driver)"), "virtio_blk\n");
    EXPECT_THAT(guest.run("readlink /sys/class/block/vda"), HasSubstr("a003e00.virtio_mmio"));

    // Without the page cache in between, both ways.
    EXPECT_EQ(guest.run("dd if=/dev/urandom of=/dev/vda bs=1M seek=1 count=8 2> /dev/null; sync; "
                        "echo 3 > /proc/sys/vm/drop_caches"),
              "");
    const auto sum = guest.run("dd if=/dev/vda bs=1M skip=1 count=8 2> /dev/null | sha256sum");
    EXPECT_EQ(host("dd if='" + disk.string() + "' bs=1M skip=1 count=8 2> /dev/null | sha256sum"),
              sum);
    guest.type("reboot -f"); // its VMM starts it anew; the disk goes on where it was
    ASSERT_TRUE(guest.boots()) << guest.log();
    EXPECT_EQ(guest.run("dd if=/dev/vda bs=1M skip=1 count=8 2> /dev/null | sha256sum"), sum);
    guest.type("poweroff");
    ASSERT_TRUE(guest.ends()) << guest.log();
    EXPECT_THAT(complaints(guest.log()), IsEmpty());
}

} // namespace
