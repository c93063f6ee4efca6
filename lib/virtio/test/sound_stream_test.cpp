// SPDX-License-Identifier: BSD-2-Clause
// Streams of the sound device that play and record (virtIO 1.2, sections 5.14.6.6 to 5.14.6.8).
#include "sound_fixture.hpp"

namespace {

TEST_F(VirtioSound, 5_14_6_6_TheCardIsCommanded)
{
    run_stream();
    EXPECT_EQ(card.commands, "0P 0S ");
    EXPECT_EQ(card.parameters.channels, 2u);
    EXPECT_EQ(card.parameters.format, 5u);
    EXPECT_EQ(card.parameters.rate, 7u);
    EXPECT_EQ(card.parameters.period_bytes, 400u);
    EXPECT_EQ(request({k_stop, 0}), k_ok);
    EXPECT_EQ(request({k_release, 0}), k_ok);
    EXPECT_EQ(request({k_prepare, 0}), k_ok); // with the parameters of before
    EXPECT_EQ(card.commands, "0P 0S 0X 0R 0P ");
    EXPECT_EQ(set(), k_ok); // takes the preparation back
    EXPECT_EQ(card.commands, "0P 0S 0X 0R 0P 0R ");
}

TEST_F(VirtioSound, 5_14_6_6_WhatTheCardCannotDoIsSaid)
{
    card.at_once = false;
    ASSERT_EQ(set(), k_ok);
    const auto at = ask({k_prepare, 0});
    EXPECT_EQ(word(at), k_none);
    card.answer(SoundStatus::io);
    EXPECT_EQ(word(at), k_io);
    const auto again = ask({k_prepare, 0}); // it is where it was
    card.answer();
    EXPECT_EQ(word(again), k_ok);
}

TEST_F(VirtioSound, 5_14_6_6_ABusyStreamDoesNotHoldUpAnother)
{
    card.at_once = false;
    ASSERT_EQ(set(), k_ok);
    ASSERT_EQ(set(1, 0, 1 | 5 << 8 | 7 << 16), k_ok);
    const auto first  = ask({k_prepare, 0});
    const auto other  = ask({k_prepare, 1});
    const auto second = ask({k_start, 0}); // behind the first
    EXPECT_EQ(card.commands, "0P 1P ");
    card.answer();
    EXPECT_EQ(word(first), k_ok);
    EXPECT_EQ(card.commands, "0P 1P 0S ");
    card.answer();
    EXPECT_EQ(word(other), k_ok);
    card.answer();
    EXPECT_EQ(word(second), k_ok);
    EXPECT_TRUE(driver.line.high);
}

TEST_F(VirtioSound, 5_14_6_8_1_1_AMessageIsAnsweredWhenItWasPlayed)
{
    run_stream();
    const auto status = play("left right");
    EXPECT_EQ(word(status), k_none);
    EXPECT_FALSE(rings[2]->used());
    EXPECT_EQ(card.finish(0), "left right");
    card.device->batch_done();
    EXPECT_EQ(word(status), k_ok);
    EXPECT_EQ(word(status + 4), 7u); // latency
    EXPECT_EQ(rings[2]->used()->written, 8u);
    EXPECT_TRUE(driver.line.high);
}

/// What the driver fills its buffer with is all taken before the card has played any of it.
TEST_F(VirtioSound, 5_14_6_6_3_1_TheBufferIsAsLargeAsTheDriverSays)
{
    ASSERT_EQ(set(0, 0, 2 | 5 << 8 | 7 << 16, Sound::k_most_messages * 400), k_ok);
    ASSERT_EQ(request({k_prepare, 0}), k_ok);
    ASSERT_EQ(request({k_start, 0}), k_ok);
    for (unsigned i = 0; i < Sound::k_most_messages; ++i) {
        EXPECT_EQ(word(play(std::string(400, static_cast<char>('a' + i)))), k_none);
    }
    for (unsigned i = 0; i < Sound::k_most_messages; ++i) {
        EXPECT_EQ(card.finish(0), std::string(400, static_cast<char>('a' + i)));
    }
    EXPECT_EQ(device.counters().refused, 0u);
}

TEST_F(VirtioSound, 5_14_6_8_2_1_WhatWasRecorded)
{
    run_stream(1);
    const auto whole = record(100);
    const auto part  = record(100);
    (void)card.finish(1, 100);
    (void)card.finish(1, 30); // the end of the stream
    card.device->batch_done();
    EXPECT_EQ(word(whole.status), k_ok);
    EXPECT_EQ(ram.text(whole.frames, 100), std::string(100, 'r'));
    EXPECT_EQ(rings[3]->used()->written, 108u);
    EXPECT_EQ(word(part.status), k_ok); // where the driver looks for it
    EXPECT_EQ(rings[3]->used()->written, 38u);
}

TEST_F(VirtioSound, 5_14_6_8_MessagesThatNoStreamTakes)
{
    const auto idle = play("x"); // not prepared
    EXPECT_EQ(word(idle), k_io);
    EXPECT_EQ(word(play("x", 2)), k_io);
    run_stream();
    run_stream(1);
    EXPECT_EQ(word(play("x", 1)), k_io); // of the other direction
    EXPECT_EQ(word(record(4, 0).status), k_io);
    while (rings[2]->used()) {
    }
    for (unsigned i = 0; i < Sound::k_most_messages; ++i) {
        EXPECT_EQ(word(play("x")), k_none);
    }
    EXPECT_EQ(word(play("x")), k_io);
    EXPECT_EQ(word(record(4).status), k_none); // the other stream has its own
    EXPECT_EQ(device.counters().refused, 5u);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioSound, 5_14_6_8_1_2_NoBuffersForWritingInTx)
{
    run_stream();
    rings[2]->add({to_device(ram.allocate(8), 8), from_device(ram.allocate(16), 16)});
    driver.notify(2);
    EXPECT_TRUE(driver.needs_reset());
    start();
    rings[2]->add({to_device(ram.allocate(4), 3), from_device(ram.allocate(8), 8)});
    driver.notify(2);
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(VirtioSound, 5_14_6_8_2_2_NoBuffersForReadingInRx)
{
    run_stream(1);
    rings[3]->add({to_device(ram.allocate(8), 8), from_device(ram.allocate(16), 16)});
    driver.notify(3);
    EXPECT_TRUE(driver.needs_reset());
    start();
    rings[3]->add({to_device(ram.allocate(4), 4), from_device(ram.allocate(8), 7)});
    driver.notify(3);
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(VirtioSound, 5_14_6_6_5_1_ReleaseEndsAllMessagesFirst)
{
    run_stream();
    card.at_once     = false;
    const auto sound = play("x");
    const auto stop  = ask({k_stop, 0});
    card.answer();
    EXPECT_EQ(word(stop), k_ok);
    EXPECT_EQ(word(sound), k_none);
    const auto release = ask({k_release, 0});
    EXPECT_EQ(word(release), k_none);
    EXPECT_EQ(word(play("y")), k_io); // none comes in between
    card.answer();
    EXPECT_EQ(word(sound), k_io);
    EXPECT_EQ(word(release), k_ok);
}

TEST_F(VirtioSound, 5_14_6_7_AnXrunIsAnEventForWhoAsked)
{
    run_stream(0, 1 << 4);
    (void)play("x");
    (void)play("y");
    (void)card.finish(0);
    card.device->batch_done();
    EXPECT_EQ(event(), ""); // there is another
    (void)card.finish(0);
    card.device->batch_done();
    EXPECT_EQ(event(), "257:0"); // 0x1101
    EXPECT_EQ(event(), "");
    EXPECT_EQ(device.counters().xruns, 1u);
    ASSERT_EQ(request({k_stop, 0}), k_ok);
    ASSERT_EQ(request({k_release, 0}), k_ok);
    run_stream(0, 0);
    (void)play("x");
    (void)card.finish(0);
    card.device->batch_done();
    EXPECT_EQ(event(), "");
    EXPECT_EQ(device.counters().xruns, 2u);
}

TEST_F(VirtioSound, ADriverThatGoesAwayLeavesNothing)
{
    run_stream();
    const auto sound = play("x");
    driver.write(kit::Mmio::status, 0);
    EXPECT_GE(card.resets, 1u);
    EXPECT_EQ(word(sound), k_none);
    start();
    EXPECT_EQ(request({k_start, 0}), k_bad);
    run_stream();
}

TEST_F(VirtioSound, 2_6_1_AResetOfOneQueue)
{
    run_stream();
    run_stream(1);
    const auto sound     = play("x");
    const auto recording = record(10);
    driver.write(kit::Mmio::queue_sel, 2);
    driver.write(kit::Mmio::queue_reset, 1);
    EXPECT_EQ(word(sound), k_none); // its memory is the driver's again
    EXPECT_EQ(word(recording.status), k_io);
    EXPECT_EQ(request({k_start, 0}), k_bad);
    // The control queue, while a command is under way.
    card.at_once = false;
    ASSERT_EQ(set(), k_ok);
    const auto prepare = ask({k_prepare, 0});
    driver.write(kit::Mmio::queue_sel, 0);
    driver.write(kit::Mmio::queue_reset, 1);
    rings[0] = &driver.set_up(0);
    card.answer();
    EXPECT_EQ(word(prepare), k_none);
    const auto begin = ask({k_start, 0});
    card.answer();
    EXPECT_EQ(word(begin), k_ok);
}

} // namespace
