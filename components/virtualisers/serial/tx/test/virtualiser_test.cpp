// SPDX-License-Identifier: BSD-2-Clause
// Output of several clients through one driver.
#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

extern sddf::serial::TxVirtConfig serial_config;

namespace {

constexpr unsigned k_driver = 0;

class SerialVirtTx : public testing::Test {
protected:
    void start(std::size_t clients_wanted, std::size_t driver_size, std::size_t client_size)
    {
        fake.reset();
        driver                    = std::make_unique<kit::SerialLink>(driver_size);
        serial_config             = {};
        serial_config.magic       = sddf::magic_of(sddf::Class::serial);
        serial_config.driver      = driver->connection(k_driver);
        serial_config.num_clients = static_cast<std::uint8_t>(clients_wanted);
        clients.clear();
        for (std::size_t i = 0; i < clients_wanted; ++i) {
            clients.push_back(std::make_unique<kit::SerialLink>(client_size));
            serial_config.clients[i].connection =
                clients[i]->connection(static_cast<std::uint8_t>(1 + i));
        }
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
    }
    /// The driver takes all there is, as often as that leads to more.
    std::string drain()
    {
        std::string all;
        bool        notify = true;
        for (unsigned i = 0; i < 10'000 && notify; ++i) {
            all += driver->take(&notify);
            if (notify) {
                event(k_driver);
            }
        }
        return all;
    }
    [[nodiscard]] bool was_notified(unsigned channel) const
    {
        return std::ranges::find(fake.notifications, channel) != fake.notifications.end();
    }

    kit::FakeMicrokit&                            fake = kit::FakeMicrokit::instance();
    std::unique_ptr<kit::SerialLink>              driver;
    std::vector<std::unique_ptr<kit::SerialLink>> clients;
};

TEST_F(SerialVirtTx, BytesPassUnchanged)
{
    start(2, 64, 64);
    init();
    clients[1]->put("hello\n\x1b[1m\xff");
    event(2);
    EXPECT_TRUE(was_notified(k_driver));
    EXPECT_TRUE(was_notified(2)) << "fresh memory asks";
    EXPECT_EQ(drain(), "hello\n\x1b[1m\xff");
}

TEST_F(SerialVirtTx, ABeginStringIsSentOnceWhereThereIsInput)
{
    start(1, 64, 64);
    serial_config.enable_rx = true;
    std::strcpy(serial_config.begin_str.data(), "Begin input\r\n");
    init();
    fake.end_of_entry_point();
    EXPECT_TRUE(was_notified(k_driver));
    EXPECT_EQ(driver->take(), "Begin input\r\n");
    init();
    EXPECT_EQ(driver->take(), "") << "not after a restart";
    start(1, 64, 64);
    std::strcpy(serial_config.begin_str.data(), "Begin input\r\n");
    init();
    EXPECT_EQ(driver->take(), "") << "not without input";
}

TEST_F(SerialVirtTx, EachClientHasItsColour)
{
    start(7, 256, 64);
    serial_config.enable_colour = true;
    init();
    clients[0]->put("a");
    event(1);
    clients[6]->put("b");
    event(7);
    clients[5]->put("c");
    event(6);
    EXPECT_EQ(drain(), "\x1b[31ma\x1b[0m\x1b[31mb\x1b[0m\x1b[36mc\x1b[0m");
}

// The official one stops for ever here.
TEST_F(SerialVirtTx, AClientWithMoreThanTheDriversRingIsNotStuck)
{
    for (const bool colour : {false, true}) {
        start(1, 16, 1024);
        serial_config.enable_colour = colour;
        init();
        std::string text;
        for (unsigned i = 0; i < 1024; ++i) {
            text += static_cast<char>('a' + i % 26);
        }
        ASSERT_EQ(clients[0]->put(text), 1024U);
        event(1);
        std::string out = drain();
        for (const std::string code : {"\x1b[31m", "\x1b[0m"}) {
            for (auto at = out.find(code); at != std::string::npos; at = out.find(code)) {
                out.erase(at, code.size());
            }
        }
        EXPECT_EQ(out, text) << colour;
    }
}

TEST_F(SerialVirtTx, ClientsTakeTurns)
{
    start(3, 4096, 4096);
    init();
    for (unsigned i = 0; i < 3; ++i) {
        clients[i]->put(std::string(4096, static_cast<char>('a' + i)));
    }
    event(1);
    const auto first = driver->take();
    for (const char c : {'a', 'b', 'c'}) {
        EXPECT_GE(std::ranges::count(first, c), 1024) << c;
    }
    event(k_driver);
    const auto all = first + drain();
    for (const char c : {'a', 'b', 'c'}) {
        EXPECT_EQ(std::ranges::count(all, c), 4096) << c;
    }
}

TEST_F(SerialVirtTx, ALongOutputIsCutBetweenLines)
{
    start(2, 4096, 4096);
    init();
    std::string text;
    for (unsigned i = 0; i < 60; ++i) {
        text += "this is line " + std::to_string(i) + "\n";
    }
    clients[0]->put(text);
    clients[1]->put("another client\n");
    event(1);
    const auto out = driver->take();
    const auto at  = out.find("another client\n");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(out[at - 1], '\n');
}

TEST_F(SerialVirtTx, OneEventDoesABoundedAmountAndGoesOnByItself)
{
    start(4, 65536, 65536);
    init();
    for (auto& client : clients) {
        client->put(std::string(20'000, 'x'));
    }
    event(1);
    bool       notify = false;
    const auto first  = driver->take(&notify);
    EXPECT_LE(first.size(), 4096U);
    EXPECT_TRUE(notify) << "it asked before it published";
    event(k_driver);
    EXPECT_EQ(first.size() + drain().size(), 80'000U);
}

TEST_F(SerialVirtTx, AClientThatLiesDoesNotStopTheOthers)
{
    start(2, 64, 64);
    init();
    clients[0]->control().tail = 0x8000'0000; // for ever full
    clients[1]->put("good");
    std::string out;
    for (unsigned i = 0; i < 20; ++i) {
        event(1);
        out += driver->take();
        clients[0]->control().tail += 12345;
    }
    std::erase(out, '\0');
    EXPECT_EQ(out, "good");
}

TEST_F(SerialVirtTx, AFullDriverIsAskedForSpace)
{
    start(1, 16, 64);
    init();
    driver->put(std::string(16, '#')); // full
    driver->control().producer_signalled = 1;
    init(); // the producer's end, as of now
    clients[0]->put("late");
    event(1);
    EXPECT_EQ(driver->control().producer_signalled, 0U);
    bool notify = false;
    EXPECT_EQ(driver->take(&notify), std::string(16, '#'));
    EXPECT_TRUE(notify);
    event(k_driver);
    EXPECT_EQ(drain(), "late");
}

TEST_F(SerialVirtTx, ADriverRingTooSmallForColoursIsReported)
{
    start(1, 8, 64);
    serial_config.enable_colour = true;
    EXPECT_THROW(init(), kit::Crash);
    EXPECT_NE(fake.debug_output.find("too small for colours"), std::string::npos);
}

TEST_F(SerialVirtTx, ARingThatClaimsMoreThanItHoldsIsEmptied)
{
    start(2, 4096, 64);
    init();
    clients[0]->control().tail = 0x8000'0000;
    clients[1]->put("ok\n");
    event(1);
    for (int i = 0; i < 4; ++i) {
        (void)driver->take();
        event(0);
    }
    EXPECT_EQ(clients[0]->control().head, 0x8000'0000);
    EXPECT_EQ(driver->take(), "");
    clients[0]->put("back\n");
    event(1);
    EXPECT_EQ(driver->take(), "back\n");
}

} // namespace
