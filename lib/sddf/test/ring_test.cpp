// SPDX-License-Identifier: BSD-2-Clause
// The rings of the block and network classes: order, wraps, hostile neighbours, lost wake-ups.
#include "sddf/block.hpp"
#include "sddf/network.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <semaphore>
#include <thread>
#include <vector>

namespace {

using namespace sddf;

struct alignas(64) Memory {
    std::array<std::byte, 16384> bytes{};
};

class SddfBlockRing : public testing::Test {
protected:
    void open(std::uint32_t capacity)
    {
        ASSERT_TRUE(producer.open(memory.bytes, capacity));
        ASSERT_TRUE(consumer.open(memory.bytes, capacity));
    }
    block::RequestHeader& header()
    {
        return *reinterpret_cast<block::RequestHeader*>(memory.bytes.data());
    }

    Memory                 memory;
    block::RequestProducer producer;
    block::RequestConsumer consumer;
};

TEST_F(SddfBlockRing, AllSlotsAreUsableInOrder)
{
    open(5);
    for (std::uint32_t round = 0; round < 40; round += 5) {
        for (std::uint32_t i = 0; i < 5; ++i) {
            EXPECT_TRUE(producer.push({.id = round + i}));
        }
        EXPECT_FALSE(producer.push({}));
        EXPECT_FALSE(consumer.pop()); // not published
        EXPECT_TRUE(producer.publish());
        EXPECT_FALSE(producer.publish());
        for (std::uint32_t i = 0; i < 5; ++i) {
            EXPECT_EQ(consumer.pop()->id, round + i);
        }
        EXPECT_EQ(producer.space(), 0u); // not released
        EXPECT_TRUE(consumer.release());
        EXPECT_FALSE(consumer.release());
        EXPECT_EQ(producer.space(), 5u);
    }
}

TEST_F(SddfBlockRing, CountersWrap)
{
    header().head = 0xffff'fffe;
    header().tail = 0xffff'fffe;
    open(8);
    for (std::uint32_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(producer.push({.id = i}));
        (void)producer.publish();
        ASSERT_EQ(consumer.pop()->id, i);
        (void)consumer.release();
    }
    EXPECT_EQ(header().tail, 18u);
}

TEST_F(SddfBlockRing, ARestartedEndGoesOnWhereItWas)
{
    open(8);
    ASSERT_TRUE(producer.push({.id = 1}));
    ASSERT_TRUE(producer.push({.id = 2}));
    (void)producer.publish();
    (void)consumer.pop();
    (void)consumer.release();
    block::RequestConsumer again;
    ASSERT_TRUE(again.open(memory.bytes, 8));
    EXPECT_EQ(again.available(), 1u);
    EXPECT_EQ(again.pop()->id, 2u);
}

TEST_F(SddfBlockRing, AnyCounterOfTheOtherSideIsCutToTheCapacity)
{
    open(4);
    header().tail = 1000;
    EXPECT_EQ(consumer.available(), 4u);
    for (int i = 0; i < 100; ++i) {
        (void)consumer.pop(); // never outside: this runs under ASan
    }
    header().head = 77; // beyond the tail
    EXPECT_EQ(producer.space(), 0u);
    EXPECT_FALSE(producer.push({}));
    header().head = 0x8000'0000;
    EXPECT_FALSE(producer.push({}));
}

TEST_F(SddfBlockRing, TheOtherSideCannotMoveOurCounter)
{
    open(4);
    ASSERT_TRUE(producer.push({.id = 1}));
    (void)producer.publish();
    header().tail = 3; // by the consumer, who must not
    ASSERT_TRUE(producer.push({.id = 2}));
    (void)producer.publish();
    EXPECT_EQ(header().tail, 2u);
}

TEST_F(SddfBlockRing, RefusesWhatCannotBe)
{
    EXPECT_FALSE(producer.open(memory.bytes, 0));
    EXPECT_FALSE(producer.open(memory.bytes, 0xffff'ffff));
    EXPECT_FALSE(producer.open(memory.bytes, 512)); // 16 + 512 · 32 bytes do not fit by 16
    EXPECT_TRUE(producer.open(memory.bytes, 511));
    EXPECT_FALSE(producer.open(std::span{memory.bytes}.subspan(4), 8)); // not aligned
    EXPECT_FALSE(producer.open({}, 8));
}

TEST(SddfBlock, StorageInfoIsReadyLast)
{
    block::StorageInfo info{};
    EXPECT_FALSE(info.is_ready());
    info.set_ready(true);
    EXPECT_TRUE(info.is_ready());
}

class SddfNetworkRing : public testing::Test {
protected:
    void open(std::uint32_t capacity)
    {
        ASSERT_TRUE(producer.open(memory.bytes, capacity));
        ASSERT_TRUE(consumer.open(memory.bytes, capacity));
    }
    network::QueueHeader& header()
    {
        return *reinterpret_cast<network::QueueHeader*>(memory.bytes.data());
    }

    Memory            memory;
    network::Producer producer;
    network::Consumer consumer;
};

TEST_F(SddfNetworkRing, BytesOfADescriptor)
{
    open(4);
    ASSERT_TRUE(producer.push({.io_or_offset = 0x8877'6655'4433'2211, .len = 0x1122, .oid = 1}));
    const std::array<std::uint8_t, 16> expected{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                                                0x22, 0x11, 0x01, 0,    0,    0,    0,    0};
    EXPECT_EQ(std::memcmp(memory.bytes.data() + 8, expected.data(), 16), 0);
}

TEST_F(SddfNetworkRing, SixteenBitCountersWrapWhileFull)
{
    header().head = 0xfffd;
    header().tail = 0xfffd;
    open(4);
    for (std::uint16_t i = 0; i < 4; ++i) {
        ASSERT_TRUE(producer.push({.len = i}));
    }
    (void)producer.publish();
    EXPECT_EQ(header().tail, 1u);
    EXPECT_FALSE(producer.push({})); // full, though the tail is below the head
    for (std::uint16_t i = 0; i < 4; ++i) {
        ASSERT_EQ(consumer.pop()->len, i);
    }
    EXPECT_FALSE(consumer.pop());
}

TEST_F(SddfNetworkRing, NotifiesWhoAskedAndOnce)
{
    open(4);
    ASSERT_TRUE(producer.push({}));
    EXPECT_TRUE(producer.publish_if_asked()); // fresh memory: everybody has asked
    ASSERT_TRUE(producer.push({}));
    EXPECT_FALSE(producer.publish_if_asked());
    EXPECT_FALSE(producer.publish_if_asked());
    EXPECT_TRUE(consumer.ask_for_more()); // there are two: do not sleep
    EXPECT_EQ(header().consumer_signalled, 1u);
    (void)consumer.pop();
    (void)consumer.pop();
    (void)consumer.release();
    EXPECT_FALSE(consumer.ask_for_more());
    EXPECT_EQ(header().consumer_signalled, 0u);
    ASSERT_TRUE(producer.push({}));
    EXPECT_TRUE(producer.publish_if_asked());
}

TEST_F(SddfNetworkRing, CapacityUpToHalfOfTheCounter)
{
    std::vector<std::byte> region(network::Producer::bytes_for(32768));
    EXPECT_TRUE(producer.open(region, 32768));
    EXPECT_FALSE(producer.open(region, 32769));
}

TEST_F(SddfNetworkRing, NoWakeUpIsLost)
{
    open(8);
    constexpr unsigned           k_count = 20'000;
    std::binary_semaphore        channel{0};
    std::counting_semaphore<100> credits{8};
    std::thread                  other{[&] {
        for (unsigned i = 0; i < k_count; ++i) {
            credits.acquire();
            while (!producer.push({.len = static_cast<std::uint16_t>(i)})) {
                std::this_thread::yield();
            }
            if (producer.publish_if_asked()) {
                channel.release();
            }
        }
    }};
    unsigned                     received = 0;
    while (received < k_count) {
        while (const auto descriptor = consumer.pop()) {
            ASSERT_EQ(descriptor->len, static_cast<std::uint16_t>(received));
            ++received;
            (void)consumer.release();
            credits.release();
        }
        if (received < k_count && !consumer.ask_for_more()) {
            channel.acquire(); // would wait for ever if the protocol had a hole
        }
    }
    other.join();
}

TEST(SddfNetwork, BuffersInsideOfTheirRegion)
{
    EXPECT_TRUE(network::is_buffer({.io_or_offset = 0}, 4));
    EXPECT_TRUE(network::is_buffer({.io_or_offset = 3 * 2048}, 4));
    EXPECT_FALSE(network::is_buffer({.io_or_offset = 4 * 2048}, 4));
    EXPECT_FALSE(network::is_buffer({.io_or_offset = 1}, 4));
    EXPECT_FALSE(network::is_buffer({.io_or_offset = ~std::uint64_t{0} - 2047}, 4));
}

TEST(SddfResources, PartsOfARegionLieInside)
{
    std::array<std::byte, 64> memory{};
    const Region region{.vaddr = reinterpret_cast<std::uint64_t>(memory.data()), .size = 64};
    EXPECT_EQ(region.part(60, 4).data(), memory.data() + 60);
    EXPECT_TRUE(region.part(60, 5).empty());
    EXPECT_TRUE(region.part(~std::uint64_t{0} - 1, 4).empty());
    EXPECT_TRUE(region.part(4, ~std::uint64_t{0}).empty());
    EXPECT_TRUE(Region{}.part(0, 1).empty());
    EXPECT_TRUE(Region{}.bytes().empty());
}

TEST(SddfResources, ASectionThatNobodyFilledIsNotValid)
{
    EXPECT_FALSE(block::ClientConfig{}.is_valid());
    block::ClientConfig config{};
    config.magic = {'s', 'D', 'D', 'F', 2};
    EXPECT_TRUE(config.is_valid());
    config.magic[4] = 3;
    EXPECT_FALSE(config.is_valid());
}

} // namespace
