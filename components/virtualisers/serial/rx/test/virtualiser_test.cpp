// SPDX-License-Identifier: BSD-2-Clause
// Input: who gets it, and how a user switches.
#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

extern sddf::serial::RxVirtConfig serial_config;

namespace {

constexpr unsigned    k_driver = 7;
constexpr const char* k_switch = "\x1c";

class SerialVirtRx : public testing::Test {
protected:
    SerialVirtRx()
    {
        fake.reset();
        serial_config                    = {};
        serial_config.magic              = sddf::magic_of(sddf::Class::serial);
        serial_config.driver             = driver.connection(k_driver);
        serial_config.num_clients        = 12;
        serial_config.switch_char        = 28;
        serial_config.terminate_num_char = 13;
        for (std::uint8_t i = 0; i < 12; ++i) {
            serial_config.clients[i] = clients[i].connection(static_cast<std::uint8_t>(10 + i));
        }
        init();
    }
    void type(const std::string& text)
    {
        fake.notifications.clear();
        EXPECT_EQ(driver.put(text), text.size());
        notified(microkit::Channel{k_driver});
        fake.end_of_entry_point();
    }
    static std::string s(const std::string& rest) { return k_switch + rest; }

    kit::FakeMicrokit&              fake = kit::FakeMicrokit::instance();
    kit::SerialLink                 driver{64};
    std::array<kit::SerialLink, 12> clients;
};

TEST_F(SerialVirtRx, TheFirstClientHasTheInput)
{
    type("hello\r");
    EXPECT_EQ(clients[0].take(), "hello\r");
    EXPECT_EQ(fake.notifications, (std::vector{10U, k_driver})) << "the driver had asked";
    type("x");
    EXPECT_EQ(fake.notifications, std::vector{10U});
}

TEST_F(SerialVirtRx, ANumberSwitches)
{
    type("a" + s("3\rb") + s("11\rc") + s("0000\rd"));
    EXPECT_EQ(clients[0].take(), "ad");
    EXPECT_EQ(clients[3].take(), "b");
    EXPECT_EQ(clients[11].take(), "c");
}

TEST_F(SerialVirtRx, TheSwitchCharacterTwiceIsOne)
{
    type("a" + s(k_switch) + "b");
    EXPECT_EQ(clients[0].take(), std::string{"a"} + k_switch + "b");
}

TEST_F(SerialVirtRx, WhatIsNoSwitchIsDiscarded)
{
    type(s("x") + "a"); // not a digit
    EXPECT_EQ(clients[0].take(), "a");
    type(s("12\r") + "b"); // no such client
    EXPECT_EQ(clients[0].take(), "b");
    type(s("1x") + "c"); // not a number
    EXPECT_EQ(clients[0].take(), "c");
    type(s("00001\r") + "d"); // a fifth digit ends it; what follows is input
    EXPECT_EQ(clients[0].take(), "\rd");
    type(s("9999\r") + "e");
    EXPECT_EQ(clients[0].take(), "e");
}

TEST_F(SerialVirtRx, ASwitchMayComeInPieces)
{
    type("\x1c");
    fake.notifications.clear();
    type("1");
    type("1");
    type("\r");
    EXPECT_TRUE(fake.notifications.empty());
    type("x");
    EXPECT_EQ(clients[11].take(), "x");
}

TEST_F(SerialVirtRx, WhatAClientHasNoSpaceForWaitsWhileTheDriverHasSome)
{
    type(std::string(60, 'a'));
    type(std::string(60, 'b')); // four find space
    EXPECT_EQ(fake.notifications, std::vector{10U});
    EXPECT_EQ(clients[0].control().producer_signalled, 0U) << "it did not ask for space";
    EXPECT_EQ(clients[0].take(), std::string(60, 'a') + std::string(4, 'b'));
    notified(microkit::Channel{10});
    fake.end_of_entry_point();
    EXPECT_EQ(clients[0].take(), std::string(56, 'b'));
}

TEST_F(SerialVirtRx, AClientThatTakesNothingCannotKeepTheInput)
{
    type(std::string(64, 'a'));
    type("lost");
    type(s("1\rkept")); // whoever switches away does not wait
    EXPECT_EQ(clients[1].take(), "kept");
    EXPECT_EQ(clients[0].take(), std::string(64, 'a'));

    type(std::string(64, 'b'));
    type(std::string(64, 'c')); // nothing more could be typed, not even a switch
    type(s("0\rok"));
    EXPECT_EQ(clients[1].take(), std::string(64, 'b'));
    EXPECT_EQ(clients[0].take(), "ok");
}

TEST_F(SerialVirtRx, AnOnlyClientLosesNothing)
{
    serial_config.num_clients = 1;
    init();
    type(std::string(64, 'a'));
    type(std::string(63, 'b') + k_switch); // fills the driver's ring
    fake.notifications.clear();
    notified(microkit::Channel{k_driver}); // the driver asks again
    EXPECT_TRUE(fake.notifications.empty());
    driver.control().producer_signalled = 0;
    EXPECT_EQ(clients[0].take(), std::string(64, 'a'));
    notified(microkit::Channel{10});
    fake.end_of_entry_point();
    EXPECT_EQ(fake.notifications, (std::vector{10U, k_driver})) << "the driver had asked";
    EXPECT_EQ(clients[0].take(), std::string(63, 'b') + k_switch);
}

TEST_F(SerialVirtRx, TheDriverIsToldOfSpaceWhenItWaits)
{
    type("x");
    driver.control().producer_signalled = 0;
    type("y");
    EXPECT_EQ(fake.notifications.back(), k_driver);
    EXPECT_EQ(driver.control().producer_signalled, 1U);
}

TEST_F(SerialVirtRx, NotificationsWithoutReasonAreHarmless)
{
    fake.notifications.clear();
    for (unsigned channel = 0; channel < 62; ++channel) {
        notified(microkit::Channel{channel});
    }
    fake.end_of_entry_point();
    EXPECT_TRUE(fake.notifications.empty());
}

TEST_F(SerialVirtRx, AHostileClientHarmsOnlyItself)
{
    clients[0].control().head = 0x7000'0000;
    type("lost" + s("1\rkept"));
    EXPECT_EQ(clients[1].take(), "kept");
}

TEST_F(SerialVirtRx, AnOnlyClientGetsEveryCharacter)
{
    serial_config.num_clients = 1;
    init();
    type(s("0\r") + s(k_switch));
    EXPECT_EQ(clients[0].take(), s("0\r") + s(k_switch));
}

TEST_F(SerialVirtRx, WithoutClientsInputIsDropped)
{
    serial_config.num_clients = 0;
    init();
    type("abc");
    EXPECT_EQ(clients[0].take(), "");
}

} // namespace
