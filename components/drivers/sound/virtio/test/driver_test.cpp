// SPDX-License-Identifier: BSD-2-Clause
// The virtIO sound driver between a fake device and a fake virtualiser.
#include "../driver.hpp"

#include "kit/sound_link.hpp"
#include "test/fixture.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace {

using namespace sound_virtio;
using virtio_driver::test::DriverTest;
using virtio_driver::test::k_irq;
using Chain = kit::FakeVirtioDevice::Chain;

constexpr unsigned      k_virt      = 1; ///< channel
constexpr std::uint32_t k_shared    = 0x8765'0000;
constexpr std::uint32_t k_cd_stereo = Command::parameters(2, 5, 6); ///< 44.1 kHz, 16 bits

class SoundVirtio : public DriverTest {
protected:
    SoundVirtio()
        : DriverTest{k_device_type, 0xffff'ffff} // whatever it offers
    {
        std::destroy_at(&kept);
        std::construct_at(&kept);
        sound_config       = {};
        sound_config.magic = sddf::sound::k_magic;
        sound_config.virt  = link.connection(k_virt);
        set_streams({0, 0, 1});
    }
    void set_streams(std::vector<std::uint8_t> directions)
    {
        streams          = std::move(directions);
        const auto count = static_cast<std::uint32_t>(streams.size());
        std::memcpy(&device.config[k_config_streams], &count, sizeof count);
    }
    template <class T>
    static T read(const Chain& chain)
    {
        T value{};
        EXPECT_FALSE(chain.pieces.at(0).device_writes);
        std::memcpy(&value, chain.pieces.at(0).bytes(),
                    std::min<std::size_t>(sizeof value, chain.pieces.at(0).length));
        return value;
    }
    /// The device says what streams it has.
    void tell_streams(std::uint32_t code = k_ok)
    {
        const auto chains = device.take(k_control);
        ASSERT_EQ(chains.size(), 1U);
        const auto query = read<Query>(chains[0]);
        EXPECT_EQ(query.code, Request::information);
        EXPECT_EQ(query.count, streams.size());
        EXPECT_EQ(query.size, sizeof(Information));
        const auto& answer = chains[0].pieces.at(1);
        ASSERT_EQ(answer.length, 4 + streams.size() * sizeof(Information));
        std::memcpy(answer.bytes(), &code, 4);
        for (std::size_t i = 0; i < streams.size(); ++i) {
            Information it{};
            it.formats      = ~0ULL;
            it.rates        = 1U << 7 | 1U << 6;
            it.direction    = streams[i];
            it.channels_min = 1;
            it.channels_max = 2;
            std::memcpy(answer.bytes() + 4 + i * sizeof it, &it, sizeof it);
        }
        device.complete(k_control, chains[0].head, answer.length);
        event(k_irq);
    }
    void start()
    {
        init();
        tell_streams();
    }
    /// What the device is told now; it does all that.
    std::vector<Order> obey(std::uint32_t code = k_ok)
    {
        std::vector<Order> orders;
        for (auto chains = device.take(k_control); !chains.empty();
             chains      = device.take(k_control)) {
            for (const auto& chain : chains) {
                orders.push_back(read<Order>(chain));
                EXPECT_EQ(chain.pieces.at(1).length, 4U);
                std::memcpy(chain.pieces.at(1).bytes(), &code, 4);
                device.complete(k_control, chain.head, 4);
            }
            event(k_irq);
        }
        return orders;
    }
    void tell(Code code, std::uint32_t stream, std::uint32_t value = 0)
    {
        EXPECT_TRUE(link.ask({code, ++cookie, stream, value}));
        event(k_virt);
    }
    /// A command, done by the device with `code`, and what comes of it.
    Status command(Code what, std::uint32_t stream, std::uint32_t value = 0,
                   std::uint32_t code = k_ok)
    {
        tell(what, stream, value);
        (void)obey(code);
        const auto answers = link.take_command_answers();
        EXPECT_EQ(answers.size(), 1U);
        if (answers.empty()) {
            return Status::io;
        }
        EXPECT_EQ(answers[0].cookie, cookie);
        EXPECT_EQ(answers[0].code, what);
        EXPECT_EQ(answers[0].stream_id, stream);
        return answers[0].status();
    }
    void play(std::uint32_t stream)
    {
        EXPECT_EQ(command(Code::take, stream, k_cd_stereo), Status::ok);
        EXPECT_EQ(command(Code::prepare, stream), Status::ok);
        EXPECT_EQ(command(Code::start, stream), Status::ok);
    }
    void give(std::uint32_t stream, std::uint32_t number, std::uint32_t size = 4096)
    {
        EXPECT_TRUE(link.give({.cookie        = number,
                               .stream_id     = stream,
                               .io_or_offset  = k_shared + number * 4096,
                               .len           = size,
                               .status        = Status::ok,
                               .latency_bytes = 0,
                               .reserved      = 0}));
    }
    void finish(unsigned queue, const Chain& chain, std::uint32_t written = 8,
                std::uint32_t status = k_ok, std::uint32_t latency = 0)
    {
        const std::array<std::uint32_t, 2> words{status, latency};
        std::memcpy(chain.pieces.at(2).bytes(), words.data(), sizeof words);
        device.complete(queue, chain.head, written);
    }

    kit::SoundLink            link;
    std::vector<std::uint8_t> streams; ///< directions
    std::uint32_t             cookie = 100;
};

TEST_F(SoundVirtio, TellsWhatStreamsThereAre)
{
    init();
    EXPECT_EQ(device.accepted, 1ULL << 32);
    EXPECT_FALSE(link.page().is_ready());
    tell_streams();
    EXPECT_EQ(fake.notifications, std::vector{k_virt}) << "nobody would look at the page";
    const auto& page = link.page();
    ASSERT_TRUE(page.is_ready());
    ASSERT_EQ(page.streams, 3U);
    EXPECT_EQ(page.stream_info[0].formats, sddf::sound::k_all_formats);
    EXPECT_EQ(page.stream_info[0].rates, 1U << 7 | 1U << 6);
    EXPECT_EQ(page.stream_info[1].direction, 0);
    EXPECT_EQ(page.stream_info[2].direction, 1);
    EXPECT_EQ(page.stream_info[2].channels_max, 2);
}

TEST_F(SoundVirtio, ADeviceThatDoesNotTellHasNone)
{
    init();
    tell_streams(k_not_supported);
    EXPECT_TRUE(link.page().is_ready());
    EXPECT_EQ(link.page().streams, 0U);
    EXPECT_EQ(command(Code::take, 0, k_cd_stereo), Status::bad_message);
}

TEST_F(SoundVirtio, CommandsThatComeEarlyWaitForTheStreams)
{
    init();
    tell(Code::take, 1, k_cd_stereo);
    EXPECT_TRUE(link.take_command_answers().empty());
    tell_streams();
    const auto orders = obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(link.take_command_answers().size(), 1U);
}

TEST_F(SoundVirtio, AStreamsLifeBecomesTheDevicesRequests)
{
    start();
    tell(Code::take, 1, k_cd_stereo);
    auto orders = obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].code, Request::set_parameters);
    EXPECT_EQ(orders[0].stream, 1U);
    EXPECT_EQ(orders[0].channels, 2);
    EXPECT_EQ(orders[0].format, 5);
    EXPECT_EQ(orders[0].rate, 6);
    EXPECT_EQ(orders[0].period_bytes, 4096U);
    EXPECT_EQ(orders[0].buffer_bytes % 4096, 0U);
    EXPECT_EQ(orders[0].features, 0U);
    const std::array<std::pair<Code, Request>, 5> rest{{{Code::prepare, Request::prepare},
                                                        {Code::start, Request::start},
                                                        {Code::stop, Request::stop},
                                                        {Code::start, Request::start},
                                                        {Code::stop, Request::stop}}};
    for (const auto& [code, request] : rest) {
        tell(code, 1);
        orders = obey();
        ASSERT_EQ(orders.size(), 1U);
        EXPECT_EQ(orders[0].code, request);
        EXPECT_EQ(orders[0].stream, 1U);
    }
    tell(Code::release, 1);
    orders = obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].code, Request::release);
    for (const auto& answer : link.take_command_answers()) {
        EXPECT_EQ(answer.status(), Status::ok);
    }
}

TEST_F(SoundVirtio, PeriodsAreWholeFrames)
{
    start();
    tell(Code::take, 0, Command::parameters(6, 11, 7)); // 18 bytes a frame
    const auto orders = obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].period_bytes, 4096U / 18 * 18);
    EXPECT_EQ(orders[0].buffer_bytes % orders[0].period_bytes, 0U);
}

TEST_F(SoundVirtio, WhatTheDeviceSaysIsPassedOn)
{
    start();
    EXPECT_EQ(command(Code::take, 0, k_cd_stereo, k_not_supported), Status::not_supported);
    EXPECT_EQ(command(Code::take, 0, k_cd_stereo, k_bad_message), Status::bad_message);
    EXPECT_EQ(command(Code::take, 0, k_cd_stereo, 0x1234), Status::io);
    EXPECT_EQ(command(Code::prepare, 0), Status::bad_message) << "it was not taken";
    EXPECT_EQ(command(Code::take, 0, k_cd_stereo), Status::ok);
}

TEST_F(SoundVirtio, CommandsOutOfTurnDoNotReachTheDevice)
{
    start();
    for (const auto code : {Code::prepare, Code::start, Code::stop, Code::release, Code{77}}) {
        tell(code, 0);
        EXPECT_TRUE(device.take(k_control).empty());
    }
    tell(Code::take, 3, k_cd_stereo); // no such stream
    tell(Code::take, ~0U, k_cd_stereo);
    EXPECT_TRUE(device.take(k_control).empty());
    for (const auto& answer : link.take_command_answers()) {
        EXPECT_EQ(answer.status(), Status::bad_message);
    }
    play(0);
    tell(Code::take, 0, k_cd_stereo);
    tell(Code::start, 0);
    EXPECT_TRUE(device.take(k_control).empty());
}

TEST_F(SoundVirtio, AStreamIsToldOneThingAtATime)
{
    start();
    tell(Code::take, 0, k_cd_stereo);
    tell(Code::take, 0, k_cd_stereo);
    const auto answers = link.take_command_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status(), Status::busy);
    EXPECT_EQ(answers[0].cookie, cookie);
    (void)obey();
    EXPECT_EQ(link.take_command_answers().size(), 1U);
}

TEST_F(SoundVirtio, AStreamThatPlaysIsStoppedBeforeItIsReleased)
{
    start();
    play(0);
    tell(Code::release, 0);
    const auto orders = obey();
    ASSERT_EQ(orders.size(), 2U);
    EXPECT_EQ(orders[0].code, Request::stop);
    EXPECT_EQ(orders[1].code, Request::release);
    EXPECT_EQ(link.take_command_answers().size(), 1U);
}

TEST_F(SoundVirtio, OneThatWasOnlyTakenIsReleasedWithoutTheDevice)
{
    start();
    EXPECT_EQ(command(Code::take, 0, k_cd_stereo), Status::ok);
    EXPECT_EQ(command(Code::release, 0), Status::ok);
    EXPECT_EQ(command(Code::release, 0), Status::bad_message);
}

TEST_F(SoundVirtio, PlaysPeriodByPeriod)
{
    start();
    play(1);
    give(1, 3, 4096);
    give(1, 4, 100);
    event(k_virt);
    const auto chains = device.take(k_playback);
    ASSERT_EQ(chains.size(), 2U);
    ASSERT_EQ(chains[0].pieces.size(), 3U);
    EXPECT_EQ(read<std::uint32_t>(chains[0]), 1U) << "the stream";
    EXPECT_EQ(chains[0].pieces[1].address, k_shared + 3 * 4096);
    EXPECT_EQ(chains[0].pieces[1].length, 4096U);
    EXPECT_FALSE(chains[0].pieces[1].device_writes);
    EXPECT_TRUE(chains[0].pieces[2].device_writes);
    EXPECT_EQ(chains[1].pieces[1].length, 100U);
    EXPECT_TRUE(link.take_buffer_answers().empty());

    finish(k_playback, chains[0], 8, k_ok, 555);
    event(k_irq);
    EXPECT_EQ(fake.notifications, std::vector{k_virt});
    auto answers = link.take_buffer_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].cookie, 3U);
    EXPECT_EQ(answers[0].stream_id, 1U);
    EXPECT_EQ(answers[0].status, Status::ok);
    EXPECT_EQ(answers[0].latency_bytes, 555U);
    finish(k_playback, chains[1], 8, 0x8003);
    event(k_irq);
    answers = link.take_buffer_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status, Status::io);
}

TEST_F(SoundVirtio, RecordsWhatTheDeviceSaysItWrote)
{
    start();
    play(2);
    give(2, 0);
    give(2, 1);
    give(2, 2);
    event(k_virt);
    EXPECT_TRUE(device.take(k_playback).empty());
    const auto chains = device.take(k_capture);
    ASSERT_EQ(chains.size(), 3U);
    EXPECT_TRUE(chains[0].pieces[1].device_writes);
    finish(k_capture, chains[0], 4096 + 8);
    finish(k_capture, chains[1], 96 + 8);
    finish(k_capture, chains[2], 0xffff'ffff); // more than there is room for
    event(k_irq);
    const auto answers = link.take_buffer_answers();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].len, 4096U);
    EXPECT_EQ(answers[1].len, 96U);
    EXPECT_EQ(answers[2].len, 4096U);
}

TEST_F(SoundVirtio, ABufferOfACaptureHoldsAPeriod)
{
    start();
    EXPECT_EQ(command(Code::take, 2, Command::parameters(2, 11, 7)), Status::ok); // 6 bytes a frame
    EXPECT_EQ(command(Code::prepare, 2), Status::ok);
    give(2, 0, 4096 / 6 * 6 - 1);
    event(k_virt);
    EXPECT_TRUE(device.take(k_capture).empty()) << "a device may write beyond it";
    const auto answers = link.take_buffer_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status, Status::bad_message);
    give(2, 1, 4096 / 6 * 6);
    event(k_virt);
    EXPECT_EQ(device.take(k_capture).size(), 1U);
}

TEST_F(SoundVirtio, BuffersWaitUntilTheStreamIsPrepared)
{
    start();
    give(0, 0); // nobody's
    event(k_virt);
    auto answers = link.take_buffer_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status, Status::bad_message);
    EXPECT_EQ(command(Code::take, 0, k_cd_stereo), Status::ok);
    give(0, 1);
    event(k_virt);
    EXPECT_TRUE(device.take(k_playback).empty());
    EXPECT_EQ(command(Code::prepare, 0), Status::ok);
    EXPECT_EQ(device.take(k_playback).size(), 1U);
}

TEST_F(SoundVirtio, BuffersThatCannotBeAreRefused)
{
    start();
    play(0);
    give(0, 1, 0);
    give(0, 2, 4097);
    give(3, 3);
    give(~0U, 4);
    event(k_virt);
    const auto answers = link.take_buffer_answers();
    ASSERT_EQ(answers.size(), 4U);
    for (const auto& answer : answers) {
        EXPECT_EQ(answer.status, Status::bad_message);
    }
    EXPECT_TRUE(device.take(k_playback).empty());
}

TEST_F(SoundVirtio, StreamsShareTheDevicesQueue)
{
    start();
    play(0);
    play(1);
    for (std::uint32_t i = 0; i < 200; ++i) {
        give(0, i);
    }
    event(k_virt);
    EXPECT_EQ(device.take(k_playback).size(), 256U / 3 / 2) << "half of it";
    give(1, 200);
    give(1, 201);
    event(k_virt);
    EXPECT_EQ(device.take(k_playback).size(), 2U) << "the other one is starved";
}

TEST_F(SoundVirtio, WhatDoesNotFitIntoTheQueueFollows)
{
    start();
    play(0);
    for (std::uint32_t i = 0; i < 256; ++i) {
        give(0, i);
    }
    event(k_virt);
    std::uint32_t seen = 0;
    for (unsigned round = 0; round < 100 && seen < 256; ++round) {
        for (const auto& chain : device.take(k_playback)) {
            EXPECT_EQ(chain.pieces[1].address, k_shared + seen * 4096) << "out of order";
            ++seen;
            finish(k_playback, chain);
        }
        event(k_irq);
    }
    EXPECT_EQ(seen, 256U);
    EXPECT_EQ(link.take_buffer_answers().size(), 256U);
}

TEST_F(SoundVirtio, AReleaseAnswersForWhatTheDeviceHasNot)
{
    start();
    play(0);
    for (std::uint32_t i = 0; i < 100; ++i) {
        give(0, i);
    }
    event(k_virt);
    const auto chains = device.take(k_playback);
    tell(Code::stop, 0);
    (void)obey();
    tell(Code::release, 0);
    EXPECT_EQ(link.take_buffer_answers().size(), 100 - chains.size());
    give(0, 200); // too late
    event(k_virt);
    const auto late = link.take_buffer_answers();
    ASSERT_EQ(late.size(), 1U);
    EXPECT_EQ(late[0].status, Status::bad_message);
    for (const auto& chain : chains) {
        finish(k_playback, chain);
    }
    (void)obey();
    EXPECT_EQ(link.take_buffer_answers().size(), chains.size());
    EXPECT_EQ(link.take_command_answers().size(), 2U);
}

TEST_F(SoundVirtio, AfterAnUnderrunItGoesOn)
{
    start();
    play(0);
    for (std::uint32_t i = 0; i < 3; ++i) {
        give(0, i);
        event(k_virt);
        const auto chains = device.take(k_playback);
        ASSERT_EQ(chains.size(), 1U);
        finish(k_playback, chains[0]);
        event(k_irq); // nothing is left to be played
        EXPECT_EQ(link.take_buffer_answers().size(), 1U);
    }
}

TEST_F(SoundVirtio, ARestartGoesOnWhereItWas)
{
    start();
    play(0);
    EXPECT_EQ(command(Code::take, 2, k_cd_stereo), Status::ok);
    EXPECT_EQ(command(Code::prepare, 2), Status::ok);
    for (std::uint32_t i = 0; i < 4; ++i) {
        give(0, i);
    }
    event(k_virt);
    const auto chains = device.take(k_playback);
    ASSERT_EQ(chains.size(), 4U);
    finish(k_playback, chains[0]); // of which the driver never hears
    tell(Code::start, 2);          // nor the device

    init();
    EXPECT_EQ(device.resets, 2U);
    tell_streams();
    std::map<std::uint32_t, std::vector<Request>> told;
    for (const auto& order : obey()) {
        told[order.stream].push_back(order.code);
    }
    EXPECT_EQ(told[0], (std::vector{Request::set_parameters, Request::prepare, Request::start}));
    EXPECT_EQ(told[2], (std::vector{Request::set_parameters, Request::prepare, Request::start}));
    EXPECT_EQ(told.size(), 2U) << "the stream that nobody had";
    const auto obeyed = link.take_command_answers();
    ASSERT_EQ(obeyed.size(), 1U);
    EXPECT_EQ(obeyed[0].cookie, cookie);
    EXPECT_EQ(obeyed[0].status(), Status::ok);
    // What the device was done with is answered, the rest is played.
    const auto answers = link.take_buffer_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].cookie, 0U);
    const auto again = device.take(k_playback);
    ASSERT_EQ(again.size(), 3U);
    EXPECT_EQ(again[0].pieces[1].address, k_shared + 4096);
    EXPECT_EQ(again[2].pieces[1].address, k_shared + 3 * 4096);
    EXPECT_EQ(command(Code::stop, 0), Status::ok);
}

TEST_F(SoundVirtio, ARestartHasTheDeviceGiveUpItsStreams)
{
    start();
    play(0);
    EXPECT_EQ(command(Code::take, 2, k_cd_stereo), Status::ok);
    std::vector<std::pair<std::uint32_t, Request>> told;
    auto&                                          mmio = kit::FakeMmio::instance();
    mmio.on_write                                       = [&](auto at, auto value) {
        device.write(at - virtio_driver::test::k_base, value);
        if (at - virtio_driver::test::k_base == 0x50 && value == k_control && device.resets == 1) {
            for (const auto& chain : device.take(k_control)) {
                const auto order = read<Order>(chain);
                told.emplace_back(order.stream, order.code);
                device.complete(k_control, chain.head, 4);
            }
        }
    };
    init();
    EXPECT_EQ(device.resets, 2U);
    EXPECT_EQ(
        told,
        (std::vector<std::pair<std::uint32_t, Request>>{
            {0, Request::stop}, {0, Request::release}, {2, Request::stop}, {2, Request::release}}));
    tell_streams();
    EXPECT_EQ(obey().size(), 4U);
}

TEST_F(SoundVirtio, EventsThatNobodyAskedForAreTaken)
{
    start();
    for (unsigned i = 0; i < 40; ++i) {
        const auto chains = device.take(k_events);
        ASSERT_EQ(chains.size(), i == 0 ? k_most_events : 1U);
        device.complete(k_events, chains[0].head, 8);
        event(k_irq);
    }
}

TEST_F(SoundVirtio, AConfigurationThatWasNotFilledInEndsIt)
{
    sound_config = {};
    EXPECT_THROW(init(), kit::Crash);
    sound_config            = {};
    sound_config.magic      = sddf::sound::k_magic;
    sound_config.virt       = link.connection(k_virt);
    sound_config.virt.state = {};
    EXPECT_THROW(init(), kit::Crash);
}

} // namespace
