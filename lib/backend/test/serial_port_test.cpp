// SPDX-License-Identifier: BSD-2-Clause
// A console on sDDF's serial class: bytes both ways, full rings, notifications.
#include "backend/serial_port.hpp"
#include "kit/bell.hpp"
#include "kit/fake_driver.hpp"
#include "virtio/console.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace {

using virtio::Console;

class BackendSerialPort : public testing::Test {
protected:
    void SetUp() override
    {
        const auto region = [](auto& it) {
            const auto bytes = std::as_writable_bytes(std::span{it});
            return sddf::Region{reinterpret_cast<std::uint64_t>(bytes.data()), bytes.size()};
        };
        config.magic = sddf::magic_of(sddf::Class::serial);
        config.tx    = {.queue = region(tx_queue), .data = region(tx_data), .id = 1};
        config.rx    = {.queue = region(rx_queue), .data = region(rx_data), .id = 2};
        ASSERT_TRUE(port.open(config));
        ASSERT_TRUE(virtualiser_in.open(config.tx.queue.bytes(), config.tx.data.bytes()));
        ASSERT_TRUE(virtualiser_out.open(config.rx.queue.bytes(), config.rx.data.bytes()));
        storage.ports[0] = Console::Port{{.backend = &port, .is_console = true}};
        ASSERT_TRUE(driver.negotiate(virtio::k_common_features));
        input  = &driver.set_up(0);
        output = &driver.set_up(1);
        driver.go();
    }
    void send(std::string_view text)
    {
        output->add({kit::to_device(ram.put(text), static_cast<std::uint32_t>(text.size()))});
        if (output->must_notify()) {
            driver.notify(1);
        }
    }
    /// The transmit virtualiser: takes all that is there; whether the client wants to hear.
    bool drain()
    {
        std::array<std::byte, 100> room{};
        const auto                 size = virtualiser_in.read(room);
        printed.append(reinterpret_cast<const char*>(room.data()), size);
        return virtualiser_in.release();
    }
    void type(std::string_view text)
    {
        (void)virtualiser_out.write(std::as_bytes(std::span{text}));
        if (virtualiser_out.publish()) {
            device.input_ready(0);
        }
    }

    std::array<sddf::serial::Queue, 1> tx_queue{};
    std::array<sddf::serial::Queue, 1> rx_queue{};
    std::array<std::byte, 16>          tx_data{};
    std::array<std::byte, 16>          rx_data{};
    sddf::serial::ClientConfig         config{};
    sddf::serial::Consumer             virtualiser_in;
    sddf::serial::Producer             virtualiser_out;
    Bell                               tx_bell;
    Bell                               rx_bell;
    backend::SerialPort                port{tx_bell, rx_bell};
    kit::GuestRam                      ram;
    Console::Storage<1>                storage;
    Console                            device{storage};
    kit::FakeDriver                    driver{ram, device};
    kit::FakeRing*                     input  = nullptr;
    kit::FakeRing*                     output = nullptr;
    std::string                        printed;
};

TEST_F(BackendSerialPort, Output)
{
    send("hello");
    EXPECT_EQ(tx_bell.rings, 1u);
    (void)drain();
    EXPECT_EQ(printed, "hello");
    EXPECT_TRUE(output->used());
}

TEST_F(BackendSerialPort, OutputLargerThanTheRingLosesNothing)
{
    std::string text;
    for (int i = 0; i < 300; ++i) {
        text += static_cast<char>('a' + i % 26);
    }
    send(text);
    send("END");
    unsigned turns = 0;
    for (bool wants = true; wants; ++turns) {
        ASSERT_GT(tx_bell.rings, 0u); // each time that there is something
        tx_bell.rings = 0;
        wants         = drain();
        if (wants) {
            device.output_ready(0);
        }
        ASSERT_LT(turns, 100u);
    }
    (void)drain();
    EXPECT_EQ(printed, text + "END");
    EXPECT_TRUE(output->used());
    EXPECT_TRUE(output->used());
}

TEST_F(BackendSerialPort, Input)
{
    const auto at = ram.allocate(64);
    input->add({kit::from_device(at, 64)});
    type("typed");
    EXPECT_EQ(input->used()->written, 5u);
    EXPECT_EQ(ram.text(at, 5), "typed");
    EXPECT_EQ(rx_bell.rings, 1u); // fresh memory says that the virtualiser waits for space
    input->add({kit::from_device(at, 64)});
    type("more");
    EXPECT_EQ(rx_bell.rings, 1u);
}

TEST_F(BackendSerialPort, InputWaitsInTheRingForTheGuest)
{
    type("0123456789abcdef");
    EXPECT_EQ(virtualiser_out.space(), 0u);
    std::string got;
    while (got.size() < 16) {
        const auto at = ram.allocate(8);
        input->add({kit::from_device(at, 5)});
        ASSERT_TRUE(input->must_notify()); // the device asked for it
        driver.notify(0);
        const auto used = input->used();
        ASSERT_TRUE(used);
        got += ram.text(at, used->written);
    }
    EXPECT_EQ(got, "0123456789abcdef");
    EXPECT_EQ(virtualiser_out.space(), 16u);
}

TEST_F(BackendSerialPort, InputForNobodyLeavesRoom)
{
    driver.write(kit::Mmio::status, 0);
    type("stale");
    EXPECT_EQ(virtualiser_out.space(), 16u);
}

TEST_F(BackendSerialPort, ASystemWithoutInput)
{
    backend::SerialPort mute{tx_bell, rx_bell};
    EXPECT_FALSE(mute.has_input()); // not even open
    EXPECT_EQ(mute.write(std::as_bytes(std::span{"x", 1})), 1u);
    config.rx = {};
    ASSERT_TRUE(mute.open(config));
    EXPECT_FALSE(mute.has_input());
    mute.discard_input();
    mute.input_taken();
    config.magic = {};
    EXPECT_FALSE(mute.open(config));
}

} // namespace
