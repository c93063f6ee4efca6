// SPDX-License-Identifier: BSD-2-Clause
// Every interleaving of two sides that signal each other, on cores that delay stores: nobody ever
// sleeps while there is work. The views are the real ones; test/interleave has the memory.
#include "kit/interleave.hpp"
#include "sddf/network.hpp"
#include "sddf/serial.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

using kit::interleave::explore;
using kit::interleave::notify;
using kit::interleave::Run;

/// One entry, while the other side has not asked yet: all that the race needs.
constexpr unsigned k_entries = 1;

/// What the two sides share, and how much arrived.
struct World {
    alignas(8) std::array<std::byte, sddf::network::Producer::bytes_for(2)> ring{};
    sddf::serial::Queue      queue{};
    std::array<std::byte, 1> data{};
    unsigned                 arrived  = 0;
    unsigned                 expected = k_entries;
};
sddf::network::QueueHeader& header_of(World& world)
{
    return *reinterpret_cast<sddf::network::QueueHeader*>(world.ring.data());
}

/// An end of the ring of frames, or of the queue of bytes.
template <class End>
End frame_end(World& world)
{
    End end;
    EXPECT_TRUE(end.open(world.ring, 2));
    return end;
}
template <class End>
End byte_end(World& world)
{
    End end;
    EXPECT_TRUE(end.open(std::as_writable_bytes(std::span{&world.queue, 1}), world.data));
    return end;
}

auto producer_of_frames(World& world)
{
    return [producer = frame_end<sddf::network::Producer>(world)]() mutable {
        for (unsigned i = 0; i < k_entries; ++i) {
            (void)producer.push({});
            if (producer.publish_if_asked()) {
                notify();
            }
        }
    };
}

void frames(World& world, Run& run)
{
    header_of(world).consumer_signalled = 1; // as after an earlier wait
    run.sides[0].body                   = producer_of_frames(world);
    run.sides[1].body = [&world, consumer = frame_end<sddf::network::Consumer>(world)]() mutable {
        for (;;) {
            while (consumer.pop()) {
                ++world.arrived;
            }
            consumer.release();
            if (!consumer.ask_for_more()) {
                Run::current->sleep();
            }
        }
    };
}

/// The mistake that the protocol is there to prevent.
void frames_without_a_second_look(World& world, Run& run)
{
    header_of(world).consumer_signalled = 1; // as after an earlier wait
    run.sides[0].body                   = producer_of_frames(world);
    run.sides[1].body = [&world, consumer = frame_end<sddf::network::Consumer>(world)]() mutable {
        for (;;) {
            while (consumer.pop()) {
                ++world.arrived;
            }
            consumer.release();
            (void)consumer.ask_unless([] { return false; });
            Run::current->sleep();
        }
    };
}

void bytes_through_a_full_queue(World& world, Run& run)
{
    world.expected = k_entries + 1;
    world.queue = {.tail = 1, .head = 0, .producer_signalled = 1}; // full, as after an earlier wait
    run.sides[0].body = [&world, producer = byte_end<sddf::serial::Producer>(world)]() mutable {
        for (unsigned i = 0; i < k_entries; ++i) {
            while (producer.write(world.data) == 0) {
                if (!producer.ask_for_space(1)) {
                    Run::current->sleep();
                }
            }
            if (producer.publish()) {
                notify();
            }
        }
    };
    run.sides[1].body = [&world, consumer = byte_end<sddf::serial::Consumer>(world)]() mutable {
        for (;;) {
            const auto length = static_cast<std::uint32_t>(consumer.data().size());
            world.arrived += length;
            consumer.advance(length);
            if (consumer.release()) {
                notify();
            }
            if (length == 0) {
                Run::current->sleep();
            }
        }
    };
}

TEST(EveryInterleaving, NoFrameIsLeftInARing)
{
    const auto outcome = explore(frames, true);
    EXPECT_GT(outcome.schedules, 100u);
    EXPECT_EQ(outcome.hangs, 0u) << "of " << outcome.schedules;
    RecordProperty("schedules", static_cast<int>(outcome.schedules));
}

TEST(EveryInterleaving, NoProducerOfBytesIsLeftWaiting)
{
    const auto outcome = explore(bytes_through_a_full_queue, true);
    EXPECT_GT(outcome.schedules, 100u);
    EXPECT_EQ(outcome.hangs, 0u) << "of " << outcome.schedules;
    RecordProperty("schedules", static_cast<int>(outcome.schedules));
}

// That the model finds what it is there to find.
TEST(EveryInterleaving, WithoutTheFencesAFrameIsLeft)
{
    EXPECT_GT(explore(frames, false).hangs, 0u);
}

TEST(EveryInterleaving, WithoutTheFencesAProducerIsLeft)
{
    EXPECT_GT(explore(bytes_through_a_full_queue, false).hangs, 0u);
}

TEST(EveryInterleaving, WithoutTheSecondLookAFrameIsLeft)
{
    EXPECT_GT(explore(frames_without_a_second_look, true).hangs, 0u);
}

} // namespace
