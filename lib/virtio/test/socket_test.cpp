// SPDX-License-Identifier: BSD-2-Clause
// The socket device, clause by clause of virtIO 1.2, section 5.10; connections are in
// socket_flow_test.cpp.
#include "socket_fixture.hpp"

namespace {

TEST_F(VirtioSocket, 5_10_1_and_5_10_2_IdAndQueues)
{
    EXPECT_EQ(driver.read(kit::Mmio::device_id), 19u);
    for (const std::uint32_t queue : {0u, 1u, 2u, 3u}) {
        driver.write(kit::Mmio::queue_sel, queue);
        EXPECT_EQ(driver.read(kit::Mmio::queue_num_max), queue < 3 ? 128u : 0u);
    }
}

TEST_F(VirtioSocket, 5_10_3_OffersStreamAndSeqpacket)
{
    EXPECT_EQ(driver.offered() & 7, 3u);
    Socket::Storage<2, 2> more;
    Socket                streams{peers, more, Socket::k_feature_stream};
    kit::FakeDriver       other{ram, streams};
    EXPECT_EQ(other.offered() & 7, 1u);
}

TEST_F(VirtioSocket, 5_10_3_2_WithoutFeatureBitsAsWithStream)
{
    start(0);
    connect();
    auto request     = guest(SocketOp::request);
    request.type     = SocketType::seqpacket;
    request.src_port = 1001;
    send(request); // not negotiated
    EXPECT_EQ(got_ops(), "3 ");
    EXPECT_EQ(peer_ops(), "");
}

TEST_F(VirtioSocket, 5_10_3_2_WithSeqpacketAloneStreamsGoToo)
{
    start(Socket::k_feature_seqpacket);
    connect();
}

TEST_F(VirtioSocket, 5_10_4_TheGuestsContextId)
{
    EXPECT_EQ(driver.config<std::uint32_t>(0), 3u);
    EXPECT_EQ(driver.config<std::uint32_t>(4), 0u); // the upper half is zero
    EXPECT_FALSE(virtio::is_guest_cid(0));
    EXPECT_FALSE(virtio::is_guest_cid(1));
    EXPECT_FALSE(virtio::is_guest_cid(2));
    EXPECT_FALSE(virtio::is_guest_cid(0xffff'ffff));
    EXPECT_TRUE(virtio::is_guest_cid(3));
}

TEST_F(VirtioSocket, 5_10_6_PacketsGoThroughBothWays)
{
    start();
    connect();
    auto data      = guest(SocketOp::data);
    data.fwd_cnt   = 0;
    data.buf_alloc = 4000;
    send(data, "hello");
    ASSERT_EQ(peers.peers[4].got.size(), 1u);
    const auto& there = peers.peers[4].got[0];
    EXPECT_EQ(there.payload, "hello");
    EXPECT_EQ(there.header.buf_alloc, 4000u);
    EXPECT_EQ(there.header.src_port, 1000u);
    auto answer    = peer(SocketOp::data);
    answer.fwd_cnt = 5;
    peers.arrive(answer, "world");
    const auto here = got();
    ASSERT_TRUE(here);
    EXPECT_EQ(here->payload, "world");
    EXPECT_EQ(here->header.fwd_cnt, 5u);
    EXPECT_EQ(here->header.src_cid, 4u);
    EXPECT_TRUE(driver.line.high);
}

TEST_F(VirtioSocket, 5_10_6_BuffersMayBeLongerThanLen)
{
    start();
    connect();
    auto data     = guest(SocketOp::data);
    data.len      = 2;
    const auto at = ram.allocate(64);
    ram.store(at, data);
    ram.store(at + 44, std::uint32_t{0x64636261});
    tx->add({to_device(at, 48)});
    driver.notify(1);
    ASSERT_EQ(peers.peers[4].got.size(), 1u);
    EXPECT_EQ(peers.peers[4].got[0].payload, "ab");
    data.len = 5; // shorter: that is no packet
    ram.store(at, data);
    tx->add({to_device(at, 48)});
    driver.notify(1);
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(VirtioSocket, 5_10_6_1_2_TxIsProcessedWhileRxIsFull)
{
    start(~0ULL, 0);                            // no buffers for the guest
    auto request = guest(SocketOp::request, 9); // nobody there
    for (std::uint32_t i = 0; i < 100; ++i) {
        request.src_port = i;
        send(request);
    }
    // As many as there is memory for answers; the others stay where they are.
    EXPECT_EQ(device.counters().refused, virtio::SocketReplies::k_most);
    for (std::uint32_t i = 0; i < 100; ++i) {
        offer();
        const auto answer = got(false);
        ASSERT_TRUE(answer) << i;
        EXPECT_TRUE(answer->header.is(SocketOp::reset));
        EXPECT_EQ(answer->header.dst_port, i);
    }
    EXPECT_EQ(device.counters().refused, 100u);
}

TEST_F(VirtioSocket, 5_10_6_2_AFlowIsAPairOfAddresses)
{
    start();
    connect();
    auto data     = guest(SocketOp::data);
    data.dst_port = 81;
    send(data, "x");
    EXPECT_EQ(peer_ops(), "");
    EXPECT_EQ(got_ops(), "3 ");
    connect(2);
    send(guest(SocketOp::data, 2), "x");
    send(guest(SocketOp::data), "y");
    EXPECT_EQ(peer_ops(2), "5 ");
    EXPECT_EQ(peer_ops(4), "5 ");
}

TEST_F(VirtioSocket, 5_10_6_3_2_NoDataToTheGuestWithoutCredit)
{
    start();
    connect();
    for (unsigned i = 0; i < k_space / 64; ++i) {
        peers.arrive(peer(SocketOp::data), std::string(64, 'x'));
    }
    EXPECT_EQ(device.connections(), 1u);
    while (got()) {
    }
    peers.arrive(peer(SocketOp::data), "x"); // one byte too many
    EXPECT_EQ(got_ops(), "3 ");
    EXPECT_EQ(peer_ops(), "3 ");
    EXPECT_EQ(device.connections(), 0u);
}

TEST_F(VirtioSocket, 5_10_6_3_1_NoDataFromTheGuestWithoutCredit)
{
    start();
    connect();
    send(guest(SocketOp::data), std::string(k_space, 'x'));
    EXPECT_EQ(peer_ops(), "5 ");
    auto update    = peer(SocketOp::credit_update);
    update.fwd_cnt = 10;
    peers.arrive(update);
    send(guest(SocketOp::data), std::string(10, 'x'));
    EXPECT_EQ(peer_ops(), "5 ");
    EXPECT_EQ(got_ops(), "6 ");
    send(guest(SocketOp::data), "x");
    EXPECT_EQ(peer_ops(), "3 ");
    EXPECT_EQ(got_ops(), "3 ");
}

TEST_F(VirtioSocket, 5_10_6_3_AnnouncedSpaceMayShrinkWhileDataIsUnderWay)
{
    start();
    connect();
    auto update      = peer(SocketOp::credit_update);
    update.buf_alloc = 10;
    peers.arrive(update);
    send(guest(SocketOp::data), std::string(100, 'x')); // sent before it knew
    EXPECT_EQ(peer_ops(), "5 ");
}

TEST_F(VirtioSocket, 5_10_6_3_NobodyTakesMoreThanWasSent)
{
    start();
    connect();
    auto update    = guest(SocketOp::credit_update);
    update.fwd_cnt = 1;
    send(update);
    EXPECT_EQ(peer_ops(), "3 ");
    EXPECT_EQ(got_ops(), "3 ");
}

TEST_F(VirtioSocket, 5_10_6_3_CreditCountsAcrossTheWrap)
{
    virtio::SocketCredit credit;
    std::uint32_t        taken = 0;
    for (unsigned i = 0; i < 10'000; ++i) {
        credit.announce(1U << 20, taken);
        ASSERT_EQ(credit.room(), 1U << 20);
        credit.spend(1U << 20);
        ASSERT_EQ(credit.room(), 0u);
        ASSERT_TRUE(credit.can_announce(taken));
        taken += 1U << 20;
        ASSERT_TRUE(credit.can_announce(taken));
        ASSERT_FALSE(credit.can_announce(taken + 1));
    }
    credit.announce(0xffff'ffff, taken);
    EXPECT_EQ(credit.room(), virtio::SocketCredit::k_most);
}

TEST_F(VirtioSocket, 5_10_6_4_1_TheSourceIsTheGuest)
{
    start();
    auto request    = guest(SocketOp::request);
    request.src_cid = 5;
    send(request);
    request.src_cid      = 3;
    request.src_cid_high = 1;
    send(request);
    request.src_cid_high = 0;
    request.dst_cid_high = 1;
    send(request);
    EXPECT_EQ(peer_ops(), "");
    EXPECT_EQ(got_ops(), "");
    EXPECT_EQ(device.counters().dropped, 3u);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioSocket, 5_10_6_4_2_AnUnknownTypeIsAnsweredByAReset)
{
    start();
    for (const unsigned type : {0u, 3u, 0xffffu}) {
        auto packet = guest(SocketOp::request);
        packet.type = static_cast<SocketType>(type);
        send(packet);
        const auto answer = got();
        ASSERT_TRUE(answer);
        EXPECT_TRUE(answer->header.is(SocketOp::reset));
        EXPECT_EQ(answer->header.src_port, 80u);
        packet      = peer(SocketOp::request);
        packet.type = static_cast<SocketType>(type);
        peers.arrive(packet);
        EXPECT_EQ(got_ops(), "");
        EXPECT_EQ(peer_ops(), "3 ");
    }
    auto packet = guest(SocketOp::reset); // a reset is never answered
    packet.type = static_cast<SocketType>(7);
    send(packet);
    EXPECT_EQ(got_ops(), "");
}

TEST_F(VirtioSocket, 5_10_6_4_OutgoingBuffersAreReadOnlyIncomingOnesWriteOnly)
{
    start();
    const auto at = ram.allocate(64);
    ram.store(at, guest(SocketOp::request));
    tx->add({to_device(at, 44), from_device(at, 4)});
    driver.notify(1);
    EXPECT_TRUE(driver.needs_reset());
    start(~0ULL, 0);
    tx->add({to_device(at, 43)});
    driver.notify(1);
    EXPECT_TRUE(driver.needs_reset());
    start(~0ULL, 0);
    rx->add({to_device(at, 4), from_device(at, 60)});
    send(guest(SocketOp::request, 9));
    EXPECT_TRUE(driver.needs_reset());
    start(~0ULL, 0);
    rx->add({from_device(at, 44)});
    send(guest(SocketOp::request, 9));
    EXPECT_TRUE(driver.needs_reset());
}

} // namespace
