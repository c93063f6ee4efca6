// SPDX-License-Identifier: BSD-2-Clause
// A disk on sDDF when things are not as they should be: foreign answers, resets, random requests.
#include "block_disk_fixture.hpp"

namespace {

using namespace block_disk_test;

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
