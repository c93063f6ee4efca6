// SPDX-License-Identifier: BSD-2-Clause
// Sockets of programs: two of them on a link, and one with a stranger at the other end.
#include "vsock_fixture.hpp"

namespace {

using virtio::SocketHeader;
using virtio::SocketOp;
using vsock::SocketType;

constexpr std::size_t k_buffer = 256;

/// A program with sockets and one link.
struct EndpointProgram {
    EndpointProgram(std::uint32_t own, std::uint32_t peer)
        : lines{Line{.cid = peer}}
        , cid{own}
    {
    }
    void start(kit::Memory& own, kit::Memory& other, FakeBell& bell)
    {
        ASSERT_TRUE(lines[0].link.open(own.bytes(), other.bytes(), bell));
    }
    void step() { relay.notified(); }

    std::array<Line, 1>            lines;
    std::uint32_t                  cid;
    Relay                          relay{cid, lines};
    Endpoint::Storage<6, k_buffer> storage{};
    Endpoint                       sockets{relay, storage};
};

class VsockEndpoint : public testing::Test {
protected:
    VsockEndpoint()
    {
        a.start(wire.left, wire.right, bell_b);
        b.start(wire.right, wire.left, bell_a);
        run();
    }
    void run()
    {
        for (int i = 0; i < 6; ++i) {
            a.sockets.flush();
            b.sockets.flush();
            a.step();
            b.step();
        }
    }
    /// A connection from a to port 80 of b.
    std::pair<Handle, Handle> pair(SocketType type = SocketType::stream)
    {
        (void)b.sockets.listen(80, type);
        const auto here = a.sockets.connect(4, 80, type);
        EXPECT_TRUE(here);
        run();
        const auto there = b.sockets.accept(80);
        EXPECT_TRUE(there);
        EXPECT_TRUE(a.sockets.is_connected(*here));
        return {*here, *there};
    }
    static std::uint32_t send(EndpointProgram& from, Handle handle, const std::string& text,
                              End end = End::none)
    {
        const auto sent = from.sockets.send(handle, std::as_bytes(std::span{text}), end);
        from.sockets.flush();
        return sent;
    }
    static std::string receive(EndpointProgram& to, Handle handle, std::size_t most = 1000,
                               vsock::Received* what = nullptr)
    {
        std::string text(most, '\0');
        const auto  got = to.sockets.receive(handle, std::as_writable_bytes(std::span{text}));
        if (what != nullptr) {
            *what = got;
        }
        return text.substr(0, got.size);
    }

    Wire            wire{4096};
    FakeBell        bell_a;
    FakeBell        bell_b;
    EndpointProgram a{3, 4};
    EndpointProgram b{4, 3};
};

TEST_F(VsockEndpoint, ConnectAcceptSendReceive)
{
    const auto [here, there] = pair();
    EXPECT_FALSE(b.sockets.accept(80));
    EXPECT_EQ(send(a, here, "what time is it?"), 16u);
    run();
    EXPECT_EQ(receive(b, there), "what time is it?");
    EXPECT_EQ(send(b, there, "late"), 4u);
    run();
    EXPECT_EQ(receive(a, here, 2), "la");
    EXPECT_EQ(receive(a, here, 9), "te");
    EXPECT_EQ(receive(a, here), "");
}

TEST_F(VsockEndpoint, NobodyListensOrNobodyIsThere)
{
    const auto refused = a.sockets.connect(4, 81);
    ASSERT_TRUE(refused);
    run();
    EXPECT_TRUE(a.sockets.is_closed(*refused));
    a.sockets.close(*refused);
    EXPECT_FALSE(a.sockets.connect(9, 80));
    EXPECT_EQ(a.sockets.in_use(), 0u);
    EXPECT_TRUE(b.sockets.listen(80));
    EXPECT_FALSE(b.sockets.listen(80));
    const auto other = a.sockets.connect(4, 80, SocketType::seqpacket); // of another type
    run();
    EXPECT_TRUE(a.sockets.is_closed(*other));
}

TEST_F(VsockEndpoint, NoMoreIsSentThanThereIsCreditAndNothingIsLost)
{
    const auto [here, there] = pair();
    std::string all;
    std::string got;
    for (unsigned i = 0; i < 200; ++i) {
        const std::string text(97, static_cast<char>('a' + i % 26));
        all += text.substr(0, send(a, here, text));
        run();
        ASSERT_LE(all.size() - got.size(), k_buffer);
        if (i % 3 == 0) {
            got += receive(b, there, 150);
            run();
        }
    }
    for (std::string more; !(more = receive(b, there)).empty(); run()) {
        got += more;
    }
    EXPECT_GT(all.size(), 5'000u);
    EXPECT_EQ(got, all);
    EXPECT_TRUE(a.sockets.is_connected(here));
}

TEST_F(VsockEndpoint, MessagesKeepTheirEnds)
{
    const auto [here, there] = pair(SocketType::seqpacket);
    EXPECT_EQ(send(a, here, "first", End::message), 5u);
    EXPECT_EQ(send(a, here, "sec"), 3u);
    EXPECT_EQ(send(a, here, "ond", End::record), 3u);
    run();
    vsock::Received what;
    EXPECT_EQ(receive(b, there, 3, &what), "fir");
    EXPECT_FALSE(what.end_of_message);
    EXPECT_EQ(receive(b, there, 100, &what), "st");
    EXPECT_TRUE(what.end_of_message && !what.end_of_record);
    EXPECT_EQ(receive(b, there, 100, &what), "second");
    EXPECT_TRUE(what.end_of_message && what.end_of_record);
    for (unsigned i = 0; i < 300; ++i) { // as many ends as bytes, around the buffer's end
        ASSERT_EQ(send(a, here, "x", End::message), 1u);
        ASSERT_EQ(send(a, here, std::string(66, 'y'), End::message), 66u);
        run();
        ASSERT_EQ(receive(b, there, 100, &what), "x");
        ASSERT_TRUE(what.end_of_message);
        ASSERT_EQ(receive(b, there, 100, &what).size(), 66u);
        ASSERT_TRUE(what.end_of_message);
        run();
    }
}

TEST_F(VsockEndpoint, HalfClose)
{
    const auto [here, there] = pair();
    EXPECT_EQ(send(a, here, "question"), 8u);
    a.sockets.shutdown(here, virtio::k_shutdown_send);
    EXPECT_EQ(send(a, here, "more"), 0u);
    run();
    vsock::Received what;
    EXPECT_EQ(receive(b, there, 100, &what), "question");
    EXPECT_TRUE(what.is_over);
    EXPECT_EQ(send(b, there, "answer"), 6u); // the other direction is open
    run();
    EXPECT_EQ(receive(a, here, 100, &what), "answer");
    EXPECT_FALSE(what.is_over);
    b.sockets.close(there);
    run();
    EXPECT_TRUE(a.sockets.is_closed(here));
    a.sockets.close(here);
    run();
    EXPECT_EQ(a.sockets.in_use(), 0u);
    EXPECT_EQ(b.sockets.in_use(), 1u); // the one that listens
}

TEST_F(VsockEndpoint, WhatWasSentBeforeAnEndStillArrives)
{
    const auto [here, there] = pair();
    EXPECT_EQ(send(a, here, "last words"), 10u);
    a.sockets.close(here);
    run();
    EXPECT_TRUE(b.sockets.is_closed(there));
    vsock::Received what;
    EXPECT_EQ(receive(b, there, 4, &what), "last");
    EXPECT_FALSE(what.is_over);
    EXPECT_EQ(receive(b, there, 100, &what), " words");
    EXPECT_TRUE(what.is_over);
    EXPECT_EQ(a.sockets.in_use(), 0u);
    EXPECT_TRUE(a.sockets.is_closed(here)); // a handle of before
    EXPECT_EQ(receive(a, here, 4, &what), "");
    EXPECT_TRUE(what.is_over);
}

TEST_F(VsockEndpoint, ARestartOfThePeerClosesItsConnections)
{
    const auto [here, there] = pair();
    b.lines[0].link.restart();
    run();
    EXPECT_TRUE(a.sockets.is_closed(here));
    EXPECT_TRUE(b.sockets.is_closed(there));
    a.sockets.close(here);
    b.sockets.close(there);
    const auto [again, other] = pair();
    EXPECT_EQ(send(a, again, "x"), 1u);
    run();
    EXPECT_EQ(receive(b, other), "x");
}

TEST_F(VsockEndpoint, TheBacklogAndTheSocketsAreBounded)
{
    ASSERT_TRUE(b.sockets.listen(80, SocketType::stream, 2));
    std::vector<Handle> handles;
    for (unsigned i = 0; i < 6; ++i) {
        const auto handle = a.sockets.connect(4, 80);
        ASSERT_TRUE(handle);
        handles.push_back(*handle);
    }
    EXPECT_FALSE(a.sockets.connect(4, 80));
    run();
    EXPECT_TRUE(a.sockets.is_connected(handles[0]) && a.sockets.is_connected(handles[1]));
    EXPECT_TRUE(a.sockets.is_closed(handles[2]));
    EXPECT_EQ(b.sockets.in_use(), 3u);
}

TEST_F(VsockEndpoint, TenThousandConnections)
{
    for (unsigned i = 0; i < 10'000; ++i) {
        const auto [here, there] = pair();
        (i % 2 == 0 ? a : b).sockets.close(i % 2 == 0 ? here : there);
        run();
        (i % 2 == 0 ? b : a).sockets.close(i % 2 == 0 ? there : here);
    }
    EXPECT_EQ(a.sockets.in_use(), 0u);
    EXPECT_EQ(b.sockets.in_use(), 1u);
}

/// Instead of b there is a stranger that writes packets.
class VsockStranger : public VsockEndpoint {
protected:
    VsockStranger() { EXPECT_TRUE(a.sockets.listen(7)); }
    Link& link() { return b.lines[0].link; }
    void  send(SocketOp op, std::uint32_t len = 0, std::uint32_t port = 1000)
    {
        SocketHeader header{.src_cid   = 4,
                            .dst_cid   = 3,
                            .src_port  = port,
                            .dst_port  = 7,
                            .len       = len,
                            .op        = op,
                            .flags     = flags,
                            .buf_alloc = 1000,
                            .fwd_cnt   = taken};
        header.type = type;
        ASSERT_TRUE(link().room(len));
        link().send(header, *reader_of(std::string(len, 's')));
        link().publish();
        a.step();
    }
    std::string ops()
    {
        std::string text;
        while (const auto* const header = link().next()) {
            text += std::to_string(static_cast<int>(header->op)) + ' ';
            link().release();
        }
        link().give_back();
        return text;
    }
    SocketType    type  = SocketType::stream;
    std::uint32_t flags = 0;
    std::uint32_t taken = 0;
};

TEST_F(VsockStranger, WhatBreaksARuleIsReset)
{
    send(SocketOp::request);
    EXPECT_EQ(ops(), "2 ");
    send(SocketOp::credit_request);
    EXPECT_EQ(ops(), "6 ");
    send(SocketOp::data, k_buffer);
    EXPECT_EQ(ops(), "");
    send(SocketOp::data, 1); // beyond its credit
    EXPECT_EQ(ops(), "3 ");
    for (const auto op : {SocketOp::response, SocketOp::request, SocketOp::invalid, SocketOp{8}}) {
        send(SocketOp::request);
        EXPECT_EQ(ops(), "2 ") << static_cast<int>(op);
        send(op);
        EXPECT_NE(ops().find("3 "), std::string::npos);
    }
    send(SocketOp::request);
    taken = 1; // of nothing that was sent
    send(SocketOp::credit_update);
    EXPECT_EQ(ops(), "2 3 ");
    taken = 0;
    send(SocketOp::request);
    flags = virtio::k_shutdown_send;
    send(SocketOp::shutdown);
    flags = 0;
    send(SocketOp::data, 1);
    EXPECT_EQ(ops(), "2 3 ");
    type = static_cast<SocketType>(3);
    send(SocketOp::request);
    EXPECT_EQ(ops(), "3 ");
    send(SocketOp::reset);
    EXPECT_EQ(ops(), "");
}

TEST_F(VsockStranger, ThatDoesNotReadLosesItsLinkInTheEnd)
{
    (void)link().lost();
    unsigned sent = 0;
    for (; !link().lost(); ++sent) {
        if (link().room(0)) {
            send(SocketOp::data); // belongs to nothing; each is answered by a reset
        }
        a.step();
        link().poll();
    }
    EXPECT_LT(sent, 300u);
}

TEST_F(VsockStranger, CannotTakeAllSockets)
{
    for (std::uint32_t port = 0; port < 10; ++port) {
        send(SocketOp::request, 0, port);
        (void)a.sockets.accept(7);
    }
    EXPECT_LE(a.sockets.in_use(), 4u); // of six; one listens
    EXPECT_TRUE(a.sockets.connect(4, 1));
}

TEST_F(VsockStranger, NobodySendsInAnothersName)
{
    const SocketHeader header{.src_cid = 2, .dst_cid = 3, .dst_port = 7, .op = SocketOp::request};
    ASSERT_TRUE(link().room(0));
    link().send(header, *reader_of(""));
    link().publish();
    a.step();
    EXPECT_EQ(a.sockets.in_use(), 1u);
    link().poll();
    EXPECT_TRUE(link().lost());
}

} // namespace
