// SPDX-License-Identifier: BSD-2-Clause
// Received frames: to whom, and when their buffers go back.
#include "../holders.hpp"

#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

extern sddf::network::RxVirtConfig net_config;

namespace {

using sddf::network::Descriptor;
using sddf::network::MacAddress;

constexpr unsigned      k_driver = 9;
constexpr std::uint64_t k_io     = 0x7000'0000;
constexpr MacAddress    k_all    = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress    k_ipv6   = {0x33, 0x33, 0, 0, 0, 1};

constexpr MacAddress mac(std::uint8_t last) { return {0x52, 0x54, 0, 0, 0, last}; }

class NetVirtRx : public testing::Test {
protected:
    NetVirtRx()
    {
        fake.reset();
        net_virt_rx::holders   = {};
        net_config             = {};
        net_config.magic       = sddf::magic_of(sddf::Class::network);
        net_config.driver      = driver.connection(k_driver);
        net_config.data        = {data.region(), k_io};
        net_config.num_clients = 2;
        for (std::uint8_t i = 0; i < 2; ++i) {
            net_config.clients[i].connection   = links[i].connection(i);
            net_config.clients[i].mac_addrs[0] = mac(i);
            net_config.clients[i].num_macs     = 1;
        }
        init();
        for (const auto& buffer : driver.take(driver.free)) {
            at_driver.insert(buffer.io_or_offset);
        }
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
        for (const auto& buffer : driver.take(driver.free)) {
            EXPECT_TRUE(at_driver.insert(buffer.io_or_offset).second) << "twice";
        }
    }
    void receive(unsigned buffer, const MacAddress& to, std::uint16_t length = 60)
    {
        std::memcpy(data.bytes().data() + 2048 * buffer, to.data(), to.size());
        at_driver.erase(k_io + 2048 * buffer);
        EXPECT_TRUE(
            driver.put(driver.active, {.io_or_offset = k_io + 2048 * buffer, .len = length}));
        event(k_driver);
    }
    std::vector<Descriptor> frames(unsigned client)
    {
        return links[client].take(links[client].active);
    }
    void give_back(unsigned client, std::uint64_t offset)
    {
        EXPECT_TRUE(links[client].put(links[client].free, {.io_or_offset = offset}));
        event(client);
    }

    kit::FakeMicrokit&          fake = kit::FakeMicrokit::instance();
    kit::NetLink                driver{8};
    kit::Memory                 data{8 * 2048};
    std::array<kit::NetLink, 2> links{kit::NetLink{8}, kit::NetLink{8}};
    std::set<std::uint64_t>     at_driver;
};

TEST_F(NetVirtRx, GivesTheDriverEveryBufferOnce)
{
    EXPECT_EQ(at_driver.size(), 8U);
    EXPECT_EQ(*at_driver.begin(), k_io);
    EXPECT_EQ(*at_driver.rbegin(), k_io + 7 * 2048);
    init();
    EXPECT_TRUE(driver.take(driver.free).empty()) << "not again after a restart";
}

TEST_F(NetVirtRx, AFrameGoesToWhoHasTheAddress)
{
    receive(3, mac(1), 100);
    EXPECT_TRUE(frames(0).empty());
    const auto got = frames(1);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].io_or_offset, 3U * 2048);
    EXPECT_EQ(got[0].len, 100U);
    EXPECT_EQ(fake.notifications, std::vector{1U});
    EXPECT_EQ(at_driver.size(), 7U);
    give_back(1, 3 * 2048);
    EXPECT_EQ(at_driver.size(), 8U);
}

TEST_F(NetVirtRx, AnUnknownAddressGoesBack)
{
    receive(3, mac(77));
    EXPECT_TRUE(frames(0).empty());
    EXPECT_TRUE(frames(1).empty());
    EXPECT_EQ(at_driver.size(), 8U);
}

TEST_F(NetVirtRx, GroupsGoToEverybodyAndBackWhenAllHaveReturned)
{
    for (const auto& group : {k_all, k_ipv6}) {
        receive(5, group);
        EXPECT_EQ(frames(0).size(), 1U);
        EXPECT_EQ(frames(1).size(), 1U);
        give_back(0, 5 * 2048);
        EXPECT_EQ(at_driver.size(), 7U);
        give_back(0, 5 * 2048); // it holds it no more
        EXPECT_EQ(at_driver.size(), 7U);
        give_back(1, 5 * 2048);
        EXPECT_EQ(at_driver.size(), 8U);
    }
}

TEST_F(NetVirtRx, NobodyReturnsWhatItDoesNotHold)
{
    receive(2, mac(0));
    EXPECT_EQ(frames(0).size(), 1U);
    for (const std::uint64_t offset :
         std::to_array<std::uint64_t>({2 * 2048, 3 * 2048, 8 * 2048, 1, ~0ULL - 2047})) {
        give_back(1, offset);
    }
    EXPECT_EQ(at_driver.size(), 7U);
}

TEST_F(NetVirtRx, DescriptorsThatMakeNoSenseAreSurvived)
{
    EXPECT_TRUE(driver.put(driver.active, {.io_or_offset = k_io - 2048, .len = 60}));
    EXPECT_TRUE(driver.put(driver.active, {.io_or_offset = k_io + 8 * 2048, .len = 60}));
    EXPECT_TRUE(driver.put(driver.active, {.io_or_offset = 5, .len = 60}));
    event(k_driver);
    receive(0, mac(0), 13);
    receive(1, mac(0), 2049);
    EXPECT_TRUE(frames(0).empty());
    EXPECT_EQ(at_driver.size(), 8U);
}

TEST_F(NetVirtRx, AClientWithAFullRingLosesFramesAndNobodyElse)
{
    kit::NetLink small{2};
    net_config.clients[0].connection = small.connection(0);
    init();
    for (unsigned i = 0; i < 4; ++i) {
        receive(i, k_all);
    }
    EXPECT_EQ(small.take(small.active).size(), 2U);
    EXPECT_EQ(frames(1).size(), 4U);
    for (unsigned i = 0; i < 4; ++i) {
        give_back(1, i * 2048);
    }
    EXPECT_EQ(at_driver.size(), 6U) << "two are with the first";
}

TEST_F(NetVirtRx, EveryBufferComesBackUnderManyFrames)
{
    std::uint32_t seed = 7;
    for (unsigned round = 0; round < 2000; ++round) {
        seed = seed * 1664525 + 1013904223;
        if (!at_driver.empty()) {
            auto which = at_driver.begin();
            std::advance(which, (seed >> 8) % at_driver.size());
            const auto index = static_cast<unsigned>((*which - k_io) / 2048);
            receive(index, (seed >> 28) % 3 == 0
                               ? k_all
                               : mac(static_cast<std::uint8_t>((seed >> 20) % 3)));
        }
        const unsigned client = (seed >> 16) % 2;
        for (const auto& frame : frames(client)) {
            give_back(client, frame.io_or_offset);
        }
    }
    for (unsigned client = 0; client < 2; ++client) {
        for (const auto& frame : frames(client)) {
            give_back(client, frame.io_or_offset);
        }
    }
    EXPECT_EQ(at_driver.size(), 8U);
}

} // namespace
