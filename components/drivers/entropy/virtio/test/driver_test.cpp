// SPDX-License-Identifier: BSD-2-Clause
// The virtIO entropy driver between a fake device and fake clients.
#include "test/fixture.hpp"

#include "sddf/entropy.hpp"

#include <algorithm>

extern sddf::entropy::DriverConfig entropy_config;

namespace {

using virtio_driver::test::DriverTest;
using virtio_driver::test::k_irq;

constexpr std::uint32_t k_ring = 4096;

class EntropyVirtio : public DriverTest {
protected:
    EntropyVirtio()
        : DriverTest{4, 0xffff'ffff} // whatever it offers
    {
        entropy_config             = {};
        entropy_config.magic       = sddf::entropy::k_magic;
        entropy_config.num_clients = 3;
        for (unsigned i = 0; i < 3; ++i) {
            entropy_config.clients[i] = links[i].connection(static_cast<std::uint8_t>(1 + i));
        }
    }
    /// The device answers all requests, each byte with the next of a sequence; gives how many
    /// bytes.
    std::size_t answer()
    {
        std::size_t given = 0;
        for (const auto& chain : device.take(0)) {
            EXPECT_EQ(chain.pieces.size(), 1U);
            const auto& piece = chain.pieces.front();
            EXPECT_TRUE(piece.device_writes);
            for (std::uint32_t i = 0; i < piece.length; ++i) {
                piece.bytes()[i] = next();
            }
            given += piece.length;
            device.complete(0, chain.head, piece.length);
        }
        event(k_irq);
        return given;
    }
    /// Answers until all rings are full.
    void fill()
    {
        while (answer() != 0) {
        }
    }
    /// 1 to 251, so that no zero is a random byte and neighbours differ.
    std::uint8_t       next() { return static_cast<std::uint8_t>(1 + counter++ % 251); }
    [[nodiscard]] bool memory_has_traces() const
    {
        const auto bytes = const_cast<kit::Memory&>(rings).bytes().first(4096);
        return std::ranges::any_of(bytes, [](auto byte) { return byte != std::byte{0}; });
    }

    std::array<kit::SerialLink, 3> links{kit::SerialLink{k_ring}, kit::SerialLink{k_ring},
                                         kit::SerialLink{k_ring}};
    std::uint32_t                  counter = 0;
};

TEST_F(EntropyVirtio, FillsEveryRingAtStart)
{
    init();
    EXPECT_EQ(device.accepted, 1ULL << 32);
    fill();
    for (auto& link : links) {
        const auto bytes = link.take();
        EXPECT_EQ(bytes.size(), k_ring);
        EXPECT_EQ(std::ranges::count(bytes, '\0'), 0) << "bytes that the device did not write";
    }
}

TEST_F(EntropyVirtio, TellsOnlyWhoGotSomething)
{
    init();
    fill();
    EXPECT_EQ(links[1].take().size(), k_ring);
    event(2);
    answer();
    EXPECT_EQ(fake.notifications, std::vector{2U});
    EXPECT_EQ(fake.acknowledgements.back(), k_irq);
}

TEST_F(EntropyVirtio, WhenAllAreFullTheDeviceRestsUntilSomebodyTakes)
{
    init();
    fill();
    event(1);
    EXPECT_TRUE(device.take(0).empty());
    bool notify = false;
    (void)links[0].take(&notify);
    EXPECT_TRUE(notify) << "the driver must have asked";
    event(1);
    EXPECT_FALSE(device.take(0).empty());
}

TEST_F(EntropyVirtio, AnEventIsBounded)
{
    init();
    EXPECT_LE(answer(), 4096U);
    EXPECT_LE(device.take(0).size(), 4U);
}

TEST_F(EntropyVirtio, NobodyWhoDrainsAllTheTimeTakesTheShareOfOthers)
{
    init();
    fill();
    std::array<std::size_t, 3> got{};
    (void)links[1].take();
    (void)links[2].take();
    for (int i = 0; i < 8; ++i) {
        got[0] += links[0].take().size();
        event(1);
        answer();
        answer();
    }
    got[1] = links[1].take().size();
    got[2] = links[2].take().size();
    EXPECT_EQ(got[1], k_ring);
    EXPECT_EQ(got[2], k_ring);
}

TEST_F(EntropyVirtio, NoByteGoesToTwoClients)
{
    init();
    for (int i = 0; i < 2; ++i) { // 251 does not divide 1024: chunks differ
        (void)answer();
    }
    std::size_t total = 0;
    for (auto& link : links) {
        total += link.take().size();
    }
    EXPECT_EQ(total, counter);
}

TEST_F(EntropyVirtio, LeavesNoTraceOfWhatItHandedOut)
{
    init();
    fill();
    EXPECT_FALSE(memory_has_traces());
}

TEST_F(EntropyVirtio, ADeviceThatWritesTooMuchOrNothingIsNotBelieved)
{
    init();
    const auto chains = device.take(0);
    ASSERT_GE(chains.size(), 2U);
    device.complete(0, chains[0].head, ~0U);
    device.complete(0, chains[1].head, 0);
    device.complete(0, 77, 5);
    event(k_irq);
    std::size_t total = 0;
    for (auto& link : links) {
        total += link.take().size();
    }
    EXPECT_EQ(total, chains[0].pieces[0].length);
}

TEST_F(EntropyVirtio, AClientWithWildCountersHarmsNobodyElse)
{
    init();
    for (const std::uint32_t head : {1U, 0x8000'0000U, 0xffff'ffffU, 12345U}) {
        links[0].control().head               = head;
        links[0].control().tail               = ~head;
        links[0].control().producer_signalled = head;
        event(1);
        answer();
    }
    fill();
    EXPECT_EQ(links[1].take().size(), k_ring);
    EXPECT_EQ(links[2].take().size(), k_ring);
}

TEST_F(EntropyVirtio, ARestartGoesOnWhereTheRingsStand)
{
    init();
    (void)answer();
    const auto before = links[0].consumer().available();
    EXPECT_GT(before, 0U);
    rings.bytes()[100] = std::byte{9}; // what the device wrote and nobody had taken
    init();
    EXPECT_FALSE(memory_has_traces());
    EXPECT_EQ(links[0].consumer().available(), before);
    fill();
    EXPECT_EQ(links[0].take().size(), k_ring);
}

TEST_F(EntropyVirtio, RefusesWithoutItsSectionsAndDevice)
{
    entropy_config.magic[4] = 9;
    EXPECT_THROW(init(), kit::Crash);
    entropy_config.magic = sddf::entropy::k_magic;
    device.type          = 3;
    EXPECT_THROW(init(), kit::Crash);
    device.type                             = 4;
    device_resources.regions[1].region.size = 0x4000;
    EXPECT_THROW(init(), kit::Crash);
}

} // namespace
