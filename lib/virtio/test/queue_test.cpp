// SPDX-License-Identifier: BSD-2-Clause
// The rings of the split virtqueue, clause by clause of virtIO 1.2, section 2.7; a test is named by
// its clause.
#include "queue_fixture.hpp"

#include <array>
#include <deque>
#include <semaphore>
#include <thread>
#include <vector>

namespace {

TEST_F(VirtioQueue, 2_7_SizeIsAPowerOfTwoUpToTheMaximum)
{
    queue.limit(16);
    queue.settings = ring.settings();
    for (const std::uint32_t size : {0U, 3U, 15U, 32U, 65536U, 0x8000'0000U}) {
        queue.settings.size = size;
        EXPECT_EQ(queue.make_ready(ram.memory()), Fault::queue_size) << size;
    }
    queue.settings.size = 1;
    EXPECT_EQ(queue.make_ready(ram.memory()), Fault::none);
}

TEST_F(VirtioQueue, 2_7_SizeMayBe32768)
{
    kit::GuestRam big{std::size_t{4} << 20};
    FakeRing      wide{big, 32768};
    const auto    address = big.allocate(64);
    queue.limit(32768);
    queue.settings = wide.settings();
    ASSERT_EQ(queue.make_ready(big.memory()), Fault::none);
    queue.go_live(big.memory(), 0);
    for (unsigned i = 0; i < 32768; ++i) {
        wide.add({to_device(address, 1)});
    }
    for (unsigned i = 0; i < 32768; ++i) { // all of them in flight at once
        Chain chain = take();
        ASSERT_TRUE(chain) << i;
    }
    EXPECT_FALSE(take());
    EXPECT_EQ(queue.fault(), Fault::none);
    wide.offer(0);
    wide.show();
    expect_fault(Fault::too_many_available);
}

TEST_F(VirtioQueue, 2_7_1_PartsAreAligned)
{
    queue.limit(16);
    const auto good = ring.settings();
    queue.settings  = good;
    queue.settings.descriptors += 8;
    EXPECT_EQ(queue.make_ready(ram.memory()), Fault::queue_alignment);
    queue.settings = good;
    queue.settings.driver_area += 1;
    EXPECT_EQ(queue.make_ready(ram.memory()), Fault::queue_alignment);
    queue.settings = good;
    queue.settings.device_area += 2;
    EXPECT_EQ(queue.make_ready(ram.memory()), Fault::queue_alignment);
}

TEST_F(VirtioQueue, 2_7_PartsAreInRam)
{
    queue.limit(16);
    for (const std::uint64_t address : {std::uint64_t{0}, ram.end() - 16, ~std::uint64_t{0} - 15}) {
        for (auto part :
             {&virtio::Queue::Settings::descriptors, &virtio::Queue::Settings::driver_area,
              &virtio::Queue::Settings::device_area}) {
            queue.settings       = ring.settings();
            queue.settings.*part = address;
            EXPECT_EQ(queue.make_ready(ram.memory()), Fault::queue_memory);
            EXPECT_FALSE(queue.is_ready());
        }
    }
}

TEST_F(VirtioQueue, 2_7_6_NeverMoreAvailableThanTheQueueHolds)
{
    start();
    ring.set_available_index(17);
    expect_fault(Fault::too_many_available);

    ring.clear();
    queue.reset();
    start();
    ring.set_available_index(0xffff); // the driver went backwards (2.7.6.1)
    expect_fault(Fault::too_many_available);
}

TEST_F(VirtioQueue, 2_7_6_TheSameHeadAgainWhileItIsInFlight)
{
    start();
    ring.descriptor(0, buffer, 4, 0);
    for (unsigned i = 0; i < 17; ++i) {
        ring.offer(0);
        ring.show();
        if (i < 16) {
            Chain chain = take(); // never finished
            ASSERT_TRUE(chain);
        }
    }
    expect_fault(Fault::too_many_available);
}

TEST_F(VirtioQueue, 2_7_6_WhatIsNotShownIsNotThere)
{
    start();
    ring.descriptor(0, buffer, 4, 0);
    ring.offer(0);
    EXPECT_FALSE(take());
    EXPECT_EQ(queue.fault(), Fault::none);
    ring.show();
    EXPECT_TRUE(take());
}

TEST_F(VirtioQueue, 2_7_6_IndicesWrapAt65536)
{
    for (const std::uint64_t features : {std::uint64_t{0}, virtio::k_feature_event_idx}) {
        ring.clear();
        queue.reset();
        start(features);
        for (unsigned i = 0; i < 70'000; ++i) {
            ring.want_interrupt();
            const auto head  = ring.add({from_device(buffer, 4)});
            Chain      chain = take();
            ASSERT_TRUE(chain) << i;
            queue.finish(std::move(chain), i & 3);
            ASSERT_TRUE(queue.publish()) << i;
            ASSERT_FALSE(queue.rest()) << i;
            ASSERT_EQ(ring.used(), (FakeRing::Used{head, i & 3})) << i;
        }
    }
}

TEST_F(VirtioQueue, 2_7_8_SnapshotsDoNotChangeWithTheDescriptors)
{
    start();
    const auto text  = ram.put("good");
    const auto head  = ring.add({to_device(text, 4)});
    Chain      chain = take();
    ring.descriptor(head, 0, 0xffff'ffff, FakeRing::k_next, 99);
    EXPECT_EQ(all_of(chain.reader()), "good");
}

TEST_F(VirtioQueue, 2_7_8_RequestsAreUsedInAnyOrder)
{
    start();
    std::deque<Chain>                          chains;
    std::vector<std::uint16_t>                 heads;
    std::deque<std::array<virtio::Segment, 2>> storage;
    for (unsigned i = 0; i < 6; ++i) {
        heads.push_back(ring.add({from_device(buffer + 16 * i, 16)}));
        chains.push_back(take());
        chains.back().move_to(storage.emplace_back());
    }
    for (const unsigned i : {3U, 0U, 5U, 4U, 1U, 2U}) {
        auto writer = chains[i].writer();
        EXPECT_TRUE(writer.put(static_cast<std::uint8_t>('a' + i)));
        queue.finish(std::move(chains[i]), writer.written());
    }
    EXPECT_FALSE(ring.used()); // not before it is published
    (void)queue.publish();
    for (const unsigned i : {3U, 0U, 5U, 4U, 1U, 2U}) {
        EXPECT_EQ(ring.used(), (FakeRing::Used{heads[i], 1}));
        EXPECT_EQ(ram.load<char>(buffer + 16 * i), static_cast<char>('a' + i));
    }
    EXPECT_FALSE(ring.used());
    EXPECT_EQ(queue.in_flight(), 0u);
}

TEST_F(VirtioQueue, 2_7_7_2_WithoutEventIdxTheFlagCounts)
{
    start(0);
    ring.want_interrupt_after(7); // must be ignored
    ring.add({to_device(buffer, 1)});
    serve();
    EXPECT_TRUE(queue.publish());
    ring.want_no_interrupt();
    ring.add({to_device(buffer, 1)});
    serve();
    EXPECT_FALSE(queue.publish());
}

TEST_F(VirtioQueue, 2_7_7_2_WithEventIdxTheIndexCounts)
{
    start(virtio::k_feature_event_idx);
    ram.store<std::uint16_t>(ring.settings().driver_area, 1); // the flag must be ignored
    ring.want_interrupt_after(2);
    std::vector<bool> told;
    for (unsigned i = 0; i < 5; ++i) {
        ring.add({to_device(buffer, 1)});
        serve();
        told.push_back(queue.publish());
    }
    EXPECT_EQ(told, (std::vector{false, false, true, false, false}));
}

TEST_F(VirtioQueue, 2_7_7_2_ABatchThatPassesTheIndexIsToldOnce)
{
    start(virtio::k_feature_event_idx);
    ring.want_interrupt_after(2);
    for (unsigned i = 0; i < 5; ++i) {
        ring.add({to_device(buffer, 1)});
        serve();
    }
    EXPECT_TRUE(queue.publish());
    EXPECT_FALSE(queue.publish());
    EXPECT_EQ(ring.used_waiting(), 5u);
}

TEST_F(VirtioQueue, 2_7_10_2_WithoutEventIdxTheFlagIs0Or1)
{
    start(0);
    EXPECT_EQ(ring.used_flags(), 0u);
    queue.suppress();
    EXPECT_EQ(ring.used_flags(), 1u);
    ring.add({to_device(buffer, 1)});
    EXPECT_FALSE(ring.must_notify());
    serve();
    EXPECT_FALSE(queue.rest());
    EXPECT_EQ(ring.used_flags(), 0u);
    ring.add({to_device(buffer, 1)});
    EXPECT_TRUE(ring.must_notify());
}

TEST_F(VirtioQueue, 2_7_10_2_WithEventIdxTheFlagStays0)
{
    start(virtio::k_feature_event_idx);
    ring.add({to_device(buffer, 1)});
    EXPECT_TRUE(ring.must_notify());
    queue.suppress();
    EXPECT_EQ(ring.used_flags(), 0u);
    serve();
    ring.add({to_device(buffer, 1)});
    EXPECT_FALSE(ring.must_notify()); // nobody asked
    serve();
    EXPECT_FALSE(queue.rest());
    EXPECT_EQ(ring.available_event(), 2u);
    ring.add({to_device(buffer, 1)});
    EXPECT_TRUE(ring.must_notify());
}

TEST_F(VirtioQueue, 2_7_10_2_WhatComesBetweenTheLastLookAndTheWishIsSeen)
{
    for (const std::uint64_t features : {std::uint64_t{0}, virtio::k_feature_event_idx}) {
        ring.clear();
        queue.reset();
        start(features);
        queue.suppress();
        ring.add({to_device(buffer, 1)});
        serve();
        EXPECT_FALSE(take());
        ring.add({to_device(buffer, 1)}); // now: the driver sees no wish yet, and stays silent
        if (features == 0) {
            EXPECT_FALSE(ring.must_notify());
        }
        EXPECT_TRUE(queue.rest());
        EXPECT_TRUE(take());
    }
}

TEST_F(VirtioQueue, 2_6_1_AfterAResetNothingOfBeforeIsUsed)
{
    start();
    ring.add({to_device(buffer, 1)});
    Chain chain = take();
    queue.reset();
    EXPECT_FALSE(queue.owns(chain));
    ring.clear();
    start();
    queue.finish(std::move(chain), 0);
    EXPECT_FALSE(queue.publish());
    EXPECT_EQ(ring.used_index(), 0u);
    ring.add({to_device(buffer, 1)});
    EXPECT_TRUE(take());
}

/// A driver and a device that run at the same time, each asleep unless the other notifies: were a
/// wake-up lost on either side, both would sleep for ever.
TEST_F(VirtioQueue, 2_7_13_4_1_NoWakeUpIsLost)
{
    for (const std::uint64_t features : {std::uint64_t{0}, virtio::k_feature_event_idx}) {
        ring.clear();
        queue.reset();
        start(features);
        ring.want_interrupt();
        constexpr unsigned        k_count = 5'000;
        std::counting_semaphore<> to_device_end{0};
        std::counting_semaphore<> to_driver_end{0};
        std::thread               device{[&] {
            for (unsigned done = 0; done < k_count;) {
                queue.suppress();
                while (Chain chain = take()) {
                    queue.finish(std::move(chain), 1);
                    ++done;
                    if (done % 3 == 0 && queue.publish()) {
                        to_driver_end.release();
                    }
                }
                if (queue.publish()) {
                    to_driver_end.release();
                }
                if (done < k_count && !queue.rest()) {
                    to_device_end.acquire();
                }
            }
        }};
        unsigned                  sent     = 0;
        unsigned                  received = 0;
        while (received < k_count) {
            while (sent < k_count && ring.free_descriptors() != 0) {
                ring.add({from_device(buffer, 4)});
                ++sent;
            }
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            if (ring.must_notify()) {
                to_device_end.release();
            }
            while (ring.used()) {
                ++received;
            }
            ring.want_interrupt();
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            const bool stuck = sent == k_count || ring.free_descriptors() == 0;
            if (stuck && received < k_count && ring.used_waiting() == 0) {
                to_driver_end.acquire();
            }
        }
        device.join();
    }
}

} // namespace
