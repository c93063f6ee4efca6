// SPDX-License-Identifier: BSD-2-Clause
// Sockets between two Linux guests, and between a guest and a program that is none
// (tests/guests/sockets): every situation that tests/guests/sockets/linux knows, connections by the
// thousand, bytes by the megabyte.
#include "vsock_guests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;
using testing::HasSubstr;

TEST(Vsock, EverySituationBetweenGuestsAndMuchTraffic)
{
    VsockGuests both({.board = k_gicv3, .config = "release"});
    ASSERT_TRUE(both.boot()) << both.log();
    const auto report = both.ask(0, "sockets check " + std::string{k_cid_of_two});
    EXPECT_THAT(report, HasSubstr("sockets: 35 passed, 0 failed")) << both.log();
    for (const auto* const command :
         {"sockets connections 4 600 100", "sockets connections 2 1000 100",
          "sockets copy 4 20000000", "sockets copy 2 20000000"}) {
        EXPECT_THAT(both.ask(0, command), HasSubstr("sockets: done")) << command;
    }
    // The other way round: who has asked so far is asked.
    for (const auto* const command : {"sockets connections 3 200 20", "sockets copy 3 5000000"}) {
        EXPECT_THAT(both.ask(1, command), HasSubstr("sockets: done")) << command;
    }
    EXPECT_THAT(complaints(both.log()), testing::IsEmpty());
}

} // namespace
