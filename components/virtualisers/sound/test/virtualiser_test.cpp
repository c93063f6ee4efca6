// SPDX-License-Identifier: BSD-2-Clause
// Streams and their owners, and what a client may say and give.
#include "fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace sound_virt;
using namespace sound_virt::test;
using testing::Contains;

TEST_F(SoundVirt, EachClientSeesStreamsOfItsOwn)
{
    sound_config.clients[1].playback = 2;
    sound_config.clients[2].capture  = 0;
    start(4, 2);
    EXPECT_EQ(links[0].page().streams, 2U);
    EXPECT_EQ(links[1].page().streams, 3U);
    EXPECT_EQ(links[2].page().streams, 1U);
    const auto& page = links[1].page();
    ASSERT_TRUE(page.is_ready());
    EXPECT_EQ(page.stream_info[0].direction, 0);
    EXPECT_EQ(page.stream_info[1].direction, 0);
    EXPECT_EQ(page.stream_info[2].direction, 1);
    EXPECT_EQ(page.stream_info[2].formats, 1U << 5);
    // The second client's streams are the device's second and third, and its sixth.
    for (const auto& [mine, device] : {std::pair{0U, 1U}, {1U, 2U}, {2U, 5U}}) {
        tell(1, Code::take, mine, k_offered);
        const auto commands = obey();
        ASSERT_EQ(commands.size(), 1U);
        EXPECT_EQ(commands[0].stream_id, device);
        EXPECT_EQ(commands[0].value, k_offered);
    }
}

TEST_F(SoundVirt, ADriverThatIsReadyLateIsWaitedFor)
{
    init();
    event(1);
    EXPECT_FALSE(links[0].page().is_ready());
    set_streams(3, 3);
    event(k_driver);
    EXPECT_TRUE(links[0].page().is_ready());
    EXPECT_THAT(fake.notifications, Contains(1U)) << "nobody would look at the page";
}

TEST_F(SoundVirt, WhereStreamsAreScarceSomeSeeTheSame)
{
    start(2, 1);
    play(0, 0);
    EXPECT_EQ(command(1, Code::take, 0), Status::ok) << "the other one";
    EXPECT_EQ(command(2, Code::take, 0), Status::busy);
    EXPECT_EQ(command(2, Code::prepare, 0), Status::busy);
    EXPECT_EQ(command(0, Code::release, 0), Status::ok);
    EXPECT_EQ(command(2, Code::take, 0), Status::ok);
    EXPECT_EQ(command(0, Code::take, 0), Status::busy);
}

TEST_F(SoundVirt, CommandsAreCheckedBeforeTheDriverSeesThem)
{
    start();
    const auto refuse = [&](Code code, std::uint32_t stream, std::uint32_t value, Status wanted) {
        tell(0, code, stream, value);
        EXPECT_TRUE(driver.take_commands().empty());
        const auto answers = links[0].take_command_answers();
        ASSERT_EQ(answers.size(), 1U);
        EXPECT_EQ(answers[0].status(), wanted);
        EXPECT_THAT(fake.notifications, Contains(1U));
    };
    refuse(Code::take, 2, k_offered, Status::bad_message);
    refuse(Code::take, ~0U, k_offered, Status::bad_message);
    refuse(Code::prepare, 0, 0, Status::bad_message);
    refuse(Code{5}, 0, 0, Status::bad_message);
    refuse(Code::take, 0, Command::parameters(0, 5, 7), Status::not_supported);
    refuse(Code::take, 0, Command::parameters(3, 5, 7), Status::not_supported);
    refuse(Code::take, 0, Command::parameters(2, 6, 7), Status::not_supported);
    refuse(Code::take, 0, Command::parameters(2, 5, 8), Status::not_supported);
    refuse(Code::take, 0, Command::parameters(2, 69, 7), Status::not_supported);
    refuse(Code::take, 0, Command::parameters(2, 5, 255), Status::not_supported);
    EXPECT_EQ(command(0, Code::take, 0), Status::ok);
    refuse(Code::start, 0, 0, Status::bad_message);
    refuse(Code::stop, 0, 0, Status::bad_message);
    refuse(Code{5}, 0, 0, Status::bad_message);
    EXPECT_EQ(command(0, Code::prepare, 0), Status::ok);
    EXPECT_EQ(command(0, Code::start, 0), Status::ok);
    refuse(Code::prepare, 0, 0, Status::bad_message);
    refuse(Code::start, 0, 0, Status::bad_message);
}

TEST_F(SoundVirt, AStreamIsToldOneThingAtATime)
{
    start();
    tell(0, Code::take, 0, k_offered);
    tell(0, Code::prepare, 0);
    auto answers = links[0].take_command_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].code, Code::prepare);
    EXPECT_EQ(answers[0].status(), Status::busy);
    EXPECT_EQ(obey().size(), 1U);
    EXPECT_EQ(links[0].take_command_answers().size(), 1U);
}

TEST_F(SoundVirt, ATakeThatFailsLeavesNoOwner)
{
    start(1, 1);
    tell(0, Code::take, 0, k_offered);
    (void)obey(Status::not_supported);
    const auto answers = links[0].take_command_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status(), Status::not_supported);
    EXPECT_EQ(command(1, Code::take, 0), Status::ok);
}

TEST_F(SoundVirt, AReleaseThatFailsEndsItAllTheSame)
{
    start(1, 1);
    play(0, 0);
    tell(0, Code::release, 0);
    (void)obey(Status::io);
    EXPECT_EQ(command(1, Code::take, 0), Status::ok);
}

TEST_F(SoundVirt, AClientThatBeganAnewGetsItsStreamBack)
{
    start();
    play(0, 0);
    tell(0, Code::take, 0, k_offered);
    const auto commands = obey();
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_EQ(commands[0].code, Code::release);
    EXPECT_EQ(commands[1].code, Code::take);
    EXPECT_EQ(commands[1].value, k_offered);
    const auto answers = links[0].take_command_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].code, Code::take);
    EXPECT_EQ(answers[0].status(), Status::ok);
    EXPECT_EQ(command(0, Code::prepare, 0), Status::ok);
}

/// One card, one stream; the first client plays and has an answer that it does not take.
class SoundVirtGone : public SoundVirt {
protected:
    void play_and_fall_silent()
    {
        start(1, 1);
        play(0, 0);
        give(0, 1, 0, 0);
        give(0, 2, 0, 4096);
        event(1);
        const auto buffers = driver.take_buffers();
        ASSERT_EQ(buffers.size(), 2U);
        EXPECT_TRUE(driver.answer(buffers[0]));
        event(k_driver);
    }
};

TEST_F(SoundVirtGone, AStreamIsTakenFromAClientThatIsGone)
{
    have_timer();
    play_and_fall_silent();
    tell(1, Code::take, 0, k_offered);
    EXPECT_TRUE(links[1].take_command_answers().empty());
    EXPECT_EQ(timeouts, 1U);
    EXPECT_EQ(command(2, Code::take, 0), Status::busy) << "one waits already";
    event(k_timer);
    EXPECT_TRUE(driver.take_commands().empty()) << "too soon";
    EXPECT_EQ(timeouts, 2U);
    event(k_timer);
    const auto commands = obey();
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_EQ(commands[0].code, Code::release);
    EXPECT_EQ(commands[1].code, Code::take);
    EXPECT_EQ(timeouts, 2U);
    const auto answers = links[1].take_command_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].cookie, cookie - 1);
    EXPECT_EQ(answers[0].status(), Status::ok);
    EXPECT_EQ(command(1, Code::prepare, 0), Status::ok);
    EXPECT_EQ(command(0, Code::stop, 0), Status::busy) << "it was not gone after all";
}

TEST_F(SoundVirtGone, ButNotFromOneThatTakesItsAnswers)
{
    have_timer();
    play_and_fall_silent();
    tell(1, Code::take, 0, k_offered);
    event(k_timer);
    EXPECT_EQ(links[0].take_buffer_answers().size(), 1U);
    event(k_timer);
    EXPECT_TRUE(driver.take_commands().empty());
    const auto answers = links[1].take_command_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].status(), Status::busy);
    EXPECT_EQ(command(0, Code::stop, 0), Status::ok);
    // Nothing lies in its rings now: there is nothing to wait for.
    EXPECT_EQ(command(1, Code::take, 0), Status::busy);
}

TEST_F(SoundVirtGone, WhoWaitsGetsWhatIsReleasedMeanwhile)
{
    have_timer();
    play_and_fall_silent();
    tell(1, Code::take, 0, k_offered);
    EXPECT_EQ(command(0, Code::release, 0), Status::ok);
    event(k_timer);
    event(k_timer);
    const auto commands = obey();
    ASSERT_EQ(commands.size(), 1U);
    EXPECT_EQ(commands[0].code, Code::take);
    EXPECT_EQ(links[1].take_command_answers().size(), 1U);
}

TEST_F(SoundVirtGone, ARestartKnowsWhoWaits)
{
    have_timer();
    play_and_fall_silent();
    tell(1, Code::take, 0, k_offered);
    init();
    fake.end_of_entry_point();
    EXPECT_EQ(timeouts, 2U);
    event(k_timer);
    event(k_timer);
    EXPECT_EQ(obey().size(), 2U);
    EXPECT_EQ(links[1].take_command_answers().size(), 1U);
}

TEST_F(SoundVirtGone, WithoutATimerTheStreamStaysWithIt)
{
    play_and_fall_silent();
    EXPECT_EQ(command(1, Code::take, 0), Status::busy);
}

TEST_F(SoundVirt, BuffersGetTheDevicesAddress)
{
    start();
    play(1, 0);
    give(1, 7, 0, 8192, 100);
    event(2);
    auto buffers = driver.take_buffers();
    ASSERT_EQ(buffers.size(), 1U);
    EXPECT_EQ(buffers[0].stream_id, 1U);
    EXPECT_EQ(buffers[0].io_or_offset, address(1, 8192));
    EXPECT_EQ(buffers[0].len, 100U);
    buffers[0].latency_bytes = 33;
    EXPECT_TRUE(driver.answer(buffers[0]));
    event(k_driver);
    EXPECT_THAT(fake.notifications, Contains(2U));
    const auto answers = links[1].take_buffer_answers();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].cookie, 7U);
    EXPECT_EQ(answers[0].stream_id, 0U);
    EXPECT_EQ(answers[0].io_or_offset, 8192U);
    EXPECT_EQ(answers[0].latency_bytes, 33U);
    EXPECT_EQ(answers[0].status, Status::ok);
}

TEST_F(SoundVirt, NoMoreIsSaidToBeRecordedThanThereWasRoomFor)
{
    start();
    play(0, 1);
    give(0, 1, 1, 0, 64);
    event(1);
    auto buffers   = driver.take_buffers();
    buffers[0].len = 4096;
    EXPECT_TRUE(driver.answer(buffers[0]));
    event(k_driver);
    EXPECT_EQ(links[0].take_buffer_answers().at(0).len, 64U);
}

TEST_F(SoundVirt, BuffersThatAClientMayNotGiveAreRefused)
{
    start();
    play(0, 0);
    play(1, 0);
    give(0, 0, 0, 1);             // crooked
    give(0, 1, 0, 16384);         // behind the region
    give(0, 2, 0, 12288, 4097);   // too long
    give(0, 3, 0, 0, 0);          // nothing
    give(0, 4, 0, ~0ULL - 4095);  // wraps
    give(0, 5, 1, 0);             // not taken
    give(0, 6, 2, 0);             // no such stream
    give(0, 7, ~0U, 0);           // likewise
    give(0, 8, 0, address(1, 0)); // another's
    event(1);
    EXPECT_TRUE(driver.take_buffers().empty());
    const auto answers = links[0].take_buffer_answers();
    ASSERT_EQ(answers.size(), 9U);
    for (std::uint32_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].cookie, i);
        EXPECT_EQ(answers[i].status, Status::bad_message);
    }
}

TEST_F(SoundVirt, NobodyTakesTheDriversQueueAlone)
{
    start();
    play(0, 0);
    play(1, 0);
    for (std::uint32_t i = 0; i < 256; ++i) {
        give(0, i, 0, 0);
    }
    event(1);
    EXPECT_EQ(driver.take_buffers().size(), k_slots / k_clients);
    give(1, 0, 0, 0);
    event(2);
    EXPECT_EQ(driver.take_buffers().size(), 1U) << "the other one is starved";
}

TEST_F(SoundVirt, WhoDoesNotTakeItsAnswersIsNotServed)
{
    start();
    play(0, 0);
    for (unsigned round = 0; round < 6; ++round) {
        for (std::uint32_t i = 0; i < 64; ++i) {
            (void)links[0].give(buffer(i, 0, 0));
        }
        event(1);
        for (const auto& it : driver.take_buffers()) {
            EXPECT_TRUE(driver.answer(it));
        }
        event(k_driver);
    }
    EXPECT_EQ(links[0].take_buffer_answers().size(), sddf::sound::k_pcm_capacity);
    event(1);
    EXPECT_FALSE(driver.take_buffers().empty()) << "it has taken them";
}

TEST_F(SoundVirt, AnswersThatNobodyWaitsForAreNobodys)
{
    start();
    play(0, 0);
    give(0, 1, 0, 0);
    event(1);
    const auto it = driver.take_buffers().at(0);
    EXPECT_TRUE(driver.answer(it));
    EXPECT_TRUE(driver.answer(it)); // twice
    auto other = it;
    other.cookie ^= 0x100;
    EXPECT_TRUE(driver.answer(other)); // of another use
    other.cookie = 255;
    EXPECT_TRUE(driver.answer(other)); // never given
    EXPECT_TRUE(driver.answer({Code::start, 1, 0, 0}, Status::ok));
    EXPECT_TRUE(driver.answer({Code::start, 1, ~0U, 0}, Status::ok));
    event(k_driver);
    EXPECT_EQ(links[0].take_buffer_answers().size(), 1U);
    EXPECT_TRUE(links[0].take_command_answers().empty());
}

TEST_F(SoundVirt, ARestartKnowsWhoHasWhat)
{
    start();
    play(0, 0);
    give(0, 1, 0, 0);
    event(1);
    const auto playing = driver.take_buffers();
    tell(1, Code::take, 0, k_offered);
    const auto commands = driver.take_commands();
    ASSERT_EQ(commands.size(), 1U);
    init();
    fake.end_of_entry_point();
    // What was under way is answered to those who asked.
    EXPECT_TRUE(driver.answer(playing.at(0)));
    EXPECT_TRUE(driver.answer(commands[0], Status::ok));
    event(k_driver);
    EXPECT_EQ(links[0].take_buffer_answers().size(), 1U);
    EXPECT_EQ(links[1].take_command_answers().size(), 1U);
    EXPECT_EQ(command(1, Code::prepare, 0), Status::ok);
    EXPECT_EQ(command(0, Code::stop, 0), Status::ok);
    EXPECT_EQ(command(0, Code::release, 0), Status::ok);
}

TEST_F(SoundVirt, AConfigurationThatCannotBeEndsIt)
{
    sound_config.num_clients = 17;
    EXPECT_THROW(init(), kit::Crash);
    sound_config.num_clients                 = 1;
    sound_config.clients[0].connection.state = {};
    EXPECT_THROW(init(), kit::Crash);
}

} // namespace
