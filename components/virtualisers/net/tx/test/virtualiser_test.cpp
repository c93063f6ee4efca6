// SPDX-License-Identifier: BSD-2-Clause
// Frames of several clients through one driver.
#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

extern sddf::network::TxVirtConfig net_config;
namespace net_virt_tx {
extern std::array<std::uint32_t, sddf::k_max_clients> outstanding;
}

namespace {

using sddf::network::Descriptor;

constexpr unsigned k_driver = 9;

constexpr std::uint64_t io(unsigned client) { return 0x7000'0000 + 0x10'0000ULL * client; }

class NetVirtTx : public testing::Test {
protected:
    NetVirtTx()
    {
        fake.reset();
        net_virt_tx::outstanding = {};
        net_config               = {};
        net_config.magic         = sddf::magic_of(sddf::Class::network);
        net_config.driver        = driver.connection(k_driver);
        net_config.num_clients   = 2;
        for (std::uint8_t i = 0; i < 2; ++i) {
            auto& client       = net_config.clients[i];
            client.connection  = links[i].connection(i);
            client.num_regions = 1;
            client.regions[0]  = {{data[i].region(), io(i)}, 8};
        }
        init();
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
    }
    bool send(unsigned client, const Descriptor& frame)
    {
        return links[client].put(links[client].active, frame);
    }
    std::vector<Descriptor> returned(unsigned client)
    {
        return links[client].take(links[client].free);
    }

    kit::FakeMicrokit&          fake = kit::FakeMicrokit::instance();
    kit::NetLink                driver{16};
    std::array<kit::Memory, 2>  data{kit::Memory{8 * 2048}, kit::Memory{8 * 2048}};
    std::array<kit::NetLink, 2> links{kit::NetLink{8}, kit::NetLink{8}};
};

TEST_F(NetVirtTx, AFrameGoesOutAndItsBufferComesBack)
{
    EXPECT_TRUE(send(1, {.io_or_offset = 3 * 2048, .len = 1514}));
    event(1);
    EXPECT_EQ(fake.notifications, std::vector{k_driver});
    const auto out = driver.take(driver.active);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].io_or_offset, io(1) + 3 * 2048);
    EXPECT_EQ(out[0].len, 1514U);
    EXPECT_TRUE(driver.put(driver.free, {.io_or_offset = out[0].io_or_offset}));
    event(k_driver);
    EXPECT_EQ(fake.notifications, std::vector{1U});
    const auto back = returned(1);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_EQ(back[0].io_or_offset, 3U * 2048);
    EXPECT_EQ(back[0].len, 0U);
    EXPECT_TRUE(returned(0).empty());
}

TEST_F(NetVirtTx, WrongDescriptorsGoBackUnsent)
{
    const std::vector<Descriptor> wrong{
        {.io_or_offset = 0, .len = 0},
        {.io_or_offset = 0, .len = 2049},
        {.io_or_offset = 0, .len = 60, .oid = 1},
        {.io_or_offset = 100, .len = 60},
        {.io_or_offset = 8 * 2048, .len = 60},
        {.io_or_offset = ~0ULL - 2047, .len = 60},
    };
    for (const auto& frame : wrong) {
        EXPECT_TRUE(send(0, frame));
    }
    event(0);
    EXPECT_TRUE(driver.take(driver.active).empty());
    EXPECT_EQ(returned(0).size(), wrong.size());
}

// sDDF has the client fill the ring that it consumes, after the virtualiser may have started.
TEST_F(NetVirtTx, BuffersComeBackBehindThoseThatTheClientPutThereItself)
{
    EXPECT_TRUE(*sddf::network::fill_free_ring(links[0].free.bytes(), 8));
    auto free  = kit::opened<sddf::network::Consumer>(links[0].free.bytes(), std::uint16_t{8});
    auto total = 0U;
    for (unsigned round = 0; round < 50; ++round) {
        std::set<std::uint64_t> mine;
        while (const auto buffer = free.pop()) {
            EXPECT_TRUE(mine.insert(buffer->io_or_offset).second);
        }
        (void)free.release();
        EXPECT_EQ(mine.size(), 8U);
        for (const auto offset : mine) {
            EXPECT_TRUE(send(0, {.io_or_offset = offset, .len = 60}));
            event(0);
            for (const auto& frame : driver.take(driver.active)) {
                ++total;
                EXPECT_TRUE(driver.put(driver.free, {.io_or_offset = frame.io_or_offset}));
            }
            event(k_driver);
        }
    }
    EXPECT_EQ(total, 400U);
}

TEST_F(NetVirtTx, ClientsTakeTurns)
{
    for (std::uint64_t i = 0; i < 8; ++i) {
        EXPECT_TRUE(send(0, {.io_or_offset = i * 2048, .len = 60}));
        EXPECT_TRUE(send(1, {.io_or_offset = i * 2048, .len = 60}));
    }
    event(0);
    const auto out = driver.take(driver.active);
    ASSERT_EQ(out.size(), 16U);
    for (std::size_t i = 0; i < 16; i += 2) {
        EXPECT_NE(out[i].io_or_offset >= io(1), out[i + 1].io_or_offset >= io(1));
    }
}

TEST_F(NetVirtTx, WhoSendsABufferTwiceTakesNobodysRoom)
{
    for (unsigned round = 0; round < 10; ++round) {
        for (unsigned i = 0; i < 8; ++i) {
            (void)send(0, {.io_or_offset = 0, .len = 60});
        }
        event(0);
    }
    for (std::uint64_t i = 0; i < 8; ++i) {
        EXPECT_TRUE(send(1, {.io_or_offset = i * 2048, .len = 60}));
    }
    event(1);
    const auto out = driver.take(driver.active);
    EXPECT_EQ(std::ranges::count_if(out, [](const auto& f) { return f.io_or_offset < io(1); }), 8);
    EXPECT_EQ(std::ranges::count_if(out, [](const auto& f) { return f.io_or_offset >= io(1); }), 8);
}

TEST_F(NetVirtTx, WhatWaitedIsSentWhenTheDriverReturnsBuffers)
{
    kit::NetLink narrow{2};
    net_config.driver = narrow.connection(k_driver);
    init();
    for (std::uint64_t i = 0; i < 8; ++i) {
        EXPECT_TRUE(send(0, {.io_or_offset = i * 2048, .len = 60}));
    }
    event(0);
    std::map<std::uint64_t, unsigned> sent;
    for (unsigned round = 0; round < 4; ++round) {
        const auto out = narrow.take(narrow.active);
        EXPECT_EQ(out.size(), 2U);
        for (const auto& frame : out) {
            ++sent[frame.io_or_offset];
            EXPECT_TRUE(narrow.put(narrow.free, {.io_or_offset = frame.io_or_offset}));
        }
        event(k_driver);
    }
    EXPECT_EQ(sent.size(), 8U);
    EXPECT_EQ(returned(0).size(), 8U);
}

TEST_F(NetVirtTx, WhatTheDriverReturnsMustBeSomebodys)
{
    for (const std::uint64_t address : std::to_array<std::uint64_t>(
             {0, io(0) - 2048, io(0) + 1, io(0) + 8 * 2048, ~0ULL - 2047, io(1)})) {
        EXPECT_TRUE(driver.put(driver.free, {.io_or_offset = address}));
    }
    event(k_driver);
    EXPECT_TRUE(returned(0).empty());
    EXPECT_TRUE(returned(1).empty()) << "it has nothing at the driver";
}

} // namespace
