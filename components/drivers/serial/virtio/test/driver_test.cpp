// SPDX-License-Identifier: BSD-2-Clause
// The virtIO console driver between a fake device and fake virtualisers.
#include "test/fixture.hpp"

#include <array>
#include <stdexcept>
#include <string>

extern sddf::serial::DriverConfig serial_config;

namespace {

using virtio_driver::test::DriverTest;
using virtio_driver::test::k_irq;

constexpr unsigned k_rx   = 1;
constexpr unsigned k_tx   = 2;
constexpr unsigned k_in   = 0;
constexpr unsigned k_out  = 1;
constexpr unsigned k_room = 4096;

/// Where a restart overtakes the driver.
struct Killed : std::runtime_error {
    Killed()
        : std::runtime_error{"killed"}
    {
    }
};

class SerialVirtio : public DriverTest {
protected:
    SerialVirtio()
        : DriverTest{3, 0xffff'ffff} // whatever it offers
    {
        serial_config            = {};
        serial_config.magic      = sddf::magic_of(sddf::Class::serial);
        serial_config.rx         = rx.connection(k_rx);
        serial_config.tx         = tx.connection(k_tx);
        serial_config.rx_enabled = true;
    }
    /// The device sends what it has; with `limit`, that many chunks.
    void send(unsigned limit = ~0U)
    {
        take();
        for (; !waiting.empty() && limit != 0; --limit) {
            for (const auto& piece : waiting.front().pieces) {
                EXPECT_FALSE(piece.device_writes);
                line.append(reinterpret_cast<const char*>(piece.bytes()), piece.length);
            }
            device.complete(k_out, waiting.front().head, 0);
            waiting.erase(waiting.begin());
        }
    }
    void take()
    {
        for (auto& chain : device.take(k_out)) {
            waiting.push_back(chain);
        }
        for (auto& chain : device.take(k_in)) {
            buffers.push_back(chain);
        }
    }
    /// The device receives; false: the driver has offered no buffer.
    bool type(std::string_view text)
    {
        take();
        if (buffers.empty()) {
            return false;
        }
        const auto& piece = buffers.front().pieces.front();
        EXPECT_TRUE(piece.device_writes);
        EXPECT_LE(text.size(), piece.length);
        std::memcpy(piece.bytes(), text.data(), text.size());
        device.complete(k_in, buffers.front().head, static_cast<std::uint32_t>(text.size()));
        buffers.erase(buffers.begin());
        return true;
    }
    /// A reset has taken back all that was offered.
    void restart()
    {
        waiting.clear();
        buffers.clear();
        init();
        fake.end_of_entry_point();
    }

    kit::SerialLink                           rx{k_room};
    kit::SerialLink                           tx{k_room};
    std::vector<kit::FakeVirtioDevice::Chain> waiting;
    std::vector<kit::FakeVirtioDevice::Chain> buffers;
    std::string                               line;
};

TEST_F(SerialVirtio, NegotiatesNothingButTheStandard)
{
    init();
    EXPECT_EQ(device.accepted, 1ULL << 32);
    EXPECT_EQ(device.status, 15U);
}

TEST_F(SerialVirtio, SendsWhatIsInTheQueueAndSaysWhenThereIsSpace)
{
    init();
    (void)tx.put("hello");
    event(k_tx);
    EXPECT_TRUE(fake.notifications.empty()) << "the device may still need the bytes";
    send();
    EXPECT_EQ(line, "hello");
    event(k_irq);
    EXPECT_EQ(fake.notifications, std::vector{k_tx});
    EXPECT_EQ(fake.acknowledgements.back(), k_irq);
}

TEST_F(SerialVirtio, LongOutputGoesInChunksAndInOrder)
{
    init();
    std::string all;
    for (int round = 0; round < 40; ++round) {
        std::string text;
        for (int i = 0; i < 1000; ++i) {
            text += static_cast<char>('!' + (all.size() + text.size()) % 93);
        }
        const auto written = tx.put(text);
        all += text.substr(0, written);
        event(k_tx);
        send(1);
        event(k_irq);
    }
    while (line.size() < all.size()) {
        send();
        event(k_irq);
    }
    EXPECT_EQ(line, all);
}

TEST_F(SerialVirtio, PassesInputOn)
{
    init();
    EXPECT_TRUE(type("ls"));
    EXPECT_TRUE(type("\r"));
    event(k_irq);
    EXPECT_EQ(rx.take(), "ls\r");
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(type("again"));
        event(k_irq);
        EXPECT_EQ(rx.take(), "again");
    }
}

TEST_F(SerialVirtio, InputWaitsWhereThereIsNoRoom)
{
    init();
    EXPECT_EQ(rx.put(std::string(k_room - 3, '.')), k_room - 3U);
    init(); // the producer's place has moved
    EXPECT_TRUE(type("abcdef"));
    EXPECT_TRUE(type("ghi"));
    event(k_irq);
    bool notify = false;
    EXPECT_EQ(rx.take(&notify).substr(k_room - 3), "abc");
    EXPECT_TRUE(notify);
    event(k_rx);
    EXPECT_EQ(rx.take(), "defghi");
}

TEST_F(SerialVirtio, WithoutInputNothingIsOffered)
{
    serial_config.rx_enabled = false;
    init();
    take();
    EXPECT_TRUE(buffers.empty());
    event(k_irq);
}

TEST_F(SerialVirtio, AnEventIsBounded)
{
    init();
    (void)tx.put(std::string(k_room, 'x'));
    event(k_tx);
    take();
    EXPECT_LE(waiting.size(), 4U);
    for (int i = 0; i < 8; ++i) {
        EXPECT_TRUE(type(std::string(256, 'y')));
    }
    event(k_irq);
    EXPECT_LE(rx.take().size(), 8U * 256);
}

TEST_F(SerialVirtio, ADeviceThatReportsNonsenseIsNotBelieved)
{
    init();
    take();
    device.complete(k_in, 99, 5);
    device.complete(k_in, buffers[0].head, ~0U);
    device.complete(k_out, 3, 0);
    event(k_irq);
    EXPECT_EQ(rx.take().size(), 256U);
}

TEST_F(SerialVirtio, AVirtualiserWithWildCountersDoesNoHarm)
{
    init();
    (void)tx.put("abc");
    event(k_tx);
    for (const std::uint32_t wild : {0U, 7U, 0x8000'0000U, 0xffff'ffffU}) {
        tx.control().tail = wild;
        rx.control().head = wild;
        EXPECT_TRUE(type("x"));
        event(k_tx);
        send();
        event(k_irq);
    }
    EXPECT_EQ(line.substr(0, 3), "abc");
}

TEST_F(SerialVirtio, OutputGoesOnAfterARestart)
{
    init();
    (void)tx.put(std::string(2048, 'a') + std::string(2040, 'b'));
    event(k_tx);
    send(1);
    restart(); // the first chunk is out, the driver does not know; the second is not
    send();
    event(k_irq);
    EXPECT_EQ(line, std::string(2048, 'a') + std::string(2040, 'b'));
    (void)tx.put("c");
    event(k_tx);
    restart();
    restart();
    send();
    EXPECT_EQ(line.back(), 'c');
    EXPECT_EQ(line.size(), 4089U);
}

TEST_F(SerialVirtio, AfterARestartItsNeighboursLookAgain)
{
    init();
    fake.notifications.clear();
    restart(); // it may have died between moving a counter and saying so
    EXPECT_EQ(fake.notifications, (std::vector{k_rx, k_tx}));
}

TEST_F(SerialVirtio, InputGoesOnAfterARestart)
{
    init();
    EXPECT_TRUE(type("abc"));
    event(k_irq);
    EXPECT_TRUE(type("def"));
    EXPECT_TRUE(type("ghi"));
    restart();
    restart();
    EXPECT_TRUE(type("jkl"));
    event(k_irq);
    EXPECT_EQ(rx.take(), "abcdefghijkl");
}

/// The driver dies at its n-th access to the device, for every n, again and again: at work, and
/// once more while it starts.
TEST_F(SerialVirtio, NothingIsLostOrTwiceWhereverARestartComes)
{
    const auto& mmio     = kit::FakeMmio::instance();
    const auto  on_read  = mmio.on_read;
    const auto  on_write = mmio.on_write;
    for (unsigned life = 1; life < 40; ++life) {
        auto     left                     = ~0U;
        unsigned count                    = 0;
        kit::FakeMmio::instance().on_read = [&](auto at) {
            if (++count == left) {
                throw Killed{};
            }
            return on_read(at);
        };
        kit::FakeMmio::instance().on_write = [&](auto at, auto value) {
            if (++count == left) {
                throw Killed{};
            }
            on_write(at, value);
        };
        std::string sent;
        std::string typed;
        std::string heard;
        line.clear();
        restart();
        send();
        event(k_irq);
        line.clear();
        for (unsigned step = 0; step < 200; ++step) {
            const auto text = std::to_string(step) + (step % 7 == 0 ? std::string(700, '.') : ",");
            sent += text.substr(0, tx.put(text));
            if (type("<" + std::to_string(step) + ">")) {
                typed += "<" + std::to_string(step) + ">";
            }
            count = 0;
            left  = 1 + life % 5;
            try {
                event(step % 2 == 0 ? k_tx : k_irq);
            } catch (const Killed&) {
                count = 0;
                left  = life;
                try {
                    restart();
                } catch (const Killed&) {
                    left = ~0U;
                    restart();
                }
            }
            left = ~0U;
            heard += rx.take();
            if (step % 3 == 0) {
                send(1);
            }
        }
        for (int i = 0; i < 10; ++i) {
            event(k_irq);
            send();
        }
        heard += rx.take();
        EXPECT_EQ(line, sent) << life;
        EXPECT_EQ(heard, typed) << life;
    }
}

TEST_F(SerialVirtio, RefusesWithoutItsSectionsAndDevice)
{
    serial_config.magic = {};
    EXPECT_THROW(init(), kit::Crash);
    serial_config.magic = sddf::magic_of(sddf::Class::serial);
    device.type         = 1;
    EXPECT_THROW(init(), kit::Crash);
}

} // namespace
