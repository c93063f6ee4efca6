// SPDX-License-Identifier: BSD-2-Clause
// From a guest's request to sDDF's requests and back: whole devices, with a fake driver in front
// and a fake virtualiser behind.
#include "block_disk_fixture.hpp"

namespace {

using namespace block_disk_test;

TEST_F(BackendBlockDisk, TellsWhatTheDiskIs)
{
    start();
    EXPECT_EQ(driver->config<std::uint64_t>(0), 64u * 8);
    EXPECT_EQ(driver->config<std::uint32_t>(20), 512u);
    EXPECT_EQ(driver->config<std::uint8_t>(24), 3u); // 4 KiB is best
    EXPECT_EQ(driver->config<std::uint16_t>(26), 8u);
    EXPECT_EQ(driver->offered() & Block::k_feature_discard, 0u);
    const auto id = disk->info().id;
    EXPECT_EQ(std::string(id.data(), 17), "fake block server");
    server->info.sector_size = 4096;
    EXPECT_EQ(disk->info().block_size, 4096u);
    EXPECT_EQ(disk->info().physical_exp, 0u);
    server->info.sector_size = 777;
    EXPECT_EQ(disk->info().block_size, 512u);
    server->info.capacity = ~std::uint64_t{0};
    EXPECT_EQ(disk->info().sectors, std::uint64_t{1} << 50);
    server->info.set_ready(false);
    EXPECT_EQ(disk->info().sectors, 0u);
}

TEST_F(BackendBlockDisk, ReadsAnySectors)
{
    start();
    for (std::uint64_t sector = 0; sector < 20; ++sector) {
        for (const std::uint32_t sectors : {1U, 7U, 8U, 9U, 24U}) {
            const auto request = add(k_in, sector, sectors * 512, 700);
            driver->notify(0);
            settle();
            ASSERT_EQ(answer(request), 0u);
            ASSERT_EQ(ram.text(request.data, sectors * 512), on_disk(sector, sectors * 512))
                << sector << " + " << sectors;
        }
    }
}

TEST_F(BackendBlockDisk, WritesAnySectorsAndNoOthers)
{
    start();
    auto shadow = server->content;
    char fill   = 'a';
    for (std::uint64_t sector = 0; sector < 20; ++sector) {
        for (const std::uint32_t sectors : {1U, 7U, 8U, 9U, 24U}) {
            const auto request = add(k_out, sector, sectors * 512, 700);
            std::memset(ram.bytes(request.data, sectors * 512).data(), ++fill, sectors * 512);
            std::memset(shadow.data() + sector * 512, fill, sectors * 512);
            driver->notify(0);
            settle();
            ASSERT_EQ(answer(request), 0u);
            ASSERT_EQ(server->content, shadow) << sector << " + " << sectors;
        }
    }
}

TEST_F(BackendBlockDisk, AlignedRequestsAreOneRequest)
{
    start();
    EXPECT_EQ(run(k_in, 8, 4096), 0u);
    EXPECT_EQ(run(k_out, 16, 3 * 4096), 0u);
    EXPECT_EQ(run(k_in, 8 + 1, 4096), 0u); // two blocks, but one run
    ASSERT_EQ(server->log.size(), 3u);
    EXPECT_EQ(server->log[0].block_number, 1u);
    EXPECT_EQ(server->log[1].count, 3u);
    EXPECT_EQ(server->log[2].count, 2u);
    EXPECT_EQ(run(k_out, 1, 512), 0u); // read, change, write
    ASSERT_EQ(server->log.size(), 5u);
    EXPECT_EQ(server->log[3].code, Code::read);
    EXPECT_EQ(server->log[4].code, Code::write);
}

TEST_F(BackendBlockDisk, RequestsLargerThanTheMemoryAreDoneBitByBit)
{
    start(256, 4, 5);
    const auto size = 200U * 4096;
    const auto read = add(k_in, 3, size);
    driver->notify(0);
    settle();
    EXPECT_EQ(answer(read), 0u);
    EXPECT_EQ(ram.text(read.data, size), on_disk(3, size));
    const auto write = add(k_out, 5, size);
    std::memset(ram.bytes(write.data, size).data(), 'z', size);
    driver->notify(0);
    settle();
    EXPECT_EQ(answer(write), 0u);
    EXPECT_EQ(on_disk(5, size), std::string(size, 'z'));
}

TEST_F(BackendBlockDisk, OneNotificationABatch)
{
    start();
    for (unsigned i = 0; i < 6; ++i) {
        add(k_in, i * 8, 4096);
    }
    server->rings = 0;
    driver->notify(0);
    EXPECT_EQ(server->rings, 1u);
    server->collect();
    EXPECT_EQ(server->pending.size(), 6u);
    while (!server->pending.empty()) {
        server->answer(0);
    }
    server->publish();
    const auto before = driver->line.rises;
    disk->notified();
    EXPECT_EQ(driver->line.rises, before + 1);
    EXPECT_EQ(ring->used_waiting(), 6u);
    EXPECT_EQ(server->rings, 1u);
}

TEST_F(BackendBlockDisk, WriteZeroes)
{
    start();
    auto shadow = server->content;
    for (const std::uint64_t sector : {0U, 3U, 8U}) {
        for (const std::uint32_t sectors : {1U, 5U, 8U, 21U}) {
            const auto request = add(k_write_zeroes, 0, 16);
            ram.store(request.data, sector);
            ram.store<std::uint64_t>(request.data + 8, sectors);
            std::memset(shadow.data() + sector * 512, 0, sectors * 512);
            driver->notify(0);
            settle();
            ASSERT_EQ(answer(request), 0u);
            ASSERT_EQ(server->content, shadow);
        }
    }
}

TEST_F(BackendBlockDisk, FlushesAreAsked)
{
    start();
    EXPECT_EQ(run(k_flush, 0, 0), 0u);
    ASSERT_EQ(server->log.size(), 1u);
    EXPECT_EQ(server->log[0].code, Code::flush);
    EXPECT_EQ(server->log[0].count, 0u);
    driver->set_config<std::uint8_t>(32, 0); // write-through
    EXPECT_EQ(run(k_out, 0, 4096), 0u);
    ASSERT_EQ(server->log.size(), 3u);
    EXPECT_EQ(server->log[2].code, Code::flush);
}

TEST_F(BackendBlockDisk, ErrorsReachTheGuestOnce)
{
    start(256, 4, 5);
    for (const auto status : {Status::unspecified, Status::invalid_parameter, Status::io,
                              Status::no_device, static_cast<Status>(99)}) {
        const auto request = add(k_in, 0, 40 * 4096);
        const auto merge   = add(k_out, 9, 512);
        driver->notify(0);
        server->collect();
        for (bool first = true; !server->pending.empty(); first = false) {
            server->answer(0, first ? status : Status::ok);
            server->publish();
            disk->notified();
            server->collect();
        }
        EXPECT_EQ(answer(request), 1u);
        EXPECT_EQ(answer(merge), 0u);
        EXPECT_TRUE(ring->used());
        EXPECT_TRUE(ring->used());
        EXPECT_FALSE(ring->used());
    }
    EXPECT_EQ(run(k_in, 0, 4096), 0u);
}

TEST_F(BackendBlockDisk, WritesToOneBlockDoNotUndoEachOther)
{
    start();
    auto shadow = server->content;
    for (std::uint32_t i = 0; i < 8; ++i) { // each sector of block 1, all at once
        const auto request = add(k_out, 8 + i, 512);
        std::memset(ram.bytes(request.data, 512).data(), static_cast<int>('A' + i), 512);
        std::memset(shadow.data() + (8 + i) * 512, static_cast<int>('A' + i), 512);
    }
    driver->notify(0);
    settle();
    EXPECT_EQ(server->content, shadow);
}

TEST_F(BackendBlockDisk, AMergeDoesNotUndoAWriteOfTheWholeBlock)
{
    start();
    const auto whole = add(k_out, 8, 4096);
    const auto part  = add(k_out, 8, 512);
    std::memset(ram.bytes(whole.data, 4096).data(), 'w', 4096);
    std::memset(ram.bytes(part.data, 512).data(), 'p', 512);
    driver->notify(0);
    server->collect();
    while (!server->pending.empty()) { // what came last first: a read before the write
        while (!server->pending.empty()) {
            server->answer(server->pending.size() - 1);
        }
        server->publish();
        disk->notified();
        server->collect();
    }
    EXPECT_EQ(answer(whole), 0u);
    EXPECT_EQ(answer(part), 0u);
    EXPECT_EQ(on_disk(9, 3584), std::string(3584, 'w'));
}

TEST_F(BackendBlockDisk, GuestMemoryInTheDataRegionIsNotCopied)
{
    start(256, 32, 8, true);
    const auto read = add(k_in, 8, 6 * 4096, 1U << 20, 4096);
    driver->notify(0);
    server->collect();
    ASSERT_EQ(server->pending.size(), 1u);
    EXPECT_EQ(server->pending[0].io_or_offset, read.data - kit::GuestRam::k_start);
    EXPECT_EQ(server->pending[0].count, 6u);
    settle();
    EXPECT_EQ(answer(read), 0u);
    EXPECT_EQ(ram.text(read.data, 6 * 4096), on_disk(8, 6 * 4096));

    // Many segments that lie side by side are one run; a gap begins another.
    server->log.clear();
    const auto write = add(k_out, 8, 6 * 4096, 4096, 4096);
    std::memset(ram.bytes(write.data, 6 * 4096).data(), 'q', 6 * 4096);
    driver->notify(0);
    settle();
    EXPECT_EQ(on_disk(8, 6 * 4096), std::string(6 * 4096, 'q'));
    EXPECT_EQ(server->log.size(), 1u);

    // What does not fit the blocks goes through the end of the region.
    server->log.clear();
    const auto crooked = add(k_in, 9, 3 * 4096, 1U << 20, 4096);
    driver->notify(0);
    settle();
    EXPECT_EQ(ram.text(crooked.data, 3 * 4096), on_disk(9, 3 * 4096));
    ASSERT_EQ(server->log.size(), 1u);
    EXPECT_GE(server->log[0].io_or_offset, ram.all().size() - 8 * 4096);
}

} // namespace
