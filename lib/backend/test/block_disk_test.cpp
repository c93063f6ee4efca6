// SPDX-License-Identifier: BSD-2-Clause
// From a guest's request to sDDF's requests and back: whole devices, with a fake driver in front
// and a fake virtualiser behind.
#include "backend/block_disk.hpp"
#include "kit/fake_block_server.hpp"
#include "kit/fake_driver.hpp"
#include "virtio/block.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace {

using backend::BlockDisk;
using backend::BlockPool;
using kit::FakeBlockServer;
using kit::FakeDriver;
using virtio::Block;
using Code   = sddf::block::Code;
using Status = sddf::block::Status;

constexpr std::uint32_t k_in           = 0;
constexpr std::uint32_t k_out          = 1;
constexpr std::uint32_t k_flush        = 4;
constexpr std::uint32_t k_write_zeroes = 13;

class BackendBlockDisk : public testing::Test {
protected:
    struct Request {
        std::uint64_t data;
        std::uint64_t status;
    };

    /// `guest_is_data`: the guest's RAM is the data region, and its end is for bouncing.
    void start(std::uint64_t blocks = 64, std::uint16_t capacity = 8, std::size_t data_blocks = 16,
               bool guest_is_data = false)
    {
        server = std::make_unique<FakeBlockServer>(
            blocks, capacity, data_blocks, guest_is_data ? ram.all() : std::span<std::byte>{});
        for (std::size_t i = 0; i < server->content.size(); ++i) {
            server->content[i] = static_cast<char>(i / 512 * 7 + i);
        }
        disk = std::make_unique<BlockDisk>(disk_storage, *server);
        if (guest_is_data) {
            const auto bounce = ram.all().size() - data_blocks * 4096;
            ASSERT_TRUE(disk->open(server->config(), bounce, data_blocks * 4096));
        } else {
            ASSERT_TRUE(disk->open(server->config()));
        }
        device = std::make_unique<Block>(*disk, storage);
        driver = std::make_unique<FakeDriver>(ram, *device);
        ASSERT_TRUE(driver->negotiate());
        ring = &driver->set_up(0, 128);
        driver->go();
    }
    Request add(std::uint32_t type, std::uint64_t sector, std::uint32_t size,
                std::uint32_t piece = 1U << 20, std::uint64_t alignment = 16)
    {
        const auto header = ram.allocate(16);
        const auto status = ram.allocate(1);
        const auto data   = ram.allocate(size, alignment);
        ram.store<std::uint64_t>(header, type);
        ram.store(header + 8, sector);
        ram.store<std::uint8_t>(status, 0xee);
        std::vector<kit::Buffer> buffers{kit::to_device(header, 16)};
        for (std::uint32_t at = 0; at < size; at += piece) {
            buffers.push_back({data + at, std::min(piece, size - at), type == k_in});
        }
        buffers.push_back(kit::from_device(status, 1));
        ring->add_indirect(buffers);
        return {data, status};
    }
    std::uint8_t answer(const Request& request) { return ram.load<std::uint8_t>(request.status); }

    /// Lets the virtualiser work until nothing is left to do.
    void settle()
    {
        server->collect();
        while (!server->pending.empty()) {
            server->answer(server->pending.size() / 2);
            server->publish();
            disk->notified();
            server->collect();
        }
    }
    std::string on_disk(std::uint64_t sector, std::size_t size)
    {
        return {server->content.data() + sector * 512, size};
    }
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, std::uint32_t size)
    {
        const auto request = add(type, sector, size);
        driver->notify(0);
        settle();
        return answer(request);
    }

    kit::GuestRam                    ram{std::size_t{8} << 20};
    std::unique_ptr<FakeBlockServer> server;
    BlockDisk::Storage<32>           disk_storage;
    Block::Storage<32, 4, 1>         storage;
    std::unique_ptr<BlockDisk>       disk;
    std::unique_ptr<Block>           device;
    std::unique_ptr<FakeDriver>      driver;
    kit::FakeRing*                   ring = nullptr;
};

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

TEST_F(BackendBlockDisk, AnswersFromNobodyAreIgnored)
{
    start();
    for (const std::uint32_t id : {0U, 5U, 31U, 32U, 0xffff'ffffU}) {
        ASSERT_TRUE(server->responses().push({.id = id}));
    }
    server->publish();
    disk->notified();
    EXPECT_EQ(run(k_in, 0, 4096), 0u);
    // And a tail that is nonsense.
    const auto    at   = server->response_bytes().data() + 4;
    std::uint32_t wild = 0x1234'5678;
    std::memcpy(at, &wild, 4);
    disk->notified();
    disk->notified();
    EXPECT_FALSE(driver->needs_reset());
}

TEST_F(BackendBlockDisk, AResetInTheMiddle)
{
    start(256, 4, 5);
    const auto read  = add(k_in, 0, 100 * 4096);
    const auto merge = add(k_out, 1000, 512);
    driver->notify(0);
    server->collect();
    driver->write(kit::Mmio::status, 0);
    EXPECT_NE(driver->status(), 0u);
    const auto before = server->content;
    settle();
    EXPECT_EQ(driver->status(), 0u);
    EXPECT_EQ(ram.text(read.data, 16), std::string(16, '\0'));
    EXPECT_EQ(answer(read), 0xeeu);
    EXPECT_EQ(answer(merge), 0xeeu);
    EXPECT_EQ(server->content, before);
    ASSERT_TRUE(driver->negotiate());
    ring = &driver->set_up(0, 128);
    driver->go();
    EXPECT_EQ(run(k_in, 0, 4096), 0u);
}

TEST_F(BackendBlockDisk, RefusesWhatCannotBe)
{
    start();
    BlockDisk other{disk_storage, *server};
    EXPECT_FALSE(other.is_ready());
    other.notified();
    auto config     = server->config();
    config.magic[4] = 9;
    EXPECT_FALSE(other.open(config));
    config                  = server->config();
    config.virt.num_buffers = 0;
    EXPECT_FALSE(other.open(config));
    config           = server->config();
    config.data.size = 4095;
    EXPECT_FALSE(other.open(config));
    config = server->config();
    EXPECT_FALSE(other.open(config, 4096 * 15, 8192)); // beyond the end
    EXPECT_FALSE(other.open(config, 512, 4096));
    config.virt.storage_info = {};
    EXPECT_FALSE(other.open(config));
}

/// Whatever the order in which requests end, each sector holds what was written to it last, and
/// each read gives that; sizes, places, framing, order and memory at random.
TEST_F(BackendBlockDisk, RandomRequestsInRandomOrder)
{
    for (unsigned seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(seed);
        ram.rewind();
        const bool guest_is_data = seed % 3 == 0;
        start(40, static_cast<std::uint16_t>(2 + seed * 3), 1 + seed * 2, guest_is_data);
        std::mt19937 random{seed};
        const auto   below = [&](std::uint32_t n) {
            return static_cast<std::uint32_t>(random() % n);
        };
        auto              shadow = server->content;
        std::vector<bool> busy(40 * 8); // sectors that a write in flight touches
        struct Flight {
            Request       request;
            std::uint32_t type;
            std::uint32_t sector;
            std::uint32_t sectors;
        };
        std::vector<Flight> flights;
        const auto          step = [&] {
            server->collect();
            if (!server->pending.empty()) {
                server->answer(below(static_cast<std::uint32_t>(server->pending.size())));
                if (below(2) == 0) {
                    server->publish();
                    disk->notified();
                }
            }
        };
        for (unsigned i = 0; i < 300; ++i) {
            const auto sectors = 1 + below(below(4) == 0 ? 60 : 12);
            const auto sector  = below(320 - sectors + 1);
            const auto type    = below(2) == 0 ? k_in : k_out;
            bool       clash   = flights.size() >= 30;
            for (std::uint32_t s = sector; s < sector + sectors; ++s) {
                clash = clash || busy[s];
            }
            if (!clash) {
                const auto piece = below(2) == 0 ? 4096U : 1 + below(3000);
                const auto request =
                    add(type, sector, sectors * 512, std::max(piece, sectors * 512 / 200),
                        below(2) == 0 ? 4096 : 16);
                for (std::uint32_t s = sector; s < sector + sectors; ++s) {
                    busy[s] = true;
                }
                if (type == k_out) {
                    for (std::uint32_t at = 0; at < sectors * 512; ++at) {
                        const auto value = static_cast<char>(random());
                        ram.store(request.data + at, value);
                        shadow[sector * 512 + at] = value;
                    }
                }
                flights.push_back({request, type, sector, sectors});
                if (ring->must_notify()) {
                    driver->notify(0);
                }
            }
            step();
            std::erase_if(flights, [&](const Flight& flight) {
                if (answer(flight.request) == 0xee) {
                    return false;
                }
                EXPECT_EQ(answer(flight.request), 0u);
                for (std::uint32_t s = flight.sector; s < flight.sector + flight.sectors; ++s) {
                    busy[s] = false;
                }
                EXPECT_EQ(ram.text(flight.request.data, flight.sectors * 512),
                          std::string(shadow.data() + flight.sector * 512, flight.sectors * 512));
                return true;
            });
            while (ring->used()) {
            }
            if (ram.left() < 200'000) {
                break;
            }
        }
        for (int i = 0; i < 400; ++i) {
            step();
            server->publish();
            disk->notified();
        }
        for (const Flight& flight : flights) {
            ASSERT_EQ(answer(flight.request), 0u); // nothing is stuck
            ASSERT_EQ(ram.text(flight.request.data, flight.sectors * 512),
                      std::string(shadow.data() + flight.sector * 512, flight.sectors * 512));
        }
        ASSERT_EQ(server->content, shadow);
        ASSERT_EQ(device->in_flight(), 0u);
    }
}

TEST(BackendBlockPool, GivesRunsAndTakesThemBack)
{
    BlockPool pool;
    pool.reset(10, 130);
    const auto all = pool.take(1000);
    EXPECT_EQ(all.start, 10u);
    EXPECT_EQ(all.count, 130u);
    EXPECT_EQ(pool.take(1).count, 0u);
    pool.give_back({.start = 70, .count = 10}); // across a word's end
    const auto part = pool.take(4);
    EXPECT_EQ(part.count, 4u);
    const auto rest = pool.take(100);
    EXPECT_EQ(part.count + rest.count, 10u);
    pool.give_back(part);
    pool.give_back(rest);
    pool.give_back({.start = 139, .count = 1});
    unsigned sum = 0;
    for (auto run = pool.take(3); run.count != 0; run = pool.take(3)) {
        ASSERT_GE(run.start, 70u);
        sum += run.count;
    }
    EXPECT_EQ(sum, 11u);
}

} // namespace
