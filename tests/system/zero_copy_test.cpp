// SPDX-License-Identifier: BSD-2-Clause
// A guest whose RAM is its disk's data region (tests/guests/zero_copy): its data is copied by
// nobody, and a life that ends while the disk writes to its RAM spoils nothing in the next one.
#include "linux_disk.hpp"
#include "linux_guest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace {

using namespace system_test;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;

class ZeroCopy : public testing::TestWithParam<const char*> {};

TEST_P(ZeroCopy, IsWhatARestartWaitsForAndWhatIsCounted)
{
    const auto disk = empty_disk("zero_copy.img", 32 << 20);
    LinuxGuest guest({.system  = "tests/guests/zero_copy/zero_copy",
                      .board   = GetParam(),
                      .cmdline = "console=hvc0",
                      .disk    = disk});
    ASSERT_TRUE(guest.boots()) << guest.log();
    EXPECT_EQ(guest.run("dd if=/dev/urandom of=/dev/vda bs=1M 2> /dev/null; sync; "
                        "echo 3 > /proc/sys/vm/drop_caches"),
              "");
    const auto sum = guest.run("sha256sum < /dev/vda");
    EXPECT_EQ(host("dd if='" + disk.string() + "' bs=1M skip=1 count=32 2> /dev/null | sha256sum"),
              sum);

    // Three lives that end in the middle of reads into their RAM.
    for (int life = 0; life < 3; ++life) {
        guest.type("echo 3 > /proc/sys/vm/drop_caches; for i in 1 2 3 4; do dd if=/dev/vda "
                   "of=/dev/null bs=1M & done; reboot -f");
        ASSERT_TRUE(guest.boots()) << guest.log();
    }
    EXPECT_EQ(guest.run("sha256sum < /dev/vda"), sum);

    guest.type("poweroff");
    ASSERT_TRUE(guest.ends()) << guest.log();
    EXPECT_THAT(complaints(guest.log()), IsEmpty());
    std::smatch      found;
    const std::regex counts{"disk: ([0-9]+) bytes without a copy, ([0-9]+) with one"};
    ASSERT_TRUE(std::regex_search(guest.log(), found, counts)) << guest.log();
    const auto direct = std::stoull(found[1]);
    const auto copied = std::stoull(found[2]);
    EXPECT_THAT(direct, Ge(64ULL << 20));  // three times the disk, or nearly, and what is above
    EXPECT_THAT(copied, Le(direct / 100)); // who looks for a table reads less than a block
    RecordProperty("direct", std::to_string(direct));
    RecordProperty("copied", std::to_string(copied));
}

INSTANTIATE_TEST_SUITE_P(All, ZeroCopy, testing::Values(k_gicv2, k_gicv3), [](const auto& board) {
    return board.param == k_gicv2 ? "gicv2" : "gicv3";
});

} // namespace
