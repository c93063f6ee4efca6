// SPDX-License-Identifier: BSD-2-Clause
// The virtIO block driver between a fake device and a fake virtualiser.
#include "test/fixture.hpp"

#include <algorithm>
#include <array>
#include <map>

extern sddf::block::DriverConfig blk_config;

namespace {

using sddf::block::Code;
using sddf::block::Request;
using sddf::block::Status;

constexpr unsigned      k_virt = 1;
constexpr std::uint64_t k_data = 0x4000'0000;

using virtio_driver::test::DriverTest;
using virtio_driver::test::k_irq;

class BlkVirtio : public DriverTest {
protected:
    BlkVirtio()
        : DriverTest{2, 1U << 9}
    {
        set_sectors(8 * 1000 + 7);
        blk_config = {.magic = sddf::magic_of(sddf::Class::block), .virt = link.connection(k_virt)};
    }
    void set_sectors(std::uint64_t sectors) { std::memcpy(device.config.data(), &sectors, 8); }
    void start()
    {
        init();
        fake.end_of_entry_point();
        fake.notifications.clear();
        device.notifications.clear();
    }
    void ask(const Request& request)
    {
        EXPECT_TRUE(link.ask(request));
        event(k_virt);
    }
    static std::uint32_t type_of(const kit::FakeVirtioDevice::Chain& chain)
    {
        std::uint32_t type = 0;
        std::memcpy(&type, chain.pieces[0].bytes(), 4);
        return type;
    }
    static std::uint64_t sector_of(const kit::FakeVirtioDevice::Chain& chain)
    {
        std::uint64_t sector = 0;
        std::memcpy(&sector, chain.pieces[0].bytes() + 8, 8);
        return sector;
    }
    void complete(const kit::FakeVirtioDevice::Chain& chain, std::uint8_t status)
    {
        *chain.pieces.back().bytes() = status;
        device.complete(0, chain.head, 1);
    }

    kit::BlockLink link{128};
};

TEST_F(BlkVirtio, TellsWhatTheDiskIs)
{
    init();
    EXPECT_EQ(device.status, 15U);
    EXPECT_EQ(device.accepted, (1ULL << 32) | (1U << 9));
    EXPECT_TRUE(link.storage().is_ready());
    EXPECT_EQ(link.storage().capacity, 1000U) << "whole blocks";
    EXPECT_EQ(link.storage().sector_size, 512U);
    EXPECT_EQ(link.storage().read_only, 0U);
    EXPECT_EQ(fake.notifications, std::vector{k_virt});
}

TEST_F(BlkVirtio, ARequestBecomesAChain)
{
    start();
    ask({.code = Code::read, .io_or_offset = k_data, .block_number = 5, .count = 2, .id = 77});
    EXPECT_EQ(device.notifications, std::vector{0U});
    const auto chains = device.take(0);
    ASSERT_EQ(chains.size(), 1U);
    ASSERT_EQ(chains[0].pieces.size(), 3U);
    EXPECT_EQ(type_of(chains[0]), 0U);
    EXPECT_EQ(sector_of(chains[0]), 40U);
    EXPECT_EQ(chains[0].pieces[1].address, k_data);
    EXPECT_EQ(chains[0].pieces[1].length, 8192U);
    EXPECT_TRUE(chains[0].pieces[1].device_writes);
    EXPECT_TRUE(chains[0].pieces[2].device_writes);
    complete(chains[0], 0);
    event(k_irq);
    EXPECT_EQ(device.interrupts, 0U);
    EXPECT_EQ(fake.acknowledgements, std::vector{k_irq});
    EXPECT_EQ(fake.notifications, std::vector{k_virt});
    const auto responses = link.take_responses();
    ASSERT_EQ(responses.size(), 1U);
    EXPECT_EQ(responses[0].id, 77U);
    EXPECT_EQ(responses[0].status, Status::ok);
    EXPECT_EQ(responses[0].success_count, 2U);
}

TEST_F(BlkVirtio, WritesAndFlushesArePassedOn)
{
    start();
    ask({.code = Code::write, .io_or_offset = k_data, .block_number = 0, .count = 1, .id = 1});
    ask({.code = Code::flush, .id = 2});
    const auto chains = device.take(0);
    ASSERT_EQ(chains.size(), 2U);
    EXPECT_EQ(type_of(chains[0]), 1U);
    EXPECT_FALSE(chains[0].pieces[1].device_writes);
    EXPECT_EQ(type_of(chains[1]), 4U);
    EXPECT_EQ(chains[1].pieces.size(), 2U);
}

TEST_F(BlkVirtio, ADeviceWithoutACacheHasNothingToFlush)
{
    device.features = 1ULL << 32;
    start();
    ask({.code = Code::flush, .id = 2});
    EXPECT_EQ(link.take_responses()[0].status, Status::ok);
}

TEST_F(BlkVirtio, ErrorsAreReported)
{
    start();
    for (const std::uint8_t status : std::to_array<std::uint8_t>({1, 2, 0xff})) {
        ask({.code = Code::read, .io_or_offset = k_data, .count = 1, .id = status});
        complete(device.take(0)[0], status);
        event(k_irq);
        const auto response = link.take_responses()[0];
        EXPECT_EQ(response.status, status == 1 ? Status::io : Status::unspecified);
        EXPECT_EQ(response.success_count, 0U);
    }
}

TEST_F(BlkVirtio, WhatIsNotOnTheDiskIsRefused)
{
    start();
    ask({.code = Code::read, .io_or_offset = k_data, .block_number = 999, .count = 2, .id = 1});
    ask({.code = Code::read, .io_or_offset = k_data, .block_number = ~0ULL, .count = 2, .id = 2});
    ask({.code = Code::read, .io_or_offset = k_data, .block_number = 1, .count = 0, .id = 3});
    ask({.code = static_cast<Code>(9), .id = 4});
    EXPECT_TRUE(device.take(0).empty());
    const auto responses = link.take_responses();
    ASSERT_EQ(responses.size(), 4U);
    for (const auto& response : responses) {
        EXPECT_EQ(response.status, Status::invalid_parameter);
    }
}

TEST_F(BlkVirtio, AReadOnlyDiskRefusesWrites)
{
    device.features |= 1U << 5;
    start();
    EXPECT_EQ(link.storage().read_only, 1U);
    ask({.code = Code::write, .io_or_offset = k_data, .count = 1, .id = 4});
    EXPECT_EQ(link.take_responses()[0].status, Status::invalid_parameter);
}

TEST_F(BlkVirtio, ABarrierWaitsForAllBeforeIt)
{
    start();
    ask({.code = Code::write, .io_or_offset = k_data, .count = 1, .id = 1});
    ask({.code = Code::barrier, .id = 2});
    ask({.code = Code::write, .io_or_offset = k_data, .count = 1, .id = 3});
    const auto first = device.take(0);
    ASSERT_EQ(first.size(), 1U);
    complete(first[0], 0);
    event(k_irq);
    EXPECT_EQ(device.take(0).size(), 1U);
    const auto responses = link.take_responses();
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_EQ(responses[0].id, 1U);
    EXPECT_EQ(responses[1].id, 2U);
}

TEST_F(BlkVirtio, ManyAreInFlightAndTheRestWaits)
{
    start();
    for (std::uint32_t id = 0; id < 128; ++id) {
        EXPECT_TRUE(link.ask({.io_or_offset = k_data, .block_number = id, .count = 1, .id = id}));
    }
    event(k_virt);
    std::map<std::uint32_t, unsigned> answers;
    unsigned                          rounds = 0;
    for (auto chains = device.take(0); !chains.empty(); chains = device.take(0)) {
        EXPECT_LE(chains.size(), 85U);
        std::ranges::reverse(chains); // in any order
        for (const auto& chain : chains) {
            complete(chain, 0);
        }
        event(k_irq);
        for (const auto& response : link.take_responses()) {
            ++answers[response.id];
        }
        ++rounds;
    }
    EXPECT_EQ(rounds, 2U);
    EXPECT_EQ(answers.size(), 128U);
    for (const auto& [id, count] : answers) {
        EXPECT_EQ(count, 1U) << id;
    }
}

TEST_F(BlkVirtio, AVirtualiserThatTakesNoResponsesIsNotServedMore)
{
    start();
    for (unsigned round = 0; round < 10; ++round) {
        for (std::uint32_t id = 0; id < 50; ++id) {
            (void)link.ask({.io_or_offset = k_data, .count = 1, .id = id});
        }
        event(k_virt);
        for (const auto& chain : device.take(0)) {
            complete(chain, 0);
        }
        event(k_irq);
    }
    EXPECT_EQ(link.take_responses().size(), 128U);
}

TEST_F(BlkVirtio, ADeviceThatLiesIsSurvived)
{
    start();
    ask({.io_or_offset = k_data, .count = 1, .id = 1});
    const auto chain = device.take(0)[0];
    device.complete(0, 0xffff'fff0, 1);
    device.complete(0, chain.head + 1U, 1);
    *chain.pieces.back().bytes() = 0;
    device.complete(0, chain.head, 1);
    device.complete(0, chain.head, 1); // twice
    event(k_irq);
    EXPECT_EQ(link.take_responses().size(), 1U);
}

TEST_F(BlkVirtio, ARestartDoesNotFollowACounterThatCannotBe)
{
    start();
    const std::uint32_t far = 0x8000'0000;
    std::memcpy(link.requests.bytes().data() + offsetof(sddf::block::RequestHeader, tail), &far, 4);
    start(); // it would take minutes
    EXPECT_EQ(device.status & 4, 4U);
}

TEST_F(BlkVirtio, ARestartAnswersWhatWasInFlightAndServesTheRest)
{
    start();
    for (std::uint32_t id = 0; id < 128; ++id) {
        EXPECT_TRUE(link.ask({.io_or_offset = k_data, .block_number = id, .count = 1, .id = id}));
    }
    event(k_virt);
    const auto before = device.take(0);
    complete(before[0], 0);
    event(k_irq);
    device.resets = 0;
    std::map<std::uint32_t, unsigned> answers;
    start();
    EXPECT_EQ(device.resets, 1U);
    for (unsigned i = 0; i < 5; ++i) {
        for (const auto& chain : device.take(0)) {
            complete(chain, 0);
        }
        event(k_irq);
        for (const auto& response : link.take_responses()) {
            ++answers[response.id];
        }
    }
    EXPECT_EQ(answers.size(), 128U);
    for (const auto& [id, count] : answers) {
        EXPECT_EQ(count, 1U) << id;
    }
}

TEST_F(BlkVirtio, WrongDevicesAreReported)
{
    device.version = 1;
    EXPECT_THROW(init(), kit::Crash);
    EXPECT_NE(fake.debug_output.find("force-legacy=false"), std::string::npos);
    device.version = 2;
    device.type    = 0;
    EXPECT_THROW(init(), kit::Crash);
    EXPECT_NE(fake.debug_output.find("no device is plugged in"), std::string::npos);
}

} // namespace
