// SPDX-License-Identifier: BSD-2-Clause
// The block device, clause by clause of virtIO 1.2, section 5.2.
#include "block_fixture.hpp"

namespace {

using namespace block_test;

TEST_F(VirtioBlock, 5_2_4_Configuration)
{
    EXPECT_EQ(driver.config<std::uint64_t>(0), 1024u);
    EXPECT_EQ(driver.config<std::uint32_t>(8), Block::k_most_segment_bytes);
    EXPECT_EQ(driver.config<std::uint32_t>(12), Block::k_most_segments);
    EXPECT_EQ(driver.config<std::uint32_t>(20), 512u);
    EXPECT_EQ(driver.config<std::uint8_t>(32), 1u);
    EXPECT_EQ(driver.config<std::uint16_t>(34), 2u);
    EXPECT_EQ(driver.config<std::uint32_t>(48), Block::k_most_range_sectors);
    EXPECT_EQ(driver.config<std::uint32_t>(52), 1u);
    EXPECT_EQ(driver.offered() & 0xff'ffff,
              Block::k_feature_size_max | Block::k_feature_seg_max | Block::k_feature_blk_size |
                  Block::k_feature_flush | Block::k_feature_topology | Block::k_feature_config_wce |
                  Block::k_feature_mq | Block::k_feature_write_zeroes);
}

TEST_F(VirtioBlock, 5_2_5_2_NoConfigWceWithoutFlush)
{
    Block::Storage<2, 1, 1> other;
    Block                   plain{disk, other, Block::k_all_features & ~Block::k_feature_flush};
    EXPECT_EQ(plain.offered_features() & (Block::k_feature_config_wce | Block::k_feature_flush),
              0u);
    EXPECT_EQ(plain.offered_features() & Block::k_feature_mq, 0u);
}

TEST_F(VirtioBlock, 5_2_6_ReadsAndWrites)
{
    start();
    fill_disk();
    const auto read = add(k_in, 5, 3 * 512);
    driver.notify(0);
    EXPECT_EQ(answer(read), k_ok);
    EXPECT_EQ(rings[0]->used(), (FakeRing::Used{read.head, 3 * 512 + 1}));
    EXPECT_EQ(ram.text(read.data, 3 * 512), on_disk(5, 3 * 512));

    const auto write = add(k_out, 100, 1024);
    std::memset(ram.bytes(write.data, 1024).data(), 'w', 1024);
    driver.notify(0);
    EXPECT_EQ(answer(write), k_ok);
    EXPECT_EQ(rings[0]->used(), (FakeRing::Used{write.head, 1}));
    EXPECT_EQ(on_disk(100, 1024), std::string(1024, 'w'));
    EXPECT_TRUE(driver.line.high);
}

TEST_F(VirtioBlock, 2_7_4_1_AnyFraming)
{
    start();
    fill_disk();
    for (const std::uint32_t piece : {1U << 20, 512U, 700U, 33U}) {
        const auto read = add(k_in, 9, 4096, piece);
        driver.notify(0);
        EXPECT_EQ(answer(read), k_ok);
        EXPECT_EQ(ram.text(read.data, 4096), on_disk(9, 4096));
    }
    // Header and data in one descriptor, data and status in another.
    const auto out = ram.allocate(16 + 512);
    ram.store<std::uint64_t>(out, k_out);
    ram.store<std::uint64_t>(out + 8, 3);
    std::memset(ram.bytes(out + 16, 512).data(), 'x', 512);
    const auto status = ram.allocate(1);
    rings[0]->add({to_device(out, 16 + 512), from_device(status, 1)});
    driver.notify(0);
    EXPECT_EQ(on_disk(3, 512), std::string(512, 'x'));
    const auto header = ram.allocate(16);
    ram.store<std::uint64_t>(header + 8, 3);
    const auto in = ram.allocate(513);
    rings[0]->add({to_device(header, 3), to_device(header + 3, 13), from_device(in, 513)});
    driver.notify(0);
    EXPECT_EQ(ram.text(in, 513), std::string(512, 'x') + '\0');
}

TEST_F(VirtioBlock, 5_2_6_2_NothingBeyondTheEnd)
{
    start();
    EXPECT_EQ(run(k_in, 1023, 512), k_ok);
    EXPECT_EQ(run(k_in, 1023, 1024), k_io_error);
    EXPECT_EQ(last->written, 0u);
    EXPECT_EQ(run(k_in, 1024, 512), k_io_error);
    EXPECT_EQ(run(k_out, ~std::uint64_t{0}, 512), k_io_error);
    EXPECT_EQ(last->written, 1u);
    EXPECT_EQ(run(k_out, 0, 100), k_io_error); // no whole sectors
    EXPECT_EQ(run(k_in, 0, 0), k_ok);
    EXPECT_EQ(disk.log.size(), 1u);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioBlock, 5_2_6_2_ReadOnlyDisksAreNotWritten)
{
    disk.what.read_only = true;
    Block::Storage<2, 1, 1> other;
    Block                   plain{disk, other};
    kit::FakeDriver         second{ram, plain};
    EXPECT_NE(second.offered() & Block::k_feature_ro, 0u);
    EXPECT_EQ(second.offered() & Block::k_feature_write_zeroes, 0u);
    ASSERT_TRUE(second.negotiate(0)); // even if the driver ignores it
    rings = {&second.set_up(0, 32)};
    second.go();
    const auto write = add(k_out, 0, 512);
    second.notify(0);
    EXPECT_EQ(answer(write), k_io_error);
    EXPECT_TRUE(disk.log.empty());
}

TEST_F(VirtioBlock, 5_2_6_GetId)
{
    start();
    const auto request = add(k_get_id, 0, 20);
    driver.notify(0);
    EXPECT_EQ(answer(request), k_ok);
    EXPECT_EQ(ram.text(request.data, 20), std::string("kit-disk") + std::string(12, '\0'));
    const auto shorter = add(k_get_id, 0, 3);
    driver.notify(0);
    EXPECT_EQ(answer(shorter), k_ok);
    EXPECT_EQ(ram.text(shorter.data, 3), "kit");
}

TEST_F(VirtioBlock, 5_2_6_2_UnknownAndUnofferedRequests)
{
    start(0);
    EXPECT_EQ(run(99, 0, 0), k_unsupported);
    EXPECT_EQ(run(k_flush, 0, 0), k_unsupported);
    EXPECT_EQ(run_range(k_discard, 0, 1), k_unsupported);
    EXPECT_EQ(run_range(k_write_zeroes, 0, 1), k_unsupported);
    EXPECT_TRUE(disk.log.empty());
}

TEST_F(VirtioBlock, 5_2_6_2_WriteZeroes)
{
    start();
    fill_disk();
    EXPECT_EQ(run_range(k_write_zeroes, 10, 2), k_ok);
    EXPECT_EQ(on_disk(10, 1024), std::string(1024, '\0'));
    EXPECT_EQ(run_range(k_write_zeroes, 10, 2, 1), k_ok); // unmap: may, need not
    EXPECT_EQ(run_range(k_write_zeroes, 10, 2, 2), k_unsupported);
    EXPECT_EQ(run_range(k_write_zeroes, 1023, 2), k_io_error);
    EXPECT_EQ(run_range(k_write_zeroes, 0, Block::k_most_range_sectors + 1), k_io_error);
    EXPECT_EQ(run_range(k_write_zeroes, 0, 1, 0, 32), k_io_error); // two segments
    EXPECT_EQ(run_range(k_write_zeroes, 0, 0), k_ok);
    EXPECT_EQ(disk.log.size(), 2u);
}

TEST_F(VirtioBlock, 5_2_6_2_Discard)
{
    disk.what.discard        = true;
    disk.what.discard_blocks = 8;
    Block::Storage<2, 1, 1> other;
    Block                   plain{disk, other};
    kit::FakeDriver         second{ram, plain};
    EXPECT_EQ(second.config<std::uint32_t>(44), 8u);
    ASSERT_TRUE(second.negotiate());
    rings = {&second.set_up(0, 32)};
    second.go();
    const auto send = [&](std::uint32_t flags) {
        const auto request = add(k_discard, 0, 16);
        ram.store<std::uint64_t>(request.data, 8);
        ram.store<std::uint32_t>(request.data + 8, 8);
        ram.store(request.data + 12, flags);
        second.notify(0);
        return answer(request);
    };
    EXPECT_EQ(send(0), k_ok);
    EXPECT_EQ(send(1), k_unsupported); // unmap says nothing here
    EXPECT_EQ(disk.log, (std::vector{Operation::discard}));
}

TEST_F(VirtioBlock, 5_2_6_2_DiskErrorsAreAnswered)
{
    start();
    disk.broken = true;
    EXPECT_EQ(run(k_in, 0, 512), k_io_error);
    EXPECT_EQ(run(k_out, 0, 512), k_io_error);
    EXPECT_EQ(run(k_flush, 0, 0), k_io_error);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioBlock, 5_2_6_2_WriteThroughMeansOnTheMedium)
{
    using enum FakeDisk::Operation;
    start();
    EXPECT_EQ(run(k_out, 0, 512), k_ok);
    EXPECT_EQ(disk.log, (std::vector{write})); // write-back
    driver.set_config<std::uint8_t>(32, 0);
    EXPECT_EQ(driver.config<std::uint8_t>(32), 0u);
    disk.log.clear();
    EXPECT_EQ(run(k_out, 0, 512), k_ok);
    EXPECT_EQ(run_range(k_write_zeroes, 0, 1), k_ok);
    EXPECT_EQ(disk.log, (std::vector{write, flush, write_zeroes, flush}));
    driver.set_config<std::uint8_t>(32, 1);
    driver.set_config<std::uint32_t>(0, 7); // the rest is not for writing
    EXPECT_EQ(driver.config<std::uint64_t>(0), 1024u);
    disk.log.clear();
    EXPECT_EQ(run(k_out, 0, 512), k_ok);
    EXPECT_EQ(disk.log, (std::vector{write}));
}

TEST_F(VirtioBlock, 5_2_6_2_ADriverThatCannotFlushGetsAWriteThroughCache)
{
    using enum FakeDisk::Operation;
    start(0);
    EXPECT_EQ(run(k_out, 0, 512), k_ok);
    EXPECT_EQ(disk.log, (std::vector{write, flush}));
    start(Block::k_feature_config_wce);
    EXPECT_EQ(driver.config<std::uint8_t>(32), 0u); // 5.2.5.2
    start(Block::k_feature_flush);
    disk.log.clear();
    EXPECT_EQ(run(k_out, 0, 512), k_ok);
    EXPECT_EQ(disk.log, (std::vector{write}));
}

TEST_F(VirtioBlock, 5_2_2_OtherQueuesNeedMq)
{
    start(~Block::k_feature_mq);
    const auto request = add(k_flush, 0, 0, 4096, 1);
    driver.notify(1);
    EXPECT_EQ(answer(request), k_unanswered);
    start();
    const auto again = add(k_flush, 0, 0, 4096, 1);
    driver.notify(1);
    EXPECT_EQ(answer(again), k_ok);
    EXPECT_TRUE(rings[1]->used());
}

TEST_F(VirtioBlock, 5_2_5_2_PaddingIsZero)
{
    EXPECT_EQ(driver.config<std::uint8_t>(33), 0u); // unused0
    for (std::uint64_t offset = 57; offset < 60; ++offset) {
        EXPECT_EQ(driver.config<std::uint8_t>(offset), 0u); // unused1
    }
}

TEST_F(VirtioBlock, 5_2_6_2_UnknownFlagsAreRefusedBeforeAnythingIsDone)
{
    start();
    fill_disk();
    const auto before = disk.content;
    EXPECT_EQ(run_range(k_write_zeroes, 10, 2, 0x8000'0000), k_unsupported);
    EXPECT_EQ(disk.content, before);
    EXPECT_TRUE(disk.log.empty());
}

TEST_F(VirtioBlock, 5_2_6_2_AFlushComesAfterTheWritesBeforeIt)
{
    using enum FakeDisk::Operation;
    start();
    EXPECT_EQ(run(k_out, 0, 512), k_ok);
    EXPECT_EQ(run(k_out, 8, 512), k_ok);
    EXPECT_EQ(run(k_flush, 0, 0), k_ok);
    EXPECT_EQ(disk.log, (std::vector{write, write, flush}));
}

} // namespace
