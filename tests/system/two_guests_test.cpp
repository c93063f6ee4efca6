// SPDX-License-Identifier: BSD-2-Clause
// Two guests that share a serial line, a disk and a network (examples/two-guests): they reach each
// other, and what ends one of them is nothing to the other.
#include "guest_pair.hpp"
#include "linux_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;

GuestPair pair(const char* board)
{
    return GuestPair{{.system  = "examples/two-guests/two-guests",
                      .board   = board,
                      .cmdline = "console=hvc0 panic=0"}};
}

class TwoGuests : public testing::TestWithParam<const char*> {
protected:
    GuestPair both = pair(GetParam());
};

TEST_P(TwoGuests, ReachEachOtherAndEndAlone)
{
    ASSERT_TRUE(both.both_boot()) << both.log();
    // Each has its own address and its own partition.
    ASSERT_TRUE(both.ask(0,
                         "ip addr add 192.168.7.1/24 dev eth0; echo first > /debian/me; sync; "
                         "echo d''one 1",
                         "one| done 1"))
        << both.log();
    ASSERT_TRUE(both.ask(1,
                         "ip addr add 192.168.7.2/24 dev eth0; echo second > /debian/me; sync; "
                         "echo d''one 2",
                         "two| done 2"))
        << both.log();
    ASSERT_TRUE(
        both.ask(1, "ping -c 3 192.168.7.1", "two| 3 packets transmitted, 3 packets received"))
        << both.log();
    ASSERT_TRUE(
        both.ask(0, "ping -c 3 192.168.7.2", "one| 3 packets transmitted, 3 packets received"))
        << both.log();

    // A reset in the middle of reads and writes; the other's network goes on meanwhile.
    both.type("cd /; umount /debian; dd if=/dev/urandom of=/dev/vda bs=64k seek=64 count=64 & "
              "dd if=/dev/vda of=/dev/null bs=64k & reboot -f");
    ASSERT_TRUE(both.says("vmm: guest \"one\" asked for a reset")) << both.log();
    both.tell(1, "ping -c 2 10.0.2.2");
    ASSERT_TRUE(
        both.says_all({"one| guest: ready", "two| 2 packets transmitted, 2 packets received"}))
        << both.log();
    ASSERT_TRUE(both.ask(0, "ip addr add 192.168.7.1/24 dev eth0; ping -c 2 192.168.7.2",
                         "one| 2 packets transmitted, 2 packets received"))
        << both.log();

    // A kernel that panics.
    ASSERT_TRUE(both.ask(0, "echo c > /proc/sysrq-trigger", "one| ")) << both.log();
    ASSERT_TRUE(both.ask(1, "echo 3 > /proc/sys/vm/drop_caches; cat /debian/me", "two| second"))
        << both.log();
    ASSERT_TRUE(both.ask(1, "ping -c 2 10.0.2.2", "two| 2 packets transmitted, 2 packets received"))
        << both.log();
    both.type("poweroff");
    EXPECT_TRUE(both.says("vmm: guest \"two\" powered off")) << both.log();
}

TEST(OneOfTwoGuests, GoesOnWhenTheOtherPowersOff)
{
    GuestPair both = pair(k_gicv2);
    ASSERT_TRUE(both.both_boot()) << both.log();
    EXPECT_TRUE(both.send("\x1c"
                          "0\r"));
    both.type("poweroff");
    ASSERT_TRUE(both.says("vmm: guest \"one\" powered off")) << both.log();
    ASSERT_TRUE(both.ask(1, "ping -c 2 10.0.2.2", "two| 2 packets transmitted, 2 packets received"))
        << both.log();
    ASSERT_TRUE(both.ask(1,
                         "echo alive > /debian/me; sync; echo 3 > /proc/sys/vm/drop_caches; "
                         "cat /debian/me",
                         "two| alive"))
        << both.log();
}

INSTANTIATE_TEST_SUITE_P(All, TwoGuests, testing::Values(k_gicv2, k_gicv3), [](const auto& board) {
    return board.param == k_gicv2 ? "gicv2" : "gicv3";
});

} // namespace
