// SPDX-License-Identifier: BSD-2-Clause
// The virtIO network driver between a fake device and fake virtualisers.
#include "test/fixture.hpp"

#include <algorithm>
#include <set>

extern sddf::network::DriverConfig net_config;

namespace {

constexpr unsigned      k_rx   = 1;
constexpr unsigned      k_tx   = 2;
constexpr std::uint16_t k_ring = 256;

using virtio_driver::test::DriverTest;
using virtio_driver::test::k_irq;

class NetVirtio : public DriverTest {
protected:
    NetVirtio()
        : DriverTest{1, 0xffff'ffff} // whatever it offers
    {
        net_config = {.magic   = sddf::magic_of(sddf::Class::network),
                      .virt_rx = rx.connection(k_rx),
                      .virt_tx = tx.connection(k_tx)};
    }
    static std::uint64_t buffer(unsigned i) { return 0x5000'0000 + 2048ULL * i; }
    void                 give_free(unsigned from, unsigned to)
    {
        for (unsigned i = from; i < to; ++i) {
            EXPECT_TRUE(rx.put(rx.free, {.io_or_offset = buffer(i)}));
        }
    }

    kit::NetLink rx{k_ring};
    kit::NetLink tx{k_ring};
};

TEST_F(NetVirtio, NegotiatesNothingButTheStandard)
{
    init();
    EXPECT_EQ(device.accepted, 1ULL << 32);
    EXPECT_EQ(device.status, 15U);
}

TEST_F(NetVirtio, AFrameArrivesInABufferThatWasOffered)
{
    give_free(0, 4);
    init();
    const auto chains = device.take(0);
    ASSERT_EQ(chains.size(), 4U);
    ASSERT_EQ(chains[2].pieces.size(), 2U);
    EXPECT_EQ(chains[2].pieces[0].length, 12U);
    EXPECT_EQ(chains[2].pieces[1].address, buffer(2));
    EXPECT_EQ(chains[2].pieces[1].length, 2048U);
    EXPECT_TRUE(chains[2].pieces[0].device_writes && chains[2].pieces[1].device_writes);
    device.complete(0, chains[2].head, 12 + 60);
    event(k_irq);
    EXPECT_EQ(fake.notifications, std::vector{k_rx});
    EXPECT_EQ(fake.acknowledgements, std::vector{k_irq});
    const auto frames = rx.take(rx.active);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].io_or_offset, buffer(2));
    EXPECT_EQ(frames[0].len, 60U);
    EXPECT_EQ(frames[0].oid, 0U);
}

TEST_F(NetVirtio, WhatIsNoFrameIsOfferedAgain)
{
    give_free(0, 1);
    init();
    for (const std::uint32_t written : {0U, 12U, 12U + 2049U, ~0U}) {
        const auto chains = device.take(0);
        ASSERT_EQ(chains.size(), 1U);
        device.complete(0, chains[0].head, written);
        event(k_irq);
        EXPECT_TRUE(rx.take(rx.active).empty());
    }
    EXPECT_EQ(device.take(0).size(), 1U);
}

TEST_F(NetVirtio, FramesAreSentAndTheirBuffersReturned)
{
    init();
    device.notifications.clear();
    EXPECT_TRUE(tx.put(tx.active, {.io_or_offset = buffer(7), .len = 1514}));
    event(k_tx);
    EXPECT_EQ(device.notifications, std::vector{1U});
    const auto chains = device.take(1);
    ASSERT_EQ(chains.size(), 1U);
    EXPECT_EQ(chains[0].pieces[0].length, 12U);
    EXPECT_EQ(chains[0].pieces[1].address, buffer(7));
    EXPECT_EQ(chains[0].pieces[1].length, 1514U);
    EXPECT_FALSE(chains[0].pieces[1].device_writes);
    device.complete(1, chains[0].head, 0);
    event(k_irq);
    EXPECT_EQ(fake.notifications, std::vector{k_tx});
    const auto back = tx.take(tx.free);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_EQ(back[0].io_or_offset, buffer(7));
    EXPECT_EQ(back[0].len, 0U);
}

TEST_F(NetVirtio, AFullDeviceIsServedByItsInterrupt)
{
    init();
    for (unsigned i = 0; i < k_ring; ++i) {
        EXPECT_TRUE(tx.put(tx.active, {.io_or_offset = buffer(i), .len = 60}));
    }
    event(k_tx);
    std::set<std::uint64_t> back;
    for (auto chains = device.take(1); !chains.empty(); chains = device.take(1)) {
        EXPECT_LE(chains.size(), 128U);
        for (const auto& chain : chains) {
            device.complete(1, chain.head, 0);
        }
        event(k_irq);
        for (const auto& buffer : tx.take(tx.free)) {
            EXPECT_TRUE(back.insert(buffer.io_or_offset).second);
        }
    }
    EXPECT_EQ(back.size(), std::size_t{k_ring});
}

TEST_F(NetVirtio, ImpossibleLengthsAreNotSent)
{
    init();
    EXPECT_TRUE(tx.put(tx.active, {.io_or_offset = buffer(0), .len = 0}));
    EXPECT_TRUE(tx.put(tx.active, {.io_or_offset = buffer(1), .len = 2049}));
    event(k_tx);
    EXPECT_TRUE(device.take(1).empty());
    EXPECT_EQ(tx.take(tx.free).size(), 2U);
}

TEST_F(NetVirtio, ARestartLosesNoBuffer)
{
    give_free(0, 200);
    init();
    for (unsigned i = 0; i < 10; ++i) {
        EXPECT_TRUE(tx.put(tx.active, {.io_or_offset = buffer(1000 + i), .len = 60}));
    }
    event(k_tx);
    init();
    EXPECT_EQ(tx.take(tx.free).size(), 10U) << "given back unsent";
    std::set<std::uint64_t> offered;
    for (unsigned i = 0; i < 3; ++i) {
        for (const auto& chain : device.take(0)) {
            EXPECT_TRUE(offered.insert(chain.pieces[1].address).second);
            device.complete(0, chain.head, 12 + 60);
        }
        event(k_irq);
        (void)rx.take(rx.active);
    }
    EXPECT_EQ(offered.size(), 200U);
}

TEST_F(NetVirtio, ADeviceThatLiesIsSurvived)
{
    give_free(0, 2);
    init();
    const auto chains = device.take(0);
    device.complete(0, 0xffff'0000, 100);
    device.complete(0, chains[0].head + 1U, 100); // in the middle of a chain
    device.complete(0, chains[0].head, 100);
    device.complete(0, chains[0].head, 100);
    event(k_irq);
    EXPECT_EQ(rx.take(rx.active).size(), 1U);
}

} // namespace
