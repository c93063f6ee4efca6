// SPDX-License-Identifier: BSD-2-Clause
// Every interleaving of the two ends of a link, on cores that delay stores: nobody ever sleeps
// while there is a packet for him, or room for his. The link is the real one.
#include "kit/interleave.hpp"
#include "vsock/link.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

using kit::interleave::explore;
using kit::interleave::notify;
using kit::interleave::Run;
using vsock::Link;

class Bell final : public backend::Doorbell {
public:
    void ring() override { notify(); }
};

/// A link that is up, with the smallest rings there are.
struct World {
    World()
    {
        for (int i = 0; i < 2; ++i) {
            EXPECT_TRUE(ends[0].open(regions[0].bytes, regions[1].bytes, bell));
            EXPECT_TRUE(ends[1].open(regions[1].bytes, regions[0].bytes, bell));
        }
        ends[0].poll();
        ends[1].poll();
        ends[0].poll();
        EXPECT_TRUE(ends[0].is_up() && ends[1].is_up());
    }
    struct alignas(8) Region {
        std::array<std::byte, sizeof(vsock::Half) + vsock::k_least_ring> bytes{};
    };
    std::array<Region, 2> regions{};
    Bell                  bell;
    std::array<Link, 2>   ends;
    unsigned              arrived  = 0;
    unsigned              expected = 1;
};

void send(Link& link, std::uint32_t size)
{
    static std::array<std::byte, 1024> bytes{};
    const virtio::Segment              segment{bytes.data(), size};
    virtio::Reader                     payload{{&segment, 1}, size};
    link.send({.len = size, .op = virtio::SocketOp::data}, payload);
}

/// Sends one, as soon as there is room.
void produce(World& world, std::uint32_t size)
{
    Link& link = world.ends[0];
    while (!link.room(size)) {
        Run::current->sleep();
    }
    send(link, size);
    link.publish();
}

/// Takes all there is, and sleeps when nothing is left.
void consume(World& world, bool looks_again)
{
    Link& link = world.ends[1];
    for (;;) {
        while (link.next() != nullptr) {
            link.release();
            ++world.arrived;
        }
        link.give_back();
        if (!link.ask_for_more() || !looks_again) {
            Run::current->sleep();
        }
    }
}

/// A packet went through before; since then the consumer has not asked for more.
void one_before(World& world)
{
    EXPECT_TRUE(world.ends[0].room(8));
    send(world.ends[0], 8);
    world.ends[0].publish();
    EXPECT_NE(world.ends[1].next(), nullptr);
    world.ends[1].release();
    world.ends[1].give_back();
}

void a_packet(World& world, Run& run)
{
    one_before(world);
    run.sides[0].body = [&world] { produce(world, 8); };
    run.sides[1].body = [&world] { consume(world, true); };
}

void a_packet_without_a_second_look(World& world, Run& run)
{
    one_before(world);
    run.sides[0].body = [&world] { produce(world, 8); };
    run.sides[1].body = [&world] { consume(world, false); };
}

void room_in_a_full_ring(World& world, Run& run)
{
    // Two that leave no room for a third, seen by the consumer.
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(world.ends[0].room(400));
        send(world.ends[0], 400);
    }
    world.ends[0].publish();
    EXPECT_NE(world.ends[1].next(), nullptr);
    // What the two do from there on is all that the race needs.
    run.sides[0].body = [&world] {
        while (!world.ends[0].room(400)) {
            Run::current->sleep();
        }
        ++world.arrived;
    };
    run.sides[1].body = [&world] {
        world.ends[1].release();
        world.ends[1].give_back();
    };
}

TEST(EveryInterleavingOfALink, NoPacketIsLeft)
{
    const auto outcome = explore(a_packet, true);
    EXPECT_GT(outcome.schedules, 100u);
    EXPECT_EQ(outcome.hangs, 0u) << "of " << outcome.schedules;
    RecordProperty("schedules", static_cast<int>(outcome.schedules));
}

TEST(EveryInterleavingOfALink, NobodyIsLeftWaitingForRoom)
{
    const auto outcome = explore(room_in_a_full_ring, true);
    EXPECT_GT(outcome.schedules, 100u);
    EXPECT_EQ(outcome.hangs, 0u) << "of " << outcome.schedules;
    RecordProperty("schedules", static_cast<int>(outcome.schedules));
}

// That the model finds what it is there to find.
TEST(EveryInterleavingOfALink, WithoutTheFencesSomebodyIsLeft)
{
    EXPECT_GT(explore(a_packet, false).hangs, 0u);
    EXPECT_GT(explore(room_in_a_full_ring, false).hangs, 0u);
}

TEST(EveryInterleavingOfALink, WithoutTheSecondLookAPacketIsLeft)
{
    EXPECT_GT(explore(a_packet_without_a_second_look, true).hangs, 0u);
}

} // namespace
