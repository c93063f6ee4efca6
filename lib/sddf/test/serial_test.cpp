// SPDX-License-Identifier: BSD-2-Clause
// The serial class's byte rings: pieces, wraps, hostile neighbours, lost wake-ups.
#include "sddf/serial.hpp"

#include <gtest/gtest.h>

#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace sddf::serial;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

class SddfSerial : public testing::Test {
protected:
    void open()
    {
        const auto queue_bytes = std::as_writable_bytes(std::span{&queue, 1});
        ASSERT_TRUE(producer.open(queue_bytes, data));
        ASSERT_TRUE(consumer.open(queue_bytes, data));
    }
    std::string read(std::size_t most = 1000)
    {
        std::string text(most, '\0');
        text.resize(consumer.read(std::as_writable_bytes(std::span{text})));
        return text;
    }

    Queue                  queue{};
    std::vector<std::byte> data{8};
    Producer               producer;
    Consumer               consumer;
};

TEST_F(SddfSerial, BytesComeOutAsTheyWentIn)
{
    open();
    std::string in;
    std::string out;
    for (unsigned i = 0; out.size() < 1000; ++i) {
        const std::string chunk(i % 11, static_cast<char>('a' + i % 26));
        const auto        written = producer.write(bytes(chunk));
        EXPECT_EQ(written, std::min<std::size_t>(chunk.size(), 8)); // all of it was read before
        in += chunk.substr(0, written);
        (void)producer.publish();
        out += read();
        (void)consumer.release();
    }
    EXPECT_EQ(in, out);
}

TEST_F(SddfSerial, NothingIsSeenBeforeItIsPublished)
{
    open();
    EXPECT_EQ(producer.write(bytes("abc")), 3u);
    EXPECT_EQ(consumer.available(), 0u);
    EXPECT_TRUE(producer.publish());
    EXPECT_FALSE(producer.publish());
    EXPECT_EQ(read(), "abc");
    EXPECT_EQ(producer.space(), 5u);
    (void)consumer.release();
    EXPECT_EQ(producer.space(), 8u);
}

TEST_F(SddfSerial, PiecesInPlace)
{
    queue.head = queue.tail = 6;
    open();
    EXPECT_EQ(producer.room().size(), 2u); // up to the end
    EXPECT_EQ(producer.write(bytes("abcdefghij")), 8u);
    EXPECT_TRUE(producer.room().empty());
    (void)producer.publish();
    EXPECT_EQ(consumer.data().size(), 2u);
    consumer.advance(2);
    EXPECT_EQ(consumer.data().size(), 6u);
    EXPECT_EQ(static_cast<char>(consumer.data().front()), 'c');
}

TEST_F(SddfSerial, CountersWrap)
{
    queue.head = queue.tail = 0xffff'fffd;
    open();
    EXPECT_EQ(producer.write(bytes("abcdefgh")), 8u);
    EXPECT_EQ(producer.space(), 0u);
    (void)producer.publish();
    EXPECT_EQ(queue.tail, 5u);
    EXPECT_EQ(read(), "abcdefgh");
}

TEST_F(SddfSerial, AnyCounterOfTheOtherSideIsCutToTheCapacity)
{
    open();
    queue.tail = 0x1234'5678;
    EXPECT_EQ(consumer.available(), 8u);
    EXPECT_EQ(read().size(), 8u);
    queue.head = 0x7fff'ffff;
    EXPECT_EQ(producer.space(), 0u);
    EXPECT_EQ(producer.write(bytes("abc")), 0u);
}

TEST_F(SddfSerial, TheProducerIsToldWhenItWaits)
{
    open();
    EXPECT_EQ(producer.write(bytes("abcdefgh")), 8u);
    (void)producer.publish();
    EXPECT_EQ(read(1), "a");
    EXPECT_TRUE(consumer.release()); // fresh memory: the producer has asked
    EXPECT_EQ(read(1), "b");
    EXPECT_FALSE(consumer.release());
    EXPECT_FALSE(producer.ask_for_space(3)); // two are free
    EXPECT_EQ(read(1), "c");
    EXPECT_TRUE(consumer.release());
    EXPECT_TRUE(producer.ask_for_space(3));
    EXPECT_EQ(queue.producer_signalled, 1u); // the wish was taken back
}

TEST_F(SddfSerial, RefusesWhatCannotBe)
{
    const auto queue_bytes = std::as_writable_bytes(std::span{&queue, 1});
    EXPECT_FALSE(producer.open(queue_bytes.first(8), data));
    EXPECT_FALSE(producer.open({}, data));
    EXPECT_FALSE(producer.open(queue_bytes, {}));
    EXPECT_FALSE(producer.open(queue_bytes, std::span{data}.first(7)));
    EXPECT_FALSE(producer.is_open());
}

TEST_F(SddfSerial, NoWakeUpIsLost)
{
    open();
    constexpr std::size_t     k_count = 50'000;
    std::counting_semaphore<> to_consumer{0};
    std::counting_semaphore<> to_producer{0};
    std::thread               other{[&] {
        std::array<std::byte, 5> chunk{};
        for (std::size_t sent = 0; sent < k_count;) {
            for (std::size_t i = 0; i < chunk.size(); ++i) {
                chunk[i] = static_cast<std::byte>(sent + i);
            }
            const auto size =
                producer.write(std::span{chunk}.first(std::min(chunk.size(), k_count - sent)));
            sent += size;
            if (producer.publish()) {
                to_consumer.release();
            }
            if (size == 0 && !producer.ask_for_space(1)) {
                to_producer.acquire();
            }
        }
    }};
    std::size_t               received = 0;
    std::array<std::byte, 3>  chunk{};
    while (received < k_count) {
        const auto size = consumer.read(chunk);
        for (std::size_t i = 0; i < size; ++i) {
            ASSERT_EQ(chunk[i], static_cast<std::byte>(received++));
        }
        if (consumer.release()) {
            to_producer.release();
        }
        if (size == 0) {
            to_consumer.acquire(); // would wait for ever if the protocol had a hole
        }
    }
    other.join();
}

} // namespace
