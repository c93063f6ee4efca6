// SPDX-License-Identifier: BSD-2-Clause
// Connections through the socket device (virtIO 1.2, sections 5.10.6.5 to 5.10.6.7), and what
// happens when somebody does not take what is his, or goes away.
#include "socket_fixture.hpp"

namespace {

TEST_F(VirtioSocket, 5_10_6_5_ARequestThatNobodyListensToIsReset)
{
    start();
    send(guest(SocketOp::request, 9));
    EXPECT_EQ(got_ops(), "3 ");
    peers.peers[4].on_line = false;
    send(guest(SocketOp::request));
    EXPECT_EQ(got_ops(), "3 ");
    // And the other way round: the guest's driver is not there.
    peers.peers[4].on_line = true;
    driver.write(kit::Mmio::status, 0);
    peers.arrive(peer(SocketOp::request));
    EXPECT_EQ(peer_ops(), "3 ");
}

TEST_F(VirtioSocket, 5_10_6_5_TooFewResourcesResetARequest)
{
    start();
    auto request  = guest(SocketOp::request);
    auto response = peer(SocketOp::response);
    for (std::uint32_t i = 0; i < 8; ++i) {
        request.src_port  = i;
        response.dst_port = i;
        send(request);
        peers.arrive(response);
        EXPECT_EQ(got_ops(), "2 ");
    }
    request.src_port = 8;
    send(request);
    EXPECT_EQ(device.connections(), 8u);
    EXPECT_EQ(got_ops(), "3 ");
    EXPECT_EQ(peer_ops(), "1 1 1 1 1 1 1 1 ");
}

TEST_F(VirtioSocket, 5_10_6_5_RequestsThatNobodyAnswersMakePlaceForNewOnes)
{
    start();
    auto request = guest(SocketOp::request);
    for (std::uint32_t i = 0; i < 8; ++i) {
        request.src_port = i;
        send(request);
    }
    EXPECT_EQ(got_ops(), "");
    send(guest(SocketOp::request, 2));
    EXPECT_EQ(got_ops(), "3 ");
    peers.arrive(peer(SocketOp::response, 2));
    EXPECT_EQ(got_ops(), "2 ");
    EXPECT_EQ(device.connections(), 8u);
    EXPECT_EQ(peer_ops(4), "1 1 1 1 1 1 1 1 3 ");
}

TEST_F(VirtioSocket, 5_10_6_5_APeerCannotTakeAllResources)
{
    start();
    auto request = peer(SocketOp::request);
    for (std::uint32_t i = 0; i < 8; ++i) {
        request.src_port = i;
        peers.arrive(request);
    }
    EXPECT_EQ(device.connections(), 4u);
    peers.arrive(peer(SocketOp::request, 2));
    EXPECT_EQ(device.connections(), 5u);
    send(guest(SocketOp::request));
    EXPECT_EQ(device.connections(), 6u);
}

TEST_F(VirtioSocket, 5_10_6_5_ShutdownIsPassedOnAndIsPermanent)
{
    start();
    connect();
    auto shutdown  = guest(SocketOp::shutdown);
    shutdown.flags = 0xffff'fff0 | virtio::k_shutdown_send;
    send(shutdown);
    EXPECT_EQ(peers.peers[4].got.at(0).header.flags, virtio::k_shutdown_send);
    shutdown.flags = 0; // does not take it back
    send(shutdown);
    peers.arrive(peer(SocketOp::data), "still comes"); // half closed
    EXPECT_EQ(got_ops(), "5 ");
    EXPECT_EQ(peer_ops(), "4 4 ");
    send(guest(SocketOp::data), "x");
    EXPECT_EQ(peer_ops(), "3 ");
    EXPECT_EQ(got_ops(), "3 ");
}

TEST_F(VirtioSocket, 5_10_6_5_ACleanDisconnectFreesTheAddresses)
{
    start();
    connect();
    auto shutdown  = guest(SocketOp::shutdown);
    shutdown.flags = virtio::k_shutdown_both;
    send(shutdown);
    EXPECT_EQ(device.connections(), 1u); // until the reset
    peers.arrive(peer(SocketOp::reset));
    EXPECT_EQ(device.connections(), 0u);
    EXPECT_EQ(got_ops(), "3 ");
    EXPECT_EQ(peer_ops(), "4 ");
    connect();
}

TEST_F(VirtioSocket, 5_10_6_5_WhatDoesNotFitTheStateResets)
{
    start();
    struct Case {
        bool     connected;
        bool     from_guest;
        SocketOp op;
    };
    for (const Case& it : {Case{true, true, SocketOp::request},
                           {true, false, SocketOp::request},
                           {true, true, SocketOp::response},
                           {true, false, SocketOp::response},
                           {true, true, SocketOp::invalid},
                           {true, false, SocketOp{8}},
                           {false, true, SocketOp::response},
                           {false, true, SocketOp::data},
                           {false, false, SocketOp::data}}) {
        if (it.connected) {
            connect();
        } else {
            send(guest(SocketOp::request));
            (void)peer_ops();
        }
        if (it.from_guest) {
            send(guest(it.op), it.op == SocketOp::data ? "x" : "");
        } else {
            peers.arrive(peer(it.op), it.op == SocketOp::data ? "x" : "");
        }
        EXPECT_EQ(got_ops(), "3 ");
        EXPECT_EQ(peer_ops(), "3 ");
        EXPECT_EQ(device.connections(), 0u);
    }
    // Without a connection only the sender hears of it.
    for (const auto op : {SocketOp::response, SocketOp::data, SocketOp::shutdown,
                          SocketOp::credit_update, SocketOp::credit_request, SocketOp{9}}) {
        send(guest(op));
        EXPECT_EQ(got_ops(), "3 ");
        EXPECT_EQ(peer_ops(), "");
        peers.arrive(peer(op));
        EXPECT_EQ(got_ops(), "");
        EXPECT_EQ(peer_ops(), "3 ");
    }
}

TEST_F(VirtioSocket, 5_10_6_5_TheTypeOfAConnectionDoesNotChange)
{
    start();
    connect();
    auto data = guest(SocketOp::data);
    data.type = SocketType::seqpacket;
    send(data, "x");
    EXPECT_EQ(got_ops(), "3 ");
    EXPECT_EQ(peer_ops(), "3 ");
}

TEST_F(VirtioSocket, 5_10_6_6_BoundariesStayWithTheLastPiece)
{
    start();
    connect(4, SocketType::seqpacket);
    auto data  = peer(SocketOp::data);
    data.type  = SocketType::seqpacket;
    data.flags = virtio::k_end_of_message | virtio::k_end_of_record;
    peers.arrive(data, std::string(250, 'm')); // the guest's buffers hold 100
    std::string sizes;
    while (const auto piece = got()) {
        sizes +=
            std::to_string(piece->header.len) + ':' + std::to_string(piece->header.flags) + ' ';
    }
    EXPECT_EQ(sizes, "100:0 100:0 50:3 ");
    // And towards a peer that takes 64 at a time.
    peers.peers[4].largest = 64;
    auto out               = guest(SocketOp::data);
    out.type               = SocketType::seqpacket;
    out.flags              = virtio::k_end_of_message;
    send(out, std::string(130, 'o'));
    ASSERT_EQ(peers.peers[4].got.size(), 3u);
    EXPECT_EQ(peers.peers[4].got[1].header.flags, 0u);
    EXPECT_EQ(peers.peers[4].got[2].header.flags, virtio::k_end_of_message);
    EXPECT_EQ(peers.peers[4].got[2].payload, "oo");
}

TEST_F(VirtioSocket, 5_10_6_7_ATransportResetIsAnEvent)
{
    start();
    connect();
    peers.cid = 7;
    device.transport_reset();
    EXPECT_EQ(driver.config<std::uint32_t>(0), 7u);
    EXPECT_EQ(peer_ops(), "3 "); // the peer's end
    EXPECT_EQ(got_ops(), "");
    EXPECT_EQ(device.connections(), 0u);
    const auto at = ram.allocate(4);
    ram.store<std::uint32_t>(at, 0xff);
    event->add({from_device(at, 4)}); // the event waited for a buffer
    driver.notify(2);
    EXPECT_EQ(event->used()->written, 4u);
    EXPECT_EQ(ram.load<std::uint32_t>(at), 0u);
    event->add({from_device(at, 4)});
    driver.notify(2);
    EXPECT_FALSE(event->used()); // once
}

TEST_F(VirtioSocket, BackPressureKeepsOrderAndLosesNothing)
{
    start();
    connect(4);
    connect(2);
    peers.peers[4].packets = 1;
    for (const char c : {'a', 'b', 'c'}) {
        send(guest(SocketOp::data), std::string(3, c));
    }
    send(guest(SocketOp::data, 2), "other"); // is not held up
    EXPECT_EQ(peer_ops(2), "5 ");
    EXPECT_EQ(peers.peers[4].got.size(), 1u);
    peers.peers[4].packets = 1;
    peers.device->ready();
    EXPECT_EQ(peers.peers[4].got.size(), 2u);
    peers.peers[4].packets = 10;
    peers.device->ready();
    std::string text;
    for (const auto& packet : peers.peers[4].got) {
        text += packet.payload;
    }
    EXPECT_EQ(text, "aaabbbccc");
}

TEST_F(VirtioSocket, WhatWaitsIsBoundedAndGoesOn)
{
    start();
    connect();
    peers.peers[4].packets = 0;
    for (unsigned i = 0; i < 20; ++i) {
        send(guest(SocketOp::data), std::string(1, static_cast<char>('a' + i)));
    }
    EXPECT_EQ(device.queue(1)->in_flight(), 4u);
    peers.peers[4].packets = 100;
    peers.device->ready();
    std::string text;
    for (const auto& packet : peers.peers[4].got) {
        text += packet.payload;
    }
    EXPECT_EQ(text, "abcdefghijklmnopqrst");
}

TEST_F(VirtioSocket, APeerThatTakesNothingCanBeGivenUp)
{
    struct Patience final : virtio::SocketPatience {
        void     held_up() override { ++calls; }
        unsigned calls = 0;
    } patience;
    device.set_patience(patience);
    start();
    connect(4);
    connect(2);
    peers.peers[4].packets = 0;
    for (unsigned i = 0; i < 3; ++i) {
        send(guest(SocketOp::data), "lost");
    }
    send(guest(SocketOp::data, 2), "one");
    EXPECT_EQ(peer_ops(2), "5 ") << "others are not held up yet";
    EXPECT_FALSE(device.hold_up());
    send(guest(SocketOp::data), "lost");
    ASSERT_TRUE(device.hold_up());
    EXPECT_EQ(patience.calls, 1u);
    EXPECT_FALSE(device.has_more());
    send(guest(SocketOp::data, 2), "two");
    EXPECT_EQ(peer_ops(2), "") << "no place for it";
    EXPECT_TRUE(device.has_more());
    const auto before = device.hold_up();
    EXPECT_EQ(before->cid, 4u);
    EXPECT_EQ(device.hold_up(), before);

    // It takes one: that is another packet then.
    peers.peers[4].packets = 1;
    peers.device->ready();
    send(guest(SocketOp::data), "lost");
    ASSERT_TRUE(device.hold_up());
    EXPECT_NE(device.hold_up(), before);
    EXPECT_EQ(peer_ops(2), "5 ");

    device.give_up(4);
    EXPECT_EQ(peers.disconnected, 1u);
    EXPECT_EQ(got_ops(), "3 ") << "the guest is told";
    EXPECT_FALSE(device.hold_up());
    EXPECT_EQ(device.queue(1)->in_flight(), 0u);
    EXPECT_EQ(device.counters().given_up, 1u);
    send(guest(SocketOp::data, 2), "three");
    EXPECT_EQ(peer_ops(2), "5 ") << "and other connections go on";
}

TEST_F(VirtioSocket, PacketsForTheGuestWaitForBuffers)
{
    start(~0ULL, 1);
    send(guest(SocketOp::request));
    peers.arrive(peer(SocketOp::response));
    peers.arrive(peer(SocketOp::data), std::string(150, 'x'));
    EXPECT_EQ(peers.waiting.size(), 1u);
    EXPECT_TRUE(got()->header.is(SocketOp::response));
    EXPECT_EQ(got()->payload.size(), 100u);
    EXPECT_EQ(got()->payload.size(), 50u);
    EXPECT_TRUE(peers.waiting.empty());
}

TEST_F(VirtioSocket, ADriverThatGoesAwayResetsItsConnections)
{
    start();
    connect(4);
    connect(2);
    peers.peers[2].packets = 0;
    driver.write(kit::Mmio::status, 0);
    EXPECT_EQ(peer_ops(4), "3 ");
    EXPECT_EQ(peer_ops(2), "");
    peers.peers[2].packets = 1;
    peers.device->ready(); // though no driver is there
    EXPECT_EQ(peer_ops(2), "3 ");
    start();
    EXPECT_EQ(got_ops(), "");
    connect(4);
}

TEST_F(VirtioSocket, APeerThatGoesAwayResetsItsConnectionsOnly)
{
    start();
    connect(4);
    connect(2);
    peers.peers[4].packets = 0;
    send(guest(SocketOp::data), "never arrives");
    peers.peers[4].on_line = false;
    peers.lose(4);
    peers.device->ready();
    EXPECT_EQ(got_ops(), "3 ");
    EXPECT_EQ(device.connections(), 1u);
    EXPECT_EQ(device.queue(1)->in_flight(), 0u);
    send(guest(SocketOp::data, 2), "x");
    EXPECT_EQ(peer_ops(2), "5 ");
}

TEST_F(VirtioSocket, APeerGoneInTheMiddleOfAPacket)
{
    start(~0ULL, 2);
    send(guest(SocketOp::request));
    peers.arrive(peer(SocketOp::response));
    peers.arrive(peer(SocketOp::data), std::string(250, 'x')); // one buffer's worth goes
    EXPECT_EQ(peers.waiting.size(), 1u);
    peers.lose(4);
    peers.device->ready();
    EXPECT_TRUE(got()->header.is(SocketOp::response));
    EXPECT_EQ(got()->header.len, 100u);
    EXPECT_TRUE(got()->header.is(SocketOp::reset));
    connect(2);
}

TEST_F(VirtioSocket, APeerThatOnlyMakesWorkLosesItsConnections)
{
    start();
    peers.peers[4].packets = 0;
    for (unsigned i = 0; i <= virtio::SocketReplies::k_most; ++i) {
        peers.arrive(peer(SocketOp::data), "x");
    }
    EXPECT_EQ(peers.disconnected, 1u);
}

TEST_F(VirtioSocket, 2_6_1_AResetOfTheTransmitQueueResetsWhatWaitedInIt)
{
    start();
    connect(4);
    connect(2);
    peers.peers[4].packets = 0;
    send(guest(SocketOp::data), "lost");
    driver.write(kit::Mmio::queue_sel, 1);
    driver.write(kit::Mmio::queue_reset, 1);
    EXPECT_EQ(got_ops(), "3 ");
    peers.peers[4].packets = 1;
    peers.device->ready();
    EXPECT_EQ(peer_ops(), "3 ");
    EXPECT_EQ(device.connections(), 1u);
}

TEST_F(VirtioSocket, TenThousandConnections)
{
    start();
    for (unsigned i = 0; i < 10'000; ++i) {
        if (i % 100 == 0) {
            peers.peers[4].packets = 1000;
            ram.rewind();
            driver.write(kit::Mmio::status, 0);
            start();
        }
        connect();
        peers.arrive(peer(SocketOp::reset));
        ASSERT_EQ(got_ops(), "3 ");
    }
    EXPECT_EQ(device.connections(), 0u);
}

} // namespace
