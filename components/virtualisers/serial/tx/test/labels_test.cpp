// SPDX-License-Identifier: BSD-2-Clause
// Lines that begin with the name of their client.
#include "../turn.hpp"

#include "kit/sddf_links.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

namespace {

class SerialLabels : public testing::Test {
protected:
    SerialLabels()
    {
        config->num_clients = 2;
        std::strcpy(config->clients[0].name.data(), "one");
        std::strcpy(config->clients[1].name.data(), "other");
        EXPECT_TRUE(turn.open(*config, 256));
    }
    void say(unsigned number, std::string_view text)
    {
        kit::SerialLink client{256};
        client.put(text);
        auto from = client.consumer();
        auto to   = driver.producer();
        EXPECT_EQ(turn.take(to, from, number, 200), text.size());
        (void)to.publish();
    }

    std::unique_ptr<sddf::serial::TxVirtConfig> config =
        std::make_unique<sddf::serial::TxVirtConfig>();
    kit::SerialLink      driver{256};
    serial_virt_tx::Turn turn;
};

TEST_F(SerialLabels, EveryLineHasOne)
{
    say(0, "a\nb\n");
    say(1, "c\n");
    EXPECT_EQ(driver.take(), "one| a\none| b\nother| c\n");
}

TEST_F(SerialLabels, AnUnfinishedLineGoesOnWithoutOne)
{
    say(0, "he");
    say(0, "llo\n");
    EXPECT_EQ(driver.take(), "one| hello\n");
}

TEST_F(SerialLabels, AnotherClientsLineBeginsAnew)
{
    say(0, "login: ");
    say(1, "hi\n");
    say(0, "x");
    EXPECT_EQ(driver.take(), "one| login: \r\nother| hi\none| x");
}

} // namespace
