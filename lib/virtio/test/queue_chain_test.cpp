// SPDX-License-Identifier: BSD-2-Clause
// Descriptor chains of the split virtqueue, clause by clause of virtIO 1.2, section 2.7; a test is
// named by its clause.
#include "queue_fixture.hpp"

#include <utility>
#include <vector>

namespace {

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
