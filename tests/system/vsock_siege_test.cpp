// SPDX-License-Identifier: BSD-2-Clause
// Guests that talk over sockets among peers that make trouble (tests/guests/vsock_siege): one that
// takes nothing, one that writes nonsense, and some that are restarted in the middle.
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;
using testing::HasSubstr;
using testing::Not;

/// One that is silent and one that never is, in the background.
constexpr const char* k_two_connections =
    "mkfifo silent; vsock connect 4 7 <> silent & vsock connect 4 9 < /dev/zero &";

class VsockSiege : public testing::Test {
protected:
    LinuxGuest one{{.system  = "tests/guests/vsock_siege/vsock_siege",
                    .board   = k_gicv3,
                    .cmdline = "console=hvc0 quiet",
                    .initrd  = "initramfs-vsock.cpio"}};

    void expect_that_all_is_well()
    {
        EXPECT_THAT(one.run("vsock connect -w 2 13"), HasSubstr("s since power-on"));
        EXPECT_THAT(one.run("vsock connect -w 4 79"), HasSubstr("context ID 4"));
    }
    /// Bytes go to the other guest and come back as they were.
    void expect_an_echo()
    {
        (void)one.run("head -c 1000000 /dev/urandom > a; vsock connect 4 7 < a > b");
        EXPECT_THAT(one.run("cmp a b && echo the same"), HasSubstr("the same"));
    }
};

TEST_F(VsockSiege, NobodyElseNotices)
{
    ASSERT_TRUE(one.boots()) << one.log();
    expect_that_all_is_well();
    expect_an_echo();

    // Other packets wait behind those that nobody takes, until the peer is given up.
    EXPECT_THAT(one.run("head -c 500000 /dev/zero | vsock connect -w 11 5; echo over"),
                HasSubstr("over"));
    expect_that_all_is_well();

    // A program, and a VMM with its guest, begin anew in the middle of connections.
    (void)one.run("vsock connect 10 1");
    expect_that_all_is_well();
    one.type(k_two_connections);
    expect_that_all_is_well();
    // The answer may be late: a VMM that begins anew is busy for a while.
    (void)one.run("vsock connect 10 2");
    one.type("wait; echo both en''ded"); // of the shell itself, whose jobs they are
    EXPECT_TRUE(one.says("both ended")) << one.log();
    expect_that_all_is_well();
    expect_an_echo();

    // The guest itself does.
    one.type(k_two_connections);
    expect_that_all_is_well();
    EXPECT_TRUE(one.send("\x1c"
                         "1\r"));
    one.type("");
    one.type("reboot -f");
    EXPECT_TRUE(one.says("vmm: guest \"two\" asked for a reset")) << one.log();
    EXPECT_TRUE(one.send("\x1c"
                         "0\r"));
    one.type("wait; echo both en''ded"); // of the shell itself, whose jobs they are
    EXPECT_TRUE(one.says("both ended")) << one.log();
    expect_that_all_is_well();
    expect_an_echo();

    one.type("poweroff -f");
    EXPECT_TRUE(one.ends()) << one.log();
    EXPECT_THAT(one.log(), Not(HasSubstr("WRONG")));
    if (HasFailure()) {
        ADD_FAILURE() << one.log();
    }
}

} // namespace
