// SPDX-License-Identifier: BSD-2-Clause
// The block virtualiser between fake clients, a fake driver and a disk in memory.
#include "../table_reader.hpp"
#include "fixture.hpp"

namespace {

using namespace blk_virt::test;

TEST_F(BlkVirt, ClientsSeeTheirPartitions)
{
    start();
    EXPECT_TRUE(links[0].storage().is_ready());
    EXPECT_EQ(links[0].storage().capacity, 100U);
    EXPECT_EQ(links[1].storage().capacity, 200U);
    EXPECT_EQ(links[2].storage().capacity, 10U);
    EXPECT_EQ(links[0].storage().sector_size, 512U);
    const auto response =
        ask(1, {.code = Code::write, .io_or_offset = 8192, .block_number = 3, .count = 2, .id = 9});
    EXPECT_EQ(response.status, Status::ok);
    EXPECT_EQ(response.success_count, 2U);
    EXPECT_EQ(response.id, 9U) << "the client's own id";
    EXPECT_EQ(seen.back().block_number, 128U + 3);
    EXPECT_EQ(seen.back().io_or_offset, data[1].region().vaddr + 8192);
    EXPECT_NE(std::ranges::find(told, 2U), told.end());
}

TEST_F(BlkVirt, BytesGoToThePartitionAndBack)
{
    start();
    std::ranges::fill(data[2].bytes().first(4096), std::byte{0x5a});
    EXPECT_EQ(status(2, {.code = Code::write, .block_number = 9, .count = 1}), Status::ok);
    EXPECT_EQ(disk.bytes[(512 + 9) * 4096], std::byte{0x5a});
    EXPECT_EQ(status(2, {.code = Code::read, .io_or_offset = 4096, .block_number = 9, .count = 1}),
              Status::ok);
    EXPECT_EQ(data[2].bytes()[4096], std::byte{0x5a});
}

TEST_F(BlkVirt, NothingIsServedBeforeTheDiskIsKnown)
{
    init();
    EXPECT_TRUE(links[0].ask({.code = Code::read, .count = 1, .id = 3}));
    event(1);
    EXPECT_TRUE(driver.take_requests().empty());
    set_ready();
    event(k_driver);
    run_driver();
    EXPECT_EQ(links[0].take_responses().size(), 1U);
}

TEST_F(BlkVirt, WhatLeavesThePartitionOrTheDataIsRefused)
{
    start();
    const std::uint64_t k_huge = ~std::uint64_t{0};
    const auto          before = seen.size();
    for (const Request& request : std::vector<Request>{
             {.block_number = 100, .count = 1},
             {.block_number = 99, .count = 2},
             {.block_number = k_huge, .count = 1},
             {.block_number = k_huge - 1, .count = 2},
             {.block_number = 0, .count = 0},
             {.io_or_offset = 65536, .count = 1},
             {.io_or_offset = 61440, .count = 2},
             {.io_or_offset = k_huge - 4095, .count = 1},
             {.io_or_offset = 512, .count = 1},
             {.block_number = 0, .count = 17},
             {.code = static_cast<Code>(4), .count = 1},
         }) {
        EXPECT_EQ(status(0, request), Status::invalid_parameter);
    }
    EXPECT_EQ(seen.size(), before) << "the driver saw none of it";
    EXPECT_EQ(status(0, {.block_number = 99, .count = 1}), Status::ok);
    EXPECT_EQ(status(0, {.io_or_offset = 61440, .count = 1}), Status::ok);
}

TEST_F(BlkVirt, FlushAndBarrierArePassedOn)
{
    start();
    EXPECT_EQ(status(0, {.code = Code::flush, .io_or_offset = 3, .block_number = 1ULL << 60}),
              Status::ok);
    EXPECT_EQ(seen.back().code, Code::flush);
    EXPECT_EQ(seen.back().block_number, 0U);
    EXPECT_EQ(status(0, {.code = Code::barrier}), Status::ok);
    EXPECT_EQ(seen.back().code, Code::barrier);
}

TEST_F(BlkVirt, OneBadPartitionHurtsOnlyItsClient)
{
    disk.make_mbr({{64, 800}, {1025, 1600}, {4096, 1U << 31}});
    start();
    EXPECT_TRUE(links[0].storage().is_ready());
    EXPECT_FALSE(links[1].storage().is_ready());
    EXPECT_FALSE(links[2].storage().is_ready());
    EXPECT_NE(fake.debug_output.find("client 1: a partition does not begin at a multiple of 4096"),
              std::string::npos);
    EXPECT_NE(fake.debug_output.find("client 2: a partition does not lie on the disk"),
              std::string::npos);
    EXPECT_EQ(status(1, {.count = 1}), Status::no_device);
    EXPECT_EQ(status(0, {.count = 1}), Status::ok);
}

TEST_F(BlkVirt, APartitionThatIsNotThere)
{
    blk_config.clients[2].partition = 3;
    blk_config.clients[1].partition = 0xffff'ffff;
    start();
    EXPECT_TRUE(links[0].storage().is_ready());
    EXPECT_EQ(status(1, {.count = 1}), Status::no_device);
    EXPECT_EQ(status(2, {.count = 1}), Status::no_device);
}

TEST_F(BlkVirt, ReadsAGpt)
{
    disk = DiskImage{2048};
    disk.make_gpt({{64, 807}, {1024, 1600, 1ULL << 60}, {4096, 80}});
    start();
    EXPECT_EQ(links[0].storage().capacity, 100U) << "whole blocks";
    EXPECT_EQ(links[1].storage().capacity, 200U);
    EXPECT_EQ(links[1].storage().read_only, 1U);
    EXPECT_EQ(status(1, {.code = Code::write, .count = 1}), Status::invalid_parameter);
    EXPECT_EQ(status(1, {.code = Code::read, .count = 1}), Status::ok);
    EXPECT_EQ(status(0, {.code = Code::write, .count = 1}), Status::ok);
}

TEST_F(BlkVirt, TheCopyOfAGptCountsWhereTheFirstIsDamaged)
{
    for (const std::size_t damage : {std::size_t{512 + 40}, std::size_t{1024 + 33}}) {
        fake.reset();
        blk_virt::memory = {};
        disk             = DiskImage{2048};
        disk.make_gpt({{64, 800}, {1024, 1600}, {4096, 80}});
        disk.bytes[damage] ^= std::byte{1};
        start();
        EXPECT_EQ(links[2].storage().capacity, 10U) << damage;
    }
}

TEST_F(BlkVirt, DamagedTablesAreReported)
{
    disk = DiskImage{2048};
    disk.make_gpt({{64, 800}});
    disk.bytes[512] ^= std::byte{1};
    disk.bytes[disk.bytes.size() - 512] ^= std::byte{1};
    start();
    EXPECT_NE(fake.debug_output.find("(GPT) is damaged"), std::string::npos);
    EXPECT_EQ(status(0, {.count = 1}), Status::no_device);
}

TEST_F(BlkVirt, ATableThatCannotBeReadIsAskedForAgain)
{
    set_ready();
    init();
    for (unsigned i = 1; i < blk_virt::TableReader::k_tries; ++i) { // as restarts of a driver do
        const auto reads = driver.take_requests();
        ASSERT_EQ(reads.size(), 1U);
        EXPECT_TRUE(driver.answer({.status = Status::io, .id = reads[0].id}));
        event(k_driver);
    }
    EXPECT_FALSE(links[0].storage().is_ready());
    run_driver();
    EXPECT_TRUE(links[0].storage().is_ready());
    EXPECT_EQ(status(0, {.count = 1}), Status::ok);
}

TEST_F(BlkVirt, ATableThatCanNeverBeReadIsReported)
{
    set_ready();
    init();
    for (unsigned i = 0; i < blk_virt::TableReader::k_tries; ++i) {
        const auto reads = driver.take_requests();
        ASSERT_EQ(reads.size(), 1U);
        EXPECT_EQ(fake.debug_output.find("cannot be read"), std::string::npos);
        EXPECT_TRUE(driver.answer({.status = Status::io, .id = reads[0].id}));
        event(k_driver);
    }
    EXPECT_TRUE(driver.take_requests().empty());
    EXPECT_NE(fake.debug_output.find("partition table cannot be read"), std::string::npos);
    EXPECT_EQ(status(0, {.count = 1}), Status::no_device);
}

TEST_F(BlkVirt, AnyTableIsSurvived)
{
    std::uint64_t seed = 1;
    for (unsigned round = 0; round < 300; ++round) {
        fake.reset();
        blk_virt::memory = {};
        disk             = DiskImage{64};
        disk.make_gpt({{40, 80}, {128, 80}, {208, 80}});
        for (unsigned i = 0; i < 1 + round % 8; ++i) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            disk.bytes[(seed >> 33) % 2048] = static_cast<std::byte>(seed >> 50);
        }
        start(); // under ASan and UBSan
    }
}

TEST_F(BlkVirt, AReadOnlyDiskRefusesWrites)
{
    set_ready(true);
    init();
    run_driver();
    EXPECT_EQ(links[0].storage().read_only, 1U);
    EXPECT_EQ(status(0, {.code = Code::write, .count = 1}), Status::invalid_parameter);
}

TEST_F(BlkVirt, ALargeRequestGoesInPartsAndGetsOneAnswer)
{
    start();
    seen.clear();
    disk.bytes[(128 + 199) * 4096] = std::byte{42}; // the partition's last block
    const auto response            = ask(1, {.code = Code::read, .count = 200, .id = 7});
    EXPECT_EQ(response.status, Status::ok);
    EXPECT_EQ(response.success_count, 200U);
    EXPECT_EQ(response.id, 7U);
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].count + seen[1].count, 200);
    EXPECT_LE(seen[0].count, blk_virt::k_part);
    EXPECT_EQ(data[1].bytes()[199 * 4096], std::byte{42});
}

TEST_F(BlkVirt, ALargeRequestOfWhichAPartFailsHasFailed)
{
    start();
    EXPECT_TRUE(links[1].ask({.code = Code::read, .count = 200, .id = 7}));
    event(2);
    const auto parts = driver.take_requests();
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_TRUE(driver.answer({.status = Status::ok, .success_count = 72, .id = parts[1].id}));
    event(k_driver);
    EXPECT_TRUE(links[1].take_responses().empty());
    EXPECT_TRUE(driver.answer({.status = Status::io, .id = parts[0].id}));
    event(k_driver);
    const auto responses = links[1].take_responses();
    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].status, Status::io);
    EXPECT_EQ(responses[0].success_count, 0U);
}

TEST_F(BlkVirt, ADriverThatIsReadyLateIsFoundWhenAClientAsks)
{
    init(); // has looked for a while
    set_ready();
    EXPECT_TRUE(links[0].ask({.code = Code::read, .count = 1, .id = 3}));
    event(1);
    run_driver();
    EXPECT_EQ(links[0].take_responses().size(), 1U);
}

TEST_F(BlkVirt, AFullDriverLeavesNobodyOut)
{
    start();
    seen.clear();
    for (std::uint32_t id = 0; id < 16; ++id) {
        for (unsigned client = 0; client < k_clients; ++client) {
            EXPECT_TRUE(links[client].ask({.code = Code::read, .count = 1, .id = id}));
        }
    }
    event(1);
    const auto first = driver.take_requests();
    EXPECT_EQ(first.size(), 15U) << "a third each of the 16 that 48 slots hold safely";
    std::map<std::uint64_t, unsigned> of;
    for (const auto& request : first) {
        ++of[request.block_number];
        serve_one(request);
    }
    EXPECT_EQ(of.size(), k_clients);
    for (const auto& [block, count] : of) {
        EXPECT_GE(count, 5U) << block;
    }
    event(k_driver);
    run_driver();
    for (auto& link : links) {
        std::map<std::uint32_t, unsigned> answers;
        for (const auto& response : link.take_responses()) {
            EXPECT_EQ(response.status, Status::ok);
            ++answers[response.id];
        }
        EXPECT_EQ(answers.size(), 16U);
    }
}

TEST_F(BlkVirt, AClientThatTakesNoAnswersDoesNotStopTheOthers)
{
    start();
    for (unsigned round = 0; round < 20; ++round) {
        for (std::uint32_t id = 0; id < 16; ++id) {
            (void)links[0].ask({.code = Code::read, .count = 1, .id = id});
        }
        event(1);
        run_driver();
        EXPECT_EQ(status(1, {.code = Code::read, .count = 1, .id = round}), Status::ok);
    }
    EXPECT_EQ(links[0].take_responses().size(), 16U);
}

TEST_F(BlkVirt, AnswersThatNobodyWaitsForAreDropped)
{
    start();
    for (const std::uint32_t id : {0U, 5U, 1023U, 1024U, 0xffff'ffffU}) {
        EXPECT_TRUE(driver.answer({.id = id}));
    }
    event(k_driver);
    for (auto& link : links) {
        EXPECT_TRUE(link.take_responses().empty());
    }
    EXPECT_TRUE(links[0].ask({.code = Code::flush, .id = 1}));
    event(1);
    const auto request = driver.take_requests().at(0);
    EXPECT_TRUE(driver.answer({.id = request.id}));
    EXPECT_TRUE(driver.answer({.id = request.id})); // twice
    event(k_driver);
    EXPECT_EQ(links[0].take_responses().size(), 1U);
}

TEST_F(BlkVirt, ARestartAnswersWhatIsWithTheDriver)
{
    start();
    EXPECT_TRUE(links[1].ask({.code = Code::flush, .id = 42}));
    event(2);
    init();
    run_driver();
    const auto responses = links[1].take_responses();
    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].id, 42U);
    EXPECT_EQ(status(0, {.count = 1}), Status::ok);
}

} // namespace
