// SPDX-License-Identifier: BSD-2-Clause
// Buffers to be played and recorded into: which the device gets, and when they come back.
#include "sound_fixture.hpp"

namespace sound_virtio::test {
namespace {

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

} // namespace
} // namespace sound_virtio::test
