// SPDX-License-Identifier: BSD-2-Clause
// Frames into a client's memory.
#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

extern sddf::network::CopierConfig net_config;

namespace {

constexpr unsigned k_virt   = 0;
constexpr unsigned k_client = 1;

class NetCopy : public testing::Test {
protected:
    NetCopy()
    {
        fake.reset();
        net_config             = {};
        net_config.magic       = sddf::magic_of(sddf::Class::network);
        net_config.rx          = rx.connection(k_virt);
        net_config.client      = client.connection(k_client);
        net_config.client_data = own.region();
        net_config.rx_data[0]  = device.region();
        net_config.rx_data[1]  = other.region();
        init();
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
    }
    void receive(const sddf::network::Descriptor& frame)
    {
        EXPECT_TRUE(rx.put(rx.active, frame));
        event(k_virt);
    }

    kit::FakeMicrokit& fake = kit::FakeMicrokit::instance();
    kit::NetLink       rx{8};
    kit::NetLink       client{4};
    kit::Memory        device{8 * 2048};
    kit::Memory        other{8 * 2048};
    kit::Memory        own{4 * 2048};
};

TEST_F(NetCopy, FillsTheClientsFreeRingOnce)
{
    EXPECT_EQ(client.take(client.free).size(), 4U);
    init();
    EXPECT_TRUE(client.take(client.free).empty());
}

TEST_F(NetCopy, AFrameIsCopiedAndItsBufferReturned)
{
    std::ranges::fill(device.bytes().subspan(2048, 100), std::byte{0x42});
    receive({.io_or_offset = 2048, .len = 100});
    const auto frames = client.take(client.active);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].len, 100U);
    const auto got = own.bytes().subspan(frames[0].io_or_offset, 101);
    EXPECT_EQ(got[0], std::byte{0x42});
    EXPECT_EQ(got[99], std::byte{0x42});
    EXPECT_EQ(got[100], std::byte{0});
    const auto back = rx.take(rx.free);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_EQ(back[0].io_or_offset, 2048U);
    EXPECT_EQ(fake.notifications, (std::vector{k_client, k_virt}));
}

TEST_F(NetCopy, ARegionHasANumber)
{
    other.bytes()[0] = std::byte{0x17};
    receive({.io_or_offset = 0, .len = 60, .oid = 1});
    EXPECT_EQ(own.bytes()[client.take(client.active)[0].io_or_offset], std::byte{0x17});
    EXPECT_EQ(rx.take(rx.free)[0].oid, 1U) << "who returns it must know whose it is";
}

TEST_F(NetCopy, WithoutABufferOfTheClientTheFrameIsDropped)
{
    for (std::uint64_t i = 0; i < 6; ++i) {
        receive({.io_or_offset = i * 2048, .len = 60});
    }
    EXPECT_EQ(client.take(client.active).size(), 4U);
    EXPECT_EQ(rx.take(rx.free).size(), 6U);
}

TEST_F(NetCopy, WrongFramesAreReturnedUncopied)
{
    receive({.io_or_offset = 2048, .len = 2049});
    receive({.io_or_offset = 8 * 2048, .len = 60});
    receive({.io_or_offset = ~0ULL - 2047, .len = 60});
    receive({.io_or_offset = 0, .len = 60, .oid = 2});
    receive({.io_or_offset = 0, .len = 60, .oid = 255});
    EXPECT_TRUE(client.take(client.active).empty());
    EXPECT_EQ(rx.take(rx.free).size(), 5U);
}

TEST_F(NetCopy, WrongBuffersOfTheClientAreItsLoss)
{
    (void)client.take(client.free);
    EXPECT_TRUE(client.put(client.free, {.io_or_offset = 4 * 2048}));
    EXPECT_TRUE(client.put(client.free, {.io_or_offset = 7}));
    EXPECT_TRUE(client.put(client.free, {.io_or_offset = 2048}));
    init();
    receive({.io_or_offset = 0, .len = 60});
    const auto frames = client.take(client.active);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].io_or_offset, 2048U);
}

TEST_F(NetCopy, AClientNeedNotNotify)
{
    EXPECT_EQ(reinterpret_cast<sddf::network::QueueHeader*>(client.free.bytes().data())
                  ->consumer_signalled,
              1U);
}

TEST_F(NetCopy, AClientThatLiesCostsABoundedAmount)
{
    auto& header = *reinterpret_cast<sddf::network::QueueHeader*>(client.free.bytes().data());
    for (unsigned round = 0; round < 100; ++round) {
        header.tail = static_cast<std::uint16_t>(header.tail + 1000);
        receive({.io_or_offset = 0, .len = 60});
        EXPECT_EQ(rx.take(rx.free).size(), 1U);
    }
}

} // namespace
