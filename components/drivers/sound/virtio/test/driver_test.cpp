// SPDX-License-Identifier: BSD-2-Clause
// What the driver tells its device of streams and commands, and what a restart of either leaves.
#include "sound_fixture.hpp"

#include <map>

namespace sound_virtio::test {
namespace {

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
} // namespace sound_virtio::test
