// SPDX-License-Identifier: BSD-2-Clause
// The split virtqueue, clause by clause of virtIO 1.2, section 2.7; a test is named by its clause.
#include "kit/fake_ring.hpp"
#include "virtio/queue.hpp"
#include "virtio/standard.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>

namespace {

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

std::string all_of(virtio::Reader reader)
{
    std::string text;
    while (reader.left() != 0) {
        const auto part = reader.next();
        text.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    return text;
}

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

TEST_F(VirtioQueue, 2_7_4_1_AnyArrangementOfDescriptorsReadsTheSame)
{
    start();
    const auto text = ram.put("headbodytail");
    ring.add({to_device(text, 12)});
    ring.add({to_device(text, 4), to_device(text + 4, 4), to_device(text + 8, 4)});
    ring.add_indirect({to_device(text, 1), to_device(text + 1, 10), to_device(text + 11, 1)});
    for (int i = 0; i < 3; ++i) {
        Chain chain = take();
        ASSERT_TRUE(chain);
        EXPECT_EQ(chain.readable_bytes(), 12u);
        EXPECT_EQ(chain.writable_bytes(), 0u);
        EXPECT_EQ(all_of(chain.reader()), "headbodytail");
        EXPECT_EQ(chain.reader().take<std::uint32_t>(), 0x64616568u);
        queue.finish(std::move(chain), 0);
    }
}

TEST_F(VirtioQueue, 2_7_4_2_WhatIsReadComesBeforeWhatIsWritten)
{
    start();
    ring.add({to_device(buffer, 4), from_device(buffer + 4, 4), to_device(buffer + 8, 4)});
    expect_fault(Fault::write_before_read);
}

TEST_F(VirtioQueue, 2_7_5_EmptyDescriptorsCount)
{
    start();
    const auto text = ram.put("ab");
    // An address does not matter where there is nothing at it.
    ring.add({to_device(0, 0), to_device(text, 2), from_device(~0ULL, 0), from_device(buffer, 8)});
    Chain chain = take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(all_of(chain.reader()), "ab");
    EXPECT_EQ(chain.writer().room(), 8u);
    EXPECT_EQ(chain.segments(), 2u);
}

TEST_F(VirtioQueue, 2_7_5_BuffersAreInRam)
{
    const std::array<std::pair<std::uint64_t, std::uint32_t>, 5> bad{
        {{0, 1}, {ram.end(), 1}, {ram.end() - 4, 5}, {~0ULL, 1}, {~0ULL - 3, 0xffff'0000}}};
    for (const auto& [address, size] : bad) {
        ring.clear();
        start();
        ring.add({to_device(buffer, 4), from_device(address, size)});
        expect_fault(Fault::outside_memory);
        queue.reset();
    }
}

TEST_F(VirtioQueue, 2_7_5_ABufferMayCrossRegionsThatLieSideBySide)
{
    std::vector<std::byte> more(4096 + 16);
    const auto             aligned =
        reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(more.data()) + 15) & ~15ULL);
    ASSERT_TRUE(ram.memory().add(base::GuestPhysical{ram.end()}, {aligned, 4096}));
    start();
    ring.add({from_device(ram.end() - 3, 10)});
    Chain chain = take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain.segments(), 2u);
    auto writer = chain.writer();
    EXPECT_TRUE(writer.write(std::as_bytes(std::span{"abcdefghi", 10})));
    EXPECT_EQ(writer.written(), 10u);
    EXPECT_EQ(ram.text(ram.end() - 3, 3), "abc");
    EXPECT_EQ(static_cast<char>(aligned[0]), 'd');
}

TEST_F(VirtioQueue, 2_7_5_2_ALoopIsNoChain)
{
    start();
    ring.descriptor(1, buffer, 4, FakeRing::k_next, 2);
    ring.descriptor(2, buffer, 4, FakeRing::k_next, 1);
    ring.offer(1);
    ring.show();
    expect_fault(Fault::chain_too_long);
}

TEST_F(VirtioQueue, 2_7_5_2_ALoopOfEmptyDescriptorsIsNoChain)
{
    start();
    ring.descriptor(7, 0, 0, FakeRing::k_next, 7);
    ring.offer(7);
    ring.show();
    expect_fault(Fault::chain_too_long);
}

TEST_F(VirtioQueue, 2_7_5_2_AChainHasAtMost4GiB)
{
    start();
    // The last buffer's bytes do not exist, but are counted first.
    ring.descriptor(0, buffer, 4096, FakeRing::k_next, 1);
    for (std::uint16_t i = 1; i < 15; ++i) {
        ring.descriptor(i, buffer, 4096, FakeRing::k_next, static_cast<std::uint16_t>(i + 1));
    }
    ring.descriptor(15, buffer, 0xffff'f000, 0);
    ring.offer(0);
    ring.show();
    expect_fault(Fault::chain_too_large);
}

TEST_F(VirtioQueue, 2_7_5_HeadsAndNextsAreInsideOfTheTable)
{
    start();
    ring.offer(16);
    ring.show();
    expect_fault(Fault::head_out_of_range);

    ring.clear();
    queue.reset();
    start();
    ring.descriptor(0, buffer, 4, FakeRing::k_next, 16);
    ring.offer(0);
    ring.show();
    expect_fault(Fault::next_out_of_range);
}

TEST_F(VirtioQueue, 2_7_5_MoreBuffersThanTheDeviceTakes)
{
    start();
    std::vector<kit::Buffer> many;
    for (unsigned i = 0; i < room.size() + 1; ++i) {
        many.push_back(to_device(buffer, 1));
    }
    ring.add_indirect(many);
    expect_fault(Fault::too_many_segments);
}

TEST_F(VirtioQueue, 2_7_5_3_1_IndirectOnlyWhenNegotiated)
{
    start(0);
    ring.add_indirect({to_device(buffer, 4)});
    expect_fault(Fault::indirect_not_negotiated);
}

TEST_F(VirtioQueue, 2_7_5_3_1_NoIndirectInIndirect)
{
    start();
    const auto table = ram.allocate(16);
    ram.store(table, buffer);
    ram.store<std::uint32_t>(table + 8, 16);
    ram.store<std::uint16_t>(table + 12, FakeRing::k_indirect);
    ring.descriptor(0, table, 16, FakeRing::k_indirect);
    ring.offer(0);
    ring.show();
    expect_fault(Fault::indirect_in_indirect);
}

TEST_F(VirtioQueue, 2_7_5_3_1_NoIndirectWithNext)
{
    start();
    ring.descriptor(0, buffer, 16, FakeRing::k_indirect | FakeRing::k_next, 1);
    ring.offer(0);
    ring.show();
    expect_fault(Fault::indirect_and_next);
}

TEST_F(VirtioQueue, 2_7_5_3_1_IndirectChainsMayBeAsLongAsTheDeviceTakes)
{
    start();
    std::vector<kit::Buffer> many;
    for (unsigned i = 0; i < room.size(); ++i) { // 24, in a queue of 16
        many.push_back(to_device(buffer + i, 1));
    }
    ring.add_indirect(many);
    Chain chain = take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain.readable_bytes(), room.size());
}

TEST_F(VirtioQueue, 2_7_5_3_1_ALoopInAnIndirectTable)
{
    start();
    const auto table = ram.allocate(32);
    for (std::uint16_t i = 0; i < 2; ++i) {
        ram.store<std::uint64_t>(table + 16U * i, 0);
        ram.store<std::uint32_t>(table + 16U * i + 8, 0);
        ram.store<std::uint16_t>(table + 16U * i + 12, FakeRing::k_next);
        ram.store<std::uint16_t>(table + 16U * i + 14, i ^ 1);
    }
    ring.descriptor(0, table, 32, FakeRing::k_indirect);
    ring.offer(0);
    ring.show();
    expect_fault(Fault::chain_too_long);
}

TEST_F(VirtioQueue, 2_7_5_3_1_IndirectTablesHaveWholeDescriptors)
{
    for (const std::uint32_t size : {0U, 8U, 15U, 17U, 0xffff'ffffU}) {
        ring.clear();
        queue.reset();
        start();
        ring.descriptor(0, buffer, size, FakeRing::k_indirect);
        ring.offer(0);
        ring.show();
        expect_fault(Fault::indirect_size);
    }
}

TEST_F(VirtioQueue, 2_7_5_3_1_IndirectTablesAreInRam)
{
    for (const std::uint64_t address : {std::uint64_t{0}, ram.end() - 16, ~std::uint64_t{0} - 15}) {
        ring.clear();
        queue.reset();
        start();
        ring.descriptor(0, address, 32, FakeRing::k_indirect);
        ring.offer(0);
        ring.show();
        expect_fault(Fault::outside_memory);
    }
}

TEST_F(VirtioQueue, 2_7_5_3_1_IndirectNextsAreInsideOfTheirTable)
{
    start();
    const auto table = ram.allocate(32);
    ram.store(table, buffer);
    ram.store<std::uint32_t>(table + 8, 1);
    ram.store<std::uint16_t>(table + 12, FakeRing::k_next);
    ram.store<std::uint16_t>(table + 14, 2);
    ring.descriptor(0, table, 32, FakeRing::k_indirect);
    ring.offer(0);
    ring.show();
    expect_fault(Fault::next_out_of_range);
}

TEST_F(VirtioQueue, 2_7_5_3_2_TheWriteFlagBesideIndirectIsIgnored)
{
    start();
    const auto table = ram.allocate(16);
    ram.store(table, ram.put("x"));
    ram.store<std::uint32_t>(table + 8, 1);
    ring.descriptor(0, table, 16, FakeRing::k_indirect | FakeRing::k_write);
    ring.offer(0);
    ring.show();
    Chain chain = take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(all_of(chain.reader()), "x");
}

TEST_F(VirtioQueue, 2_7_5_3_2_DirectDescriptorsMayPrecedeAnIndirectOne)
{
    start();
    const auto text = ram.put("abcdef");
    ring.add_indirect({to_device(text, 2), to_device(text + 2, 1), to_device(text + 3, 3),
                       from_device(buffer, 9)},
                      2);
    Chain chain = take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(all_of(chain.reader()), "abcdef");
    EXPECT_EQ(chain.writer().room(), 9u);
}

TEST_F(VirtioQueue, 2_7_5_3_IndirectTablesNeedNoAlignment)
{
    start();
    const auto table = ram.allocate(64) + 3;
    const auto text  = ram.put("odd");
    for (unsigned i = 0; i < 8; ++i) {
        ram.store(table + i, static_cast<std::uint8_t>(text >> (8 * i)));
    }
    ram.store<std::uint8_t>(table + 8, 3);
    ring.descriptor(0, table, 16, FakeRing::k_indirect);
    ring.offer(0);
    ring.show();
    Chain chain = take();
    ASSERT_TRUE(chain);
    EXPECT_EQ(all_of(chain.reader()), "odd");
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

TEST_F(VirtioQueue, ReadersAndWritersStopAtTheirEnds)
{
    start();
    const auto text = ram.put("abcdef");
    ring.add({to_device(text, 2), to_device(text + 2, 4), from_device(buffer, 3),
              from_device(buffer + 8, 2)});
    Chain          chain  = take();
    virtio::Reader reader = chain.reader();
    EXPECT_EQ(reader.take<std::uint16_t>(), 0x6261u);
    reader.skip(1);
    EXPECT_FALSE(reader.take<std::uint32_t>());
    EXPECT_EQ(reader.left(), 3u); // nothing was read
    EXPECT_EQ(reader.next(2).size(), 2u);
    EXPECT_EQ(reader.take<std::uint8_t>(), 'f');
    EXPECT_TRUE(reader.next().empty());

    virtio::Writer writer = chain.writer();
    EXPECT_FALSE(writer.put(std::uint64_t{0}));
    EXPECT_TRUE(writer.put(std::uint32_t{0x4443'4241}));
    EXPECT_EQ(ram.text(buffer, 3) + ram.text(buffer + 8, 1), "ABCD");
    EXPECT_EQ(writer.room(), 1u);
    writer.zero(9);
    EXPECT_EQ(writer.written(), 5u);
    EXPECT_TRUE(writer.next().empty());
}

} // namespace
