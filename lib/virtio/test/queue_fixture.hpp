// SPDX-License-Identifier: BSD-2-Clause
// A queue and its driver's end, for the tests of the split virtqueue.
#pragma once

#include "kit/fake_ring.hpp"
#include "virtio/queue.hpp"
#include "virtio/standard.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

using kit::FakeRing;
using kit::from_device;
using kit::to_device;
using virtio::Chain;
using virtio::Fault;

class VirtioQueue : public testing::Test {
protected:
    void start(std::uint64_t features = virtio::k_feature_indirect)
    {
        queue.limit(32);
        queue.settings = ring.settings();
        ASSERT_EQ(queue.make_ready(ram.memory()), Fault::none);
        queue.go_live(ram.memory(), features);
        ring.use_event_idx((features & virtio::k_feature_event_idx) != 0);
    }
    Chain take() { return queue.take(room); }
    /// Takes one and finishes it.
    void serve(std::uint32_t written = 0) { queue.finish(take(), written); }

    /// take() gives nothing because of a fault, and nothing works any more.
    void expect_fault(Fault fault)
    {
        EXPECT_FALSE(take());
        EXPECT_EQ(queue.fault(), fault) << virtio::to_text(queue.fault());
        EXPECT_FALSE(queue.is_live());
        EXPECT_FALSE(queue.publish());
    }

    kit::GuestRam                   ram;
    FakeRing                        ring{ram, 16};
    std::uint64_t                   buffer = ram.allocate(4096);
    virtio::Queue                   queue;
    std::array<virtio::Segment, 24> room{};
};

/// What a reader has left.
inline std::string all_of(virtio::Reader reader)
{
    std::string text;
    while (reader.left() != 0) {
        const auto part = reader.next();
        text.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    return text;
}
