// SPDX-License-Identifier: BSD-2-Clause
// A link: packets both ways, sessions, and a hostile other side.
#include "vsock_fixture.hpp"

namespace {

using virtio::SocketHeader;

SocketHeader data(std::uint32_t size, std::uint32_t port = 1)
{
    return {.src_cid  = 3,
            .dst_cid  = 4,
            .src_port = port,
            .dst_port = 80,
            .len      = size,
            .op       = virtio::SocketOp::data};
}

class VsockLink : public testing::Test {
protected:
    void open_both()
    {
        ASSERT_TRUE(a.open(wire.left.bytes(), wire.right.bytes(), bell_b));
        ASSERT_TRUE(b.open(wire.right.bytes(), wire.left.bytes(), bell_a));
        meet();
    }
    /// Both look until nothing changes.
    void meet()
    {
        for (int i = 0; i < 4; ++i) {
            a.poll();
            b.poll();
        }
    }
    static void send(Link& link, const std::string& text, std::uint32_t port = 1)
    {
        link.send(data(static_cast<std::uint32_t>(text.size()), port), *reader_of(text));
    }
    static std::string receive(Link& link)
    {
        const auto* const header = link.next();
        if (header == nullptr) {
            return "none";
        }
        std::string text(header->len, '\0');
        link.read(std::as_writable_bytes(std::span{text}));
        link.release();
        return text;
    }
    [[nodiscard]] vsock::Half& half_of_b()
    {
        return *reinterpret_cast<vsock::Half*>(wire.right.bytes().data());
    }

    Wire     wire{1024 + sizeof(vsock::Half)};
    FakeBell bell_a;
    FakeBell bell_b;
    Link     a;
    Link     b;
};

TEST_F(VsockLink, WhatARegionMustBe)
{
    EXPECT_FALSE(a.open({}, wire.right.bytes(), bell_b));
    EXPECT_FALSE(a.open(wire.left.bytes(), wire.right.bytes().first(1000), bell_b));
    EXPECT_FALSE(a.open(wire.left.bytes().subspan(4), wire.right.bytes(), bell_b));
}

TEST_F(VsockLink, IsUpWhenBothHaveTakenEachOtherUp)
{
    ASSERT_TRUE(a.open(wire.left.bytes(), wire.right.bytes(), bell_b));
    EXPECT_FALSE(a.is_up());
    EXPECT_FALSE(a.room(1));
    ASSERT_TRUE(b.open(wire.right.bytes(), wire.left.bytes(), bell_a));
    EXPECT_FALSE(b.is_up());
    EXPECT_TRUE(bell_a.take());
    a.poll();
    EXPECT_TRUE(a.is_up());
    EXPECT_TRUE(bell_b.take());
    b.poll();
    EXPECT_TRUE(b.is_up());
    EXPECT_FALSE(a.lost() || b.lost());
}

TEST_F(VsockLink, PacketsKeepTheirOrderAroundTheEnd)
{
    open_both();
    std::string text;
    for (unsigned i = 0; i < 500; ++i) {
        text.push_back(static_cast<char>(i));
        if (text.size() > 300) {
            text.clear();
        }
        ASSERT_EQ(a.room(static_cast<std::uint32_t>(text.size())), text.size());
        send(a, text, i);
        a.publish();
        ASSERT_EQ(b.next()->src_port, i);
        ASSERT_EQ(receive(b), text);
        b.give_back();
    }
    EXPECT_EQ(receive(b), "none");
    EXPECT_FALSE(b.lost());
}

TEST_F(VsockLink, NothingIsSeenBeforePublish)
{
    open_both();
    ASSERT_TRUE(a.room(2));
    send(a, "hi");
    EXPECT_EQ(b.next(), nullptr);
    a.publish();
    EXPECT_EQ(receive(b), "hi");
}

TEST_F(VsockLink, WhoSleepsIsWokenOnceAndNobodyElse)
{
    open_both();
    (void)bell_a.take();
    (void)bell_b.take();
    EXPECT_FALSE(b.ask_for_more());
    send(a, "x");
    a.publish();
    EXPECT_TRUE(bell_b.take());
    send(a, "y");
    a.publish();
    EXPECT_FALSE(bell_b.take()); // it knows
    EXPECT_EQ(receive(b), "x");
    EXPECT_TRUE(b.ask_for_more());
    EXPECT_EQ(receive(b), "y");
    EXPECT_FALSE(b.ask_for_more());
    b.give_back();
    EXPECT_FALSE(bell_a.take()); // nobody waits for room
    // Room: wanted, and given by the packet that makes it.
    unsigned sent = 0;
    for (; a.room(100); ++sent) {
        send(a, std::string(100, 'z'));
    }
    EXPECT_EQ(sent, 1024 / vsock::record_bytes(100));
    a.publish();
    EXPECT_TRUE(bell_b.take());
    (void)receive(b);
    b.give_back();
    EXPECT_TRUE(bell_a.take());
    EXPECT_TRUE(a.room(100));
}

TEST_F(VsockLink, AGoodPartOfALargePacketFits)
{
    open_both();
    EXPECT_EQ(a.room(100'000), 512 - vsock::k_record_header);
    send(a, std::string(512 - vsock::k_record_header, 'x'));
    EXPECT_TRUE(a.room(100'000));
    send(a, std::string(*a.room(100'000), 'y'));
    EXPECT_FALSE(a.room(0));
    a.publish();
    EXPECT_EQ(receive(b).size(), 464u);
}

TEST_F(VsockLink, ARestartOfEitherSideLosesWhatWasUnderWay)
{
    open_both();
    for (unsigned round = 0; round < 6; ++round) {
        send(a, "lost");
        a.publish();
        send(b, "lost");
        b.publish();
        // The program is loaded anew; the memory of the link stays.
        (round % 2 == 0 ? a : b) = Link{};
        if (round % 2 == 0) {
            ASSERT_TRUE(a.open(wire.left.bytes(), wire.right.bytes(), bell_b));
        } else {
            ASSERT_TRUE(b.open(wire.right.bytes(), wire.left.bytes(), bell_a));
        }
        meet();
        EXPECT_TRUE(a.is_up() && b.is_up());
        EXPECT_TRUE(round % 2 == 0 ? b.lost() : a.lost()); // the other one is told
        EXPECT_FALSE(a.lost() || b.lost());
        EXPECT_EQ(receive(a), "none");
        EXPECT_EQ(receive(b), "none");
        send(a, "again");
        a.publish();
        EXPECT_EQ(receive(b), "again");
        b.give_back();
    }
}

TEST_F(VsockLink, BothAtOnceAndMemoryThatWasCleared)
{
    open_both();
    a.restart();
    b.restart();
    meet();
    EXPECT_TRUE(a.is_up() && b.is_up());
    EXPECT_TRUE(a.lost() && b.lost());
    // Its own region zero again, as after a restart by a loader that clears: the number differs.
    std::ranges::fill(wire.right.bytes(), std::byte{0});
    b = Link{};
    ASSERT_TRUE(b.open(wire.right.bytes(), wire.left.bytes(), bell_a));
    meet();
    EXPECT_TRUE(a.is_up() && b.is_up());
    EXPECT_TRUE(a.lost());
}

TEST_F(VsockLink, ALyingOtherSideCostsTheLinkOnly)
{
    open_both();
    const auto lie = [&](auto&& change) {
        (void)a.lost();
        (void)a.room(8);
        send(a, "x");
        a.publish();
        change(half_of_b());
        (void)a.next();
        (void)a.room(100);
        a.poll();
        const bool lost = a.lost();
        meet();
        b.restart();
        meet();
        EXPECT_TRUE(a.is_up());
        return lost;
    };
    EXPECT_TRUE(lie([](vsock::Half& half) { half.tail = 47; }));   // less than a header
    EXPECT_TRUE(lie([](vsock::Half& half) { half.tail = 1025; })); // more than the ring
    EXPECT_TRUE(lie([](vsock::Half& half) { half.tail = ~0ULL - 7; }));
    EXPECT_TRUE(lie([](vsock::Half& half) { half.head = 4096; })); // read what was not written
    EXPECT_TRUE(lie([](vsock::Half& half) { half.head = 1ULL << 63; }));
    EXPECT_TRUE(lie([](vsock::Half& half) { half.seen = 12345; }));
    EXPECT_TRUE(lie([](vsock::Half& half) { half.session = 0; }));
    EXPECT_TRUE(lie([](vsock::Half& half) { // longer than what is there
        half.tail                                       = 48;
        reinterpret_cast<SocketHeader*>(&half + 1)->len = 0xffff'ffff;
    }));
    EXPECT_FALSE(lie([](vsock::Half& half) { half.data_event = half.room_event = 77; }));
}

TEST_F(VsockLink, APacketIsReadOnceAndNotBeyondItsEnd)
{
    open_both();
    send(b, "abcd");
    b.publish();
    const auto* const header = a.next();
    ASSERT_NE(header, nullptr);
    reinterpret_cast<SocketHeader*>(&half_of_b() + 1)->len = 500; // after we looked
    EXPECT_EQ(header->len, 4u);
    std::string text(10, '.');
    a.read(std::as_writable_bytes(std::span{text}));
    EXPECT_EQ(text, "abcd......");
    a.release();
    EXPECT_EQ(a.next(), nullptr);
    EXPECT_FALSE(a.lost());
}

TEST(VsockConfig, TheSection)
{
    vsock::Config config{};
    EXPECT_FALSE(config.is_valid());
    config.magic = vsock::k_config_magic;
    EXPECT_TRUE(config.is_valid());
    config.num_links = vsock::k_most_links + 1;
    EXPECT_FALSE(config.is_valid());
}

} // namespace
