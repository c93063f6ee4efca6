// SPDX-License-Identifier: BSD-2-Clause
// The switch between two clients and the outside.
#include "../switch.hpp"

#include "kit/fake_microkit.hpp"
#include "kit/sddf_links.hpp"
#include "microkit/microkit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

extern sddf::network::SwitchConfig net_config;

namespace {

using net_vswitch::Error;
using net_vswitch::Request;
using sddf::network::Descriptor;
using sddf::network::MacAddress;

constexpr unsigned   k_ports   = 4; // three clients and the outside
constexpr unsigned   k_outside = 3;
constexpr MacAddress k_all     = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

constexpr MacAddress mac(std::uint8_t last) { return {0x52, 0x54, 0, 0, 0, last}; }

class NetVswitch : public testing::Test {
protected:
    NetVswitch()
    {
        fake.reset();
        net_vswitch::books   = {};
        net_config           = {};
        net_config.magic     = sddf::magic_of(sddf::Class::network);
        net_config.num_ports = k_ports;
        for (std::uint8_t i = 0; i < k_ports; ++i) {
            auto& port   = net_config.ports[i];
            port.rx      = rx[i].connection(i);
            port.tx      = tx[i].connection(static_cast<std::uint8_t>(10 + i));
            port.tx_data = data[i].region();
            port.acl     = 0b1111;
            if (i != k_outside) {
                port.mac_addr = mac(i);
            }
        }
        init();
    }
    void event(unsigned channel)
    {
        fake.notifications.clear();
        notified(microkit::Channel{channel});
        fake.end_of_entry_point();
    }
    void send(unsigned from, unsigned buffer, const MacAddress& to, std::uint16_t length = 60)
    {
        std::memcpy(data[from].bytes().data() + 2048 * buffer, to.data(), to.size());
        EXPECT_TRUE(
            tx[from].put(tx[from].active, {.io_or_offset = 2048ULL * buffer, .len = length}));
        event(10 + from);
    }
    std::vector<Descriptor> frames(unsigned port) { return rx[port].take(rx[port].active); }
    std::vector<Descriptor> back(unsigned port) { return tx[port].take(tx[port].free); }
    void                    give_back(unsigned port, const Descriptor& buffer)
    {
        EXPECT_TRUE(rx[port].put(rx[port].free, buffer));
        event(port);
    }
    microkit::MessageInfo call(unsigned port, Request request, std::uint64_t word)
    {
        microkit::set_message_word(0, word);
        return protected_call(
            microkit::Channel{10 + port},
            microkit::MessageInfo::create(static_cast<std::uint64_t>(request), 1));
    }
    static Error error() { return static_cast<Error>(microkit::message_word(0)); }

    kit::FakeMicrokit&                fake = kit::FakeMicrokit::instance();
    std::array<kit::NetLink, k_ports> rx;
    std::array<kit::NetLink, k_ports> tx;
    std::array<kit::Memory, k_ports>  data{kit::Memory{8 * 2048}, kit::Memory{8 * 2048},
                                          kit::Memory{8 * 2048}, kit::Memory{8 * 2048}};
};

TEST_F(NetVswitch, AFrameGoesToItsAddressAndItsBufferBack)
{
    send(0, 3, mac(1), 1000);
    EXPECT_EQ(fake.notifications, std::vector{1U});
    const auto got = frames(1);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].io_or_offset, 3U * 2048);
    EXPECT_EQ(got[0].len, 1000U);
    EXPECT_EQ(got[0].oid, 0U) << "in the buffers of port 0";
    EXPECT_TRUE(frames(2).empty());
    EXPECT_TRUE(frames(k_outside).empty());
    give_back(1, got[0]);
    EXPECT_EQ(fake.notifications, std::vector{10U});
    ASSERT_EQ(back(0).size(), 1U);
}

TEST_F(NetVswitch, BuffersComeBackBehindThoseThatTheClientPutThereItself)
{
    EXPECT_TRUE(*sddf::network::fill_free_ring(tx[0].free.bytes(), 8));
    auto free = kit::opened<sddf::network::Consumer>(tx[0].free.bytes(), std::uint16_t{8});
    for (unsigned round = 0; round < 50; ++round) {
        const auto buffer = free.pop();
        ASSERT_TRUE(buffer);
        (void)free.release();
        send(0, static_cast<unsigned>(buffer->io_or_offset / 2048), mac(1));
        give_back(1, frames(1).at(0));
        EXPECT_EQ(free.available(), 8U);
    }
}

TEST_F(NetVswitch, WhatIsNobodysGoesOutside)
{
    send(1, 0, mac(99));
    const auto got = frames(k_outside);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].oid, 1U);
    send(1, 1, {0x33, 0x33, 0, 0, 0, 1}); // multicast
    EXPECT_EQ(frames(k_outside).size(), 1U);
    EXPECT_TRUE(frames(0).empty());
}

TEST_F(NetVswitch, FromOutsideToAClient)
{
    send(k_outside, 5, mac(2));
    const auto got = frames(2);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].oid, k_outside);
    give_back(2, got[0]);
    EXPECT_EQ(back(k_outside).size(), 1U);
    send(k_outside, 5, mac(99));
    EXPECT_EQ(back(k_outside).size(), 1U) << "nobody's: it does not go out again";
}

TEST_F(NetVswitch, BroadcastGoesToAllButItsSender)
{
    send(0, 2, k_all);
    EXPECT_TRUE(frames(0).empty());
    for (const unsigned port : {1U, 2U, 3U}) {
        EXPECT_TRUE(back(0).empty());
        const auto got = frames(port);
        ASSERT_EQ(got.size(), 1U);
        give_back(port, got[0]);
    }
    EXPECT_EQ(back(0).size(), 1U);
}

TEST_F(NetVswitch, TheAccessListIsObeyed)
{
    net_config.ports[0].acl = 0b0100;
    send(0, 0, mac(1));
    EXPECT_TRUE(frames(1).empty());
    EXPECT_EQ(back(0).size(), 1U);
    send(0, 0, mac(99));
    EXPECT_TRUE(frames(k_outside).empty());
    EXPECT_EQ(back(0).size(), 1U);
    send(0, 0, k_all);
    EXPECT_TRUE(frames(1).empty());
    EXPECT_TRUE(frames(k_outside).empty());
    EXPECT_EQ(frames(2).size(), 1U);
    net_config.ports[1].acl = 0;
    send(1, 0, k_all);
    EXPECT_EQ(back(1).size(), 1U);
}

TEST_F(NetVswitch, NobodyReturnsWhatItDoesNotRead)
{
    send(0, 3, mac(1));
    const auto got = frames(1);
    give_back(2, got[0]);
    give_back(0, got[0]);
    EXPECT_TRUE(back(0).empty());
    for (const Descriptor& wrong : std::vector<Descriptor>{
             {.io_or_offset = 8 * 2048}, {.io_or_offset = 5}, {.oid = 4}, {.oid = 255}}) {
        give_back(1, wrong);
    }
    give_back(1, got[0]);
    give_back(1, got[0]); // twice
    EXPECT_EQ(back(0).size(), 1U);
}

TEST_F(NetVswitch, ABufferThatIsSentTwiceComesBackOnce)
{
    send(0, 3, mac(1));
    send(0, 3, mac(2));
    EXPECT_TRUE(frames(2).empty());
    give_back(1, frames(1).at(0));
    EXPECT_EQ(back(0).size(), 1U);
}

TEST_F(NetVswitch, WrongFramesAreNotPassedOn)
{
    send(0, 0, mac(1), 13);
    send(0, 1, mac(1), 2049);
    EXPECT_EQ(back(0).size(), 2U);
    EXPECT_TRUE(tx[0].put(tx[0].active, {.io_or_offset = 8 * 2048, .len = 60}));
    EXPECT_TRUE(tx[0].put(tx[0].active, {.io_or_offset = ~0ULL - 2047, .len = 60}));
    event(10);
    EXPECT_TRUE(back(0).empty());
    EXPECT_TRUE(frames(1).empty());
}

TEST_F(NetVswitch, AReceiverThatDoesNotReadStopsNobody)
{
    for (unsigned round = 0; round < 3; ++round) {
        for (unsigned i = 0; i < 8; ++i) {
            send(0, i, mac(1)); // 8 are all it has room for
        }
    }
    send(2, 0, mac(0));
    EXPECT_EQ(frames(0).size(), 1U);
    for (unsigned i = 1; i < 8; ++i) {
        send(2, i, mac(1));
    }
    EXPECT_EQ(back(2).size(), 7U) << "lost, but its buffers are not";
}

TEST_F(NetVswitch, ClientsFindEachOther)
{
    EXPECT_EQ(call(0, Request::set_address, 0x0a000001).count(), 1U);
    EXPECT_EQ(error(), Error::ok);
    EXPECT_EQ(call(1, Request::peer, 0).count(), 2U);
    EXPECT_EQ(error(), Error::ok);
    EXPECT_EQ(microkit::message_word(1), 0x0a000001U);
    EXPECT_EQ(call(1, Request::query, 0).count(), 3U);
    EXPECT_EQ(microkit::message_word(1), 1U);
    EXPECT_EQ(microkit::message_word(2), 0b1111U);
}

TEST_F(NetVswitch, CallsThatMakeNoSense)
{
    net_config.ports[0].acl = 0b1100;
    (void)call(0, Request::set_address, 0);
    EXPECT_EQ(error(), Error::invalid_address);
    (void)call(0, Request::peer, 1);
    EXPECT_EQ(error(), Error::not_permitted);
    (void)call(0, Request::peer, ~0ULL);
    EXPECT_EQ(error(), Error::not_permitted);
    init();
    (void)call(0, Request::peer, 2);
    EXPECT_EQ(error(), Error::not_registered);
    (void)call(0, Request::peer, k_outside);
    EXPECT_EQ(error(), Error::is_outside);
    (void)call(0, static_cast<Request>(7), 0);
    EXPECT_EQ(error(), Error::invalid_operation);
    (void)call(k_outside, Request::query, 0);
    EXPECT_EQ(error(), Error::invalid_operation);
}

} // namespace
