// SPDX-License-Identifier: BSD-2-Clause
// The block device, clause by clause of virtIO 1.2, section 5.2.
#include "kit/fake_disk.hpp"
#include "kit/fake_driver.hpp"
#include "virtio/block.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using kit::FakeDisk;
using kit::FakeRing;
using kit::from_device;
using kit::to_device;
using virtio::Block;
using Operation = FakeDisk::Operation;

constexpr std::uint32_t k_in           = 0;
constexpr std::uint32_t k_out          = 1;
constexpr std::uint32_t k_flush        = 4;
constexpr std::uint32_t k_get_id       = 8;
constexpr std::uint32_t k_discard      = 11;
constexpr std::uint32_t k_write_zeroes = 13;

constexpr std::uint8_t k_ok          = 0;
constexpr std::uint8_t k_io_error    = 1;
constexpr std::uint8_t k_unsupported = 2;
constexpr std::uint8_t k_unanswered  = 0xee;

class VirtioBlock : public testing::Test {
protected:
    struct Request {
        std::uint16_t head;
        std::uint64_t data;
        std::uint64_t status;
    };

    void start(std::uint64_t features = ~std::uint64_t{0})
    {
        ASSERT_TRUE(driver.negotiate(features));
        rings.clear();
        for (unsigned i = 0; i < 2; ++i) {
            rings.push_back(&driver.set_up(i, 32));
        }
        driver.go();
    }
    /// A request with its data in pieces of `piece` bytes; not notified.
    Request add(std::uint32_t type, std::uint64_t sector, std::uint32_t size,
                std::uint32_t piece = 4096, unsigned queue = 0)
    {
        const auto header = ram.allocate(16);
        const auto data   = ram.allocate(size);
        const auto status = ram.allocate(1);
        ram.store<std::uint64_t>(header, type);
        ram.store(header + 8, sector);
        ram.store(status, k_unanswered);
        std::vector<kit::Buffer> buffers{to_device(header, 16)};
        for (std::uint32_t at = 0; at < size; at += piece) {
            buffers.push_back(
                {data + at, std::min(piece, size - at), type == k_in || type == k_get_id});
        }
        buffers.push_back(from_device(status, 1));
        const auto head =
            buffers.size() < 6 ? rings[queue]->add(buffers) : rings[queue]->add_indirect(buffers);
        return {head, data, status};
    }
    std::uint8_t answer(const Request& request) { return ram.load<std::uint8_t>(request.status); }

    /// Adds, notifies, and gives the answer.
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, std::uint32_t size)
    {
        const auto request = add(type, sector, size);
        driver.notify(0);
        last = rings[0]->used();
        return answer(request);
    }
    /// A discard or write-zeroes request.
    std::uint8_t run_range(std::uint32_t type, std::uint64_t sector, std::uint32_t sectors,
                           std::uint32_t flags = 0, std::uint32_t size = 16)
    {
        const auto request = add(type, 0, size);
        ram.store(request.data, sector);
        ram.store(request.data + 8, sectors);
        ram.store(request.data + 12, flags);
        driver.notify(0);
        return answer(request);
    }
    void fill_disk()
    {
        for (std::size_t i = 0; i < disk.content.size(); ++i) {
            disk.content[i] = static_cast<char>(i / 512 * 7 + i);
        }
    }
    std::string on_disk(std::uint64_t sector, std::size_t size)
    {
        return {disk.content.data() + sector * 512, size};
    }

    kit::GuestRam                 ram{std::size_t{4} << 20};
    FakeDisk                      disk{1024};
    Block::Storage<8, 2, 2>       storage;
    Block                         device{disk, storage};
    kit::FakeDriver               driver{ram, device};
    std::vector<FakeRing*>        rings;
    std::optional<FakeRing::Used> last;
};

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

TEST_F(VirtioBlock, ManyInFlightAndDoneInAnyOrder)
{
    disk.at_once = false;
    start();
    fill_disk();
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 10; ++i) { // more than slots
        requests.push_back(add(k_in, i, 512));
    }
    disk.kicks = 0;
    driver.notify(0);
    EXPECT_EQ(disk.jobs.size(), 8u);
    EXPECT_EQ(disk.kicks, 1u);
    disk.finish(5);
    disk.finish(0);
    EXPECT_FALSE(rings[0]->used()); // a batch is told at its end
    disk.client->batch_done();
    EXPECT_EQ(rings[0]->used()->id, requests[5].head);
    EXPECT_EQ(rings[0]->used()->id, requests[0].head);
    EXPECT_EQ(disk.jobs.size(), 8u);
    disk.finish_all();
    disk.finish_all();
    for (std::uint32_t i = 0; i < 10; ++i) {
        EXPECT_EQ(answer(requests[i]), k_ok);
        EXPECT_EQ(ram.text(requests[i].data, 512), on_disk(i, 512));
    }
    EXPECT_EQ(device.in_flight(), 0u);
}

TEST_F(VirtioBlock, ABusyDiskIsAskedAgain)
{
    disk.at_once  = false;
    disk.capacity = 2;
    start();
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 9; ++i) {
        requests.push_back(add(i % 3 == 0 ? k_in : k_flush, i, i % 3 == 0 ? 512 : 0, 4096, i & 1));
        driver.notify(i & 1);
    }
    for (int i = 0; i < 12; ++i) {
        disk.finish_all();
    }
    for (const auto& request : requests) {
        EXPECT_EQ(answer(request), k_ok);
    }
}

TEST_F(VirtioBlock, ABusyDiskLosesNoFlushOfAWriteThroughCache)
{
    disk.at_once  = false;
    disk.capacity = 1;
    start(0);
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 5; ++i) {
        requests.push_back(add(k_out, i, 512));
    }
    driver.notify(0);
    for (int i = 0; i < 12; ++i) {
        disk.finish_all();
    }
    for (const auto& request : requests) {
        EXPECT_EQ(answer(request), k_ok);
    }
    EXPECT_EQ(std::ranges::count(disk.log, Operation::flush), 5);
}

TEST_F(VirtioBlock, LargeRequestsWaitForTheirRoom)
{
    disk.at_once = false;
    start();
    fill_disk();
    std::vector<Request> requests;
    for (std::uint32_t i = 0; i < 5; ++i) {
        requests.push_back(add(k_in, i, 10 * 512, 512)); // 12 segments each
    }
    driver.notify(0);
    EXPECT_EQ(disk.jobs.size(), 2u);
    for (int i = 0; i < 4; ++i) {
        disk.finish_all();
    }
    for (std::uint32_t i = 0; i < 5; ++i) {
        EXPECT_EQ(answer(requests[i]), k_ok);
        EXPECT_EQ(ram.text(requests[i].data, 5120), on_disk(i, 5120));
    }
}

TEST_F(VirtioBlock, 2_4_AResetWaitsForTheDiskAndTouchesNothing)
{
    disk.at_once = false;
    start();
    fill_disk();
    const auto request = add(k_in, 0, 512);
    driver.notify(0);
    driver.write(kit::Mmio::status, 0);
    EXPECT_NE(driver.status(), 0u);
    disk.finish_all();
    EXPECT_EQ(driver.status(), 0u);
    EXPECT_EQ(answer(request), k_unanswered);
    EXPECT_EQ(ram.text(request.data, 4), std::string(4, '\0'));
    EXPECT_FALSE(rings[0]->used());
    start();
    disk.at_once = true;
    EXPECT_EQ(run(k_in, 0, 512), k_ok);
}

TEST_F(VirtioBlock, 2_4_ADriverThatDoesNotWaitForTheResetIsServed)
{
    disk.at_once = false;
    start();
    fill_disk();
    const auto old = add(k_in, 0, 512);
    driver.notify(0);
    start();
    const auto fresh = add(k_in, 1, 512);
    driver.notify(0);
    disk.finish_all();
    EXPECT_EQ(answer(old), k_unanswered);
    EXPECT_EQ(answer(fresh), k_ok);
    EXPECT_EQ(rings[0]->used()->id, fresh.head);
    EXPECT_FALSE(rings[0]->used());
}

TEST_F(VirtioBlock, 2_6_1_AQueueResetWaitsForItsRequestsOnly)
{
    disk.at_once = false;
    start();
    const auto first  = add(k_in, 0, 512, 4096, 0);
    const auto second = add(k_in, 1, 512, 4096, 1);
    driver.notify(0);
    driver.notify(1);
    driver.write(kit::Mmio::queue_sel, 1);
    driver.write(kit::Mmio::queue_reset, 1);
    EXPECT_EQ(driver.read(kit::Mmio::queue_reset), 1u);
    disk.finish(1);
    EXPECT_EQ(driver.read(kit::Mmio::queue_reset), 0u);
    disk.finish_all();
    EXPECT_EQ(answer(first), k_ok);
    EXPECT_EQ(answer(second), k_unanswered);
}

TEST_F(VirtioBlock, 2_1_2_AfterAnErrorNothingIsTouched)
{
    disk.at_once = false;
    start();
    fill_disk();
    const auto request = add(k_in, 0, 512);
    driver.notify(0);
    rings[0]->add({to_device(ram.allocate(16), 15), from_device(ram.allocate(1), 1)});
    driver.notify(0); // a header that is too short
    EXPECT_TRUE(driver.needs_reset());
    disk.finish_all();
    EXPECT_EQ(answer(request), k_unanswered);
    EXPECT_EQ(ram.text(request.data, 4), std::string(4, '\0'));
}

TEST_F(VirtioBlock, 5_2_6_ARequestWithoutRoomForAnAnswer)
{
    start();
    rings[0]->add({to_device(ram.allocate(32), 32)});
    driver.notify(0);
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_EQ(device.last_fault(), virtio::Fault::request);
    EXPECT_EQ(device.in_flight(), 0u);
}

TEST_F(VirtioBlock, 5_2_5_ADiskOfAnotherSizeIsTold)
{
    start();
    disk.what.sectors = 100;
    device.disk_changed();
    EXPECT_EQ(driver.config<std::uint64_t>(0), 100u);
    EXPECT_EQ(driver.read(kit::Mmio::interrupt_status), 2u);
    EXPECT_EQ(run(k_in, 100, 512), k_io_error);
}

} // namespace
