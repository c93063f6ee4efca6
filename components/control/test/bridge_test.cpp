// SPDX-License-Identifier: BSD-2-Clause
// The control program between a host and two guests: streams, credit, ends, and what hosts do
// wrong.
#include "bridge.hpp"

#include "kit/sddf_links.hpp"
#include "vsock/relay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace control;
using vsock::Endpoint;

constexpr std::uint32_t k_port    = 77;
constexpr std::uint16_t k_session = 5;

struct Bell final : backend::Doorbell {
    void ring() override { rung = true; }
    bool rung = false;
};

struct Wire {
    kit::Memory one{4096 + sizeof(vsock::Half)};
    kit::Memory other{4096 + sizeof(vsock::Half)};
    Bell        bell;
};

/// A guest, whose kernel's sockets are an endpoint.
struct Guest {
    explicit Guest(Wire& wire)
    {
        lines[0].cid = k_host_side;
        EXPECT_TRUE(lines[0].link.open(wire.other.bytes(), wire.one.bytes(), wire.bell));
    }
    static constexpr std::uint32_t k_host_side = 2;
    std::array<vsock::Line, 1>     lines{};
    vsock::Relay                   relay{3, lines};
    Endpoint::Storage<24, 2048>    storage{};
    Endpoint                       sockets{relay, storage};
};

class ControlBridge : public testing::Test {
protected:
    ControlBridge()
    {
        for (std::size_t i = 0; i < wires.size(); ++i) {
            lines[i].cid = static_cast<std::uint32_t>(3 + i);
            EXPECT_TRUE(
                lines[i].link.open(wires[i].one.bytes(), wires[i].other.bytes(), wires[i].bell));
        }
        guest = std::make_unique<Guest>(wires[0]);
        EXPECT_TRUE(guest->sockets.listen(k_port));
        settle();
    }

    /// Lets both sides do what they can, and reads what the host is told.
    void settle()
    {
        for (int i = 0; i < 20; ++i) {
            relay.notified();
            bridge.run(from_host, to_host);
            (void)to_host.publish();
            (void)from_host.release();
            guest->relay.notified();
            guest->sockets.flush();
            listen();
        }
    }
    void listen()
    {
        for (const char c : out.take()) {
            if (const auto frame = decoder.feed(static_cast<std::byte>(c))) {
                EXPECT_EQ(frame->session, session);
                const std::string text{reinterpret_cast<const char*>(frame->payload.data()),
                                       frame->payload.size()};
                if (frame->kind == LineKind::data) {
                    data[frame->stream] += text;
                } else if (frame->kind == LineKind::credit) {
                    credit += Word::read(frame->payload)->value;
                } else {
                    said.emplace_back(frame->kind, frame->stream, text);
                }
            }
        }
    }

    void say(LineKind kind, std::uint8_t stream, std::string_view payload,
             std::uint16_t in_session = k_session)
    {
        std::array<std::byte, k_most_encoded> buffer{};
        const auto                            bytes = encode({.kind    = kind,
                                                              .stream  = stream,
                                                              .session = in_session,
                                                              .payload = std::as_bytes(std::span{payload})},
                                                             buffer);
        EXPECT_EQ(in.put({reinterpret_cast<const char*>(bytes.data()), bytes.size()}),
                  bytes.size());
    }
    void hello() { say(LineKind::hello, 0, ""); }
    void open(std::uint8_t stream, std::uint32_t cid = 3, std::uint32_t port = k_port)
    {
        std::array<std::byte, Target::k_size> target{};
        Target{.cid = cid, .port = port}.write(target);
        say(LineKind::open, stream, {reinterpret_cast<const char*>(target.data()), target.size()});
    }
    /// Says hello, opens a stream and accepts it in the guest.
    vsock::Handle connected(std::uint8_t stream)
    {
        hello();
        open(stream);
        settle();
        const auto handle = guest->sockets.accept(k_port);
        EXPECT_TRUE(handle);
        return handle.value_or(vsock::Handle{});
    }
    [[nodiscard]] std::string received(vsock::Handle handle)
    {
        std::string           text;
        std::array<char, 512> bytes{};
        while (const auto got =
                   guest->sockets.receive(handle, std::as_writable_bytes(std::span{bytes})).size) {
            text.append(bytes.data(), got);
        }
        guest->sockets.flush();
        return text;
    }
    std::size_t send(vsock::Handle handle, std::string_view text)
    {
        const auto done = guest->sockets.send(handle, std::as_bytes(std::span{text}));
        guest->sockets.flush();
        return done;
    }
    [[nodiscard]] bool was_closed(std::uint8_t stream, CloseReason reason) const
    {
        return std::ranges::any_of(said, [&](const Said& what) {
            return what.kind == LineKind::close && what.stream == stream &&
                   Word::read(std::as_bytes(std::span{what.payload}))->value ==
                       static_cast<std::uint32_t>(reason);
        });
    }
    [[nodiscard]] bool was_opened(std::uint8_t stream) const
    {
        return std::ranges::any_of(said, [&](const Said& what) {
            return what.kind == LineKind::opened && what.stream == stream;
        });
    }

    struct Said {
        LineKind     kind;
        std::uint8_t stream;
        std::string  payload;
    };

    kit::SerialLink                  in{65536};
    kit::SerialLink                  out{8192};
    sddf::serial::Consumer           from_host = in.consumer();
    sddf::serial::Producer           to_host   = out.producer();
    std::array<Wire, 2>              wires{};
    std::array<vsock::Line, 2>       lines{};
    vsock::Relay                     relay{2, lines};
    std::array<std::uint32_t, 2>     peers{3, 4};
    std::unique_ptr<Bridge::Storage> storage = std::make_unique<Bridge::Storage>();
    Endpoint                         sockets{relay, *storage};
    Bridge                           bridge{sockets, 2, peers};
    std::unique_ptr<Guest>           guest;
    LineDecoder                      decoder;
    std::uint16_t                    session = k_session;
    std::vector<Said>                said;
    std::map<unsigned, std::string>  data;
    std::uint32_t                    credit = 0;
};

TEST_F(ControlBridge, SaysWhoIsThere)
{
    say(LineKind::data, 0, "before a hello");
    open(1);
    settle();
    EXPECT_TRUE(said.empty());
    hello();
    settle();
    ASSERT_EQ(said.size(), 1U);
    const auto welcome = Welcome::read(std::as_bytes(std::span{said[0].payload}));
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->version, k_line_version);
    EXPECT_EQ(welcome->own_cid, 2U);
    EXPECT_EQ(welcome->count, 2);
    EXPECT_EQ(welcome->peers[1], 4U);
}

TEST_F(ControlBridge, CarriesBytesBothWays)
{
    const auto handle = connected(3);
    EXPECT_TRUE(was_opened(3));
    say(LineKind::data, 3, "to the guest");
    settle();
    EXPECT_EQ(received(handle), "to the guest");
    EXPECT_EQ(credit, 12U);
    EXPECT_EQ(send(handle, "to the host"), 11U);
    settle();
    EXPECT_EQ(data[3], "to the host");
    say(LineKind::close, 3, "");
    settle();
    EXPECT_TRUE(guest->sockets.is_closed(handle));
    open(3);
    settle();
    EXPECT_TRUE(guest->sockets.accept(k_port)) << "the stream can be used again";
}

TEST_F(ControlBridge, MuchGoesThroughAsRoomAllows)
{
    const auto  handle = connected(0);
    std::string text;
    while (text.size() < 100'000) {
        text += std::to_string(text.size()) + "~}~}"; // bytes that need an escape
    }
    std::size_t sent  = 0;
    std::size_t given = k_stream_window;
    std::string there;
    std::string upstream;
    std::size_t back = 0;
    while (there.size() < text.size() || data[0].size() < text.size()) {
        const auto before = there.size() + data[0].size();
        const auto part   = std::min({text.size() - sent, given, k_line_payload});
        if (part != 0) {
            say(LineKind::data, 0, std::string_view{text}.substr(sent, part));
            sent += part;
            given -= part;
        }
        back += send(handle, std::string_view{text}.substr(back));
        settle();
        given += std::exchange(credit, 0);
        there += received(handle);
        settle();
        ASSERT_LT(before, there.size() + data[0].size()) << "nothing moves";
    }
    EXPECT_EQ(there, text);
    EXPECT_EQ(data[0], text);
    EXPECT_FALSE(was_closed(0, CloseReason::overrun));
}

TEST_F(ControlBridge, AGuestThatReadsNothingCostsItsStreamOnly)
{
    const auto lazy = connected(0);
    open(1);
    settle();
    const auto  other = *guest->sockets.accept(k_port);
    std::size_t given = k_stream_window;
    std::size_t sent  = 0;
    while (given != 0) {
        const auto part = std::min<std::size_t>(given, 500);
        say(LineKind::data, 0, std::string(part, 'x'));
        sent += part;
        given -= part;
        settle();
        given += std::exchange(credit, 0);
        ASSERT_LT(sent, 100'000U);
    }
    say(LineKind::data, 1, "still here");
    settle();
    EXPECT_EQ(received(other), "still here");
    say(LineKind::data, 0, "more than there was credit for");
    settle();
    EXPECT_TRUE(was_closed(0, CloseReason::overrun));
    EXPECT_TRUE(guest->sockets.is_closed(lazy));
    EXPECT_TRUE(guest->sockets.is_connected(other));
}

TEST_F(ControlBridge, NobodyThereIsSaid)
{
    hello();
    open(0, 3, k_port + 1); // nobody listens
    open(1, 4);             // the guest is not up
    open(2, 7);             // no such guest
    say(LineKind::open, 3, "short");
    open(k_streams); // no such stream
    settle();
    EXPECT_TRUE(was_closed(0, CloseReason::unreachable));
    EXPECT_TRUE(was_closed(1, CloseReason::unreachable));
    EXPECT_TRUE(was_closed(2, CloseReason::unreachable));
    EXPECT_TRUE(was_closed(3, CloseReason::unreachable));
    EXPECT_EQ(said.size(), 5U) << "with the welcome";
    EXPECT_EQ(sockets.in_use(), 0U);
}

TEST_F(ControlBridge, TheGuestEndsAConnectionAndAllItSaidArrives)
{
    const auto handle = connected(2);
    EXPECT_EQ(send(handle, std::string(1500, 'z')), 1500U);
    guest->sockets.close(handle);
    guest->sockets.flush();
    settle();
    EXPECT_EQ(data[2], std::string(1500, 'z'));
    EXPECT_TRUE(was_closed(2, CloseReason::ended));
    EXPECT_EQ(sockets.in_use(), 0U);
}

TEST_F(ControlBridge, AGuestThatIsRestartedEndsItsStreams)
{
    (void)connected(2);
    guest = std::make_unique<Guest>(wires[0]);
    EXPECT_TRUE(guest->sockets.listen(k_port));
    settle();
    EXPECT_TRUE(was_closed(2, CloseReason::ended));
    open(2);
    settle();
    EXPECT_TRUE(guest->sockets.accept(k_port)) << "and can be reached again";
}

TEST_F(ControlBridge, ANewSessionEndsWhatAnOlderOneBegan)
{
    const auto handle = connected(2);
    EXPECT_EQ(send(handle, "for the old host"), 16U);
    say(LineKind::data, 2, "half a fr");
    in.put("~half a frame"); // the old host was killed
    session = 6;
    say(LineKind::hello, 0, "", 6);
    say(LineKind::close, 2, "", k_session);
    settle();
    EXPECT_TRUE(guest->sockets.is_closed(handle));
    EXPECT_EQ(data[2], "");
    ASSERT_EQ(said.back().kind, LineKind::welcome);
    EXPECT_EQ(decoder.damaged(), 0U);
}

TEST_F(ControlBridge, AllStreamsAtOnceAndNoMore)
{
    hello();
    for (std::uint8_t i = 0; i < k_streams; ++i) {
        open(i);
        settle();
        ASSERT_TRUE(guest->sockets.accept(k_port)) << unsigned{i};
    }
    open(0);
    settle();
    EXPECT_TRUE(was_closed(0, CloseReason::busy));
}

TEST_F(ControlBridge, AHostThatDoesNotReadHoldsNothingUp)
{
    const auto handle = connected(0);
    for (int i = 0; i < 100; ++i) {
        (void)send(handle, std::string(1000, 'x'));
        relay.notified();
        bridge.run(from_host, to_host); // returns though nobody takes what it wrote
        (void)to_host.publish();
        guest->relay.notified();
    }
    say(LineKind::data, 0, "in the other direction");
    relay.notified();
    bridge.run(from_host, to_host);
    guest->relay.notified();
    EXPECT_EQ(received(handle), "in the other direction");
}

} // namespace
