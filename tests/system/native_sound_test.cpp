// SPDX-License-Identifier: BSD-2-Clause
// Programs without a guest at a sound card: what they play is what QEMU writes down, to the sample.
#include "build.hpp"
#include "devices.hpp"
#include "front_door.hpp"
#include "kit/waveform.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <span>
#include <tuple>

namespace {

using namespace system_test;
using testing::HasSubstr;

constexpr unsigned k_rate   = 48'000;
constexpr double   k_left   = 480; ///< Hz: what tests/guests/sound plays
constexpr double   k_right  = 1200;
constexpr double   k_buffer = 1024; ///< frames
constexpr unsigned k_most   = 32;   ///< streams

std::string read_file(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Runs a system of tests/guests/sound until it switches the board off; what it prints. QEMU's
/// sound keeps the machine's time, which is the number of its instructions.
/// `sound.streams` are the most that the card has.
std::string play(const std::string& board, const std::string& name, const qemu::Sound& sound,
                 const std::string& environment = "NONE=1")
{
    const auto product =
        vmm::build_product(vmm::this_tree(), board, "debug", name + "_system").value();
    const auto system = vmm::read_system(product / "tests/guests/sound" / (name + ".json")).value();
    const auto machine = qemu::read_board(system.board_json).value();
    qemu::Options options;
    options.devices = vmm::devices_for(system, {}).value();
    options.time    = qemu::Time::instructions;
    for (auto& device : options.devices) {
        auto& card   = std::get<qemu::Sound>(device.kind);
        card.file    = sound.file;
        card.backend = sound.backend;
        card.streams = std::min(card.streams, sound.streams);
    }
    auto words = qemu::command_line(machine, system.image, options);
    words.insert(words.begin(), {"env", environment});
    qemu::Console      console(qemu::Process::start(words, qemu::Streams::piped).value());
    const qemu::Limits limits{.silence = std::chrono::minutes{2}};
    EXPECT_EQ(console.wait_for({}, limits).kind, qemu::Outcome::Kind::ended)
        << console.complaints() << console.transcript();
    return console.transcript();
}

/// All of it is one tone of half the loudness, without a sample that is not.
void expect_tone(std::span<const std::int16_t> samples, double hertz)
{
    const auto sound = kit::stretches(samples, 10);
    ASSERT_EQ(sound.size(), 1U) << "a gap";
    EXPECT_LE(sound[0].begin, 1U);
    EXPECT_GE(sound[0].end + 1, samples.size());
    EXPECT_NEAR(kit::strongest_frequency(samples, k_rate), hertz, 0.5);
    const auto tone = kit::fit_tone(samples, k_rate, hertz);
    EXPECT_NEAR(tone.amplitude, 16'000, 1);
    EXPECT_LT(tone.worst, 2) << "a sample is not the sine's";
}

class NativeSound : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override
    {
        if (const auto there = qemu::provide(k_needed); !there) {
            GTEST_SKIP() << there.error();
        }
    }
    static constexpr qemu::Version k_needed{8, 2};
};

TEST_P(NativeSound, ATonePassesVirtualiserAndDriver)
{
    const std::filesystem::path file = write_file("tone.wav", "");
    EXPECT_THAT(play(GetParam(), "sound_alone", {.file = file, .streams = k_most}),
                HasSubstr("tone: done: 94 buffers, 0 failed"));
    const auto wave = kit::read_wav(file);
    ASSERT_TRUE(wave);
    ASSERT_EQ(wave->channels.size(), 2U);
    EXPECT_EQ(wave->rate, k_rate);
    // QEMU's mixer drops what it has not written when a stream stops: less than a buffer.
    EXPECT_NEAR(static_cast<double>(wave->frames()), 94 * k_buffer, k_buffer);
    expect_tone(wave->channels[0], k_left);
    expect_tone(wave->channels[1], k_right);
}

/// An ALSA of the test's own: what is recorded comes from a file, what is played goes to one.
std::string alsa(const std::filesystem::path& source, const std::filesystem::path& played)
{
    return fmt::format("pcm.source {{ type file slave.pcm null file /dev/null infile \"{}\" "
                       "format raw }}\n"
                       "pcm.played {{ type file slave.pcm null file \"{}\" format raw }}\n"
                       "pcm.null {{ type null }}\n",
                       source.string(), played.string());
}
constexpr const char* k_alsa =
    "alsa,in.dev=source,out.dev=played,in.try-poll=off,out.try-poll=off,in.buffer-length=10000,"
    "out.buffer-length=10000,timer-period=10000,in.frequency=48000,out.frequency=48000";

/// Ten seconds of frames that count up, as ear.cpp expects them.
std::string counting()
{
    std::string bytes;
    for (unsigned i = 0; i < 10 * k_rate; ++i) {
        const unsigned left = i % 30'000 + 1;
        for (const unsigned sample : {left, left ^ 0x5555U}) {
            bytes += static_cast<char>(sample & 0xff);
            bytes += static_cast<char>(sample >> 8);
        }
    }
    return bytes;
}

TEST_P(NativeSound, TwoPlayAtATimeAndAThirdRecords)
{
    const std::filesystem::path source = write_file("source.raw", counting());
    const std::filesystem::path played = write_file("played.raw", "");
    const auto                  config = write_file("alsa.conf", alsa(source, played));
    const auto said = play(GetParam(), "sound_together", {.backend = k_alsa, .streams = k_most},
                           "ALSA_CONFIG_PATH=" + config);
    EXPECT_THAT(said, HasSubstr("left: done: 60 buffers, 0 failed"));
    EXPECT_THAT(said, HasSubstr("right: done: 80 buffers, 0 failed"));
    EXPECT_THAT(said, HasSubstr("ear: done: 94 buffers, 0 failed, 96256 frames, 0 breaks"));
    const auto bytes = read_file(played);
    const auto wave  = kit::parse_raw(std::as_bytes(std::span{bytes}), k_rate, 2);
    for (const auto& [channel, hertz, buffers] : {std::tuple{0U, k_left, 60}, {1U, k_right, 80}}) {
        const auto& samples = wave.channels[channel];
        const auto  sound   = kit::stretches(samples, 10);
        ASSERT_EQ(sound.size(), 1U) << "a gap in channel " << channel;
        EXPECT_NEAR(static_cast<double>(sound[0].size()), buffers * k_buffer, k_buffer);
        expect_tone(std::span{samples}.subspan(sound[0].begin, sound[0].size()), hertz);
    }
}

TEST_P(NativeSound, PlaysOnThroughRestartsBesideAVandal)
{
    const std::filesystem::path file = write_file("restarts.wav", "");
    const auto said = play(GetParam(), "sound_restarts", {.file = file, .streams = k_most});
    EXPECT_THAT(said, HasSubstr("keeper: 200 restarts"));
    EXPECT_THAT(said, HasSubstr("long: done: 500 buffers, 0 failed"));
    EXPECT_THAT(said, testing::Not(HasSubstr("WRONG")));
    const auto wave = kit::read_wav(file);
    ASSERT_TRUE(wave);
    EXPECT_GE(static_cast<double>(wave->frames()), 490 * k_buffer) << "something was not played";
    // When all is quiet it is as if nothing had been.
    for (const auto& [channel, hertz] : {std::pair{0U, k_left}, {1U, k_right}}) {
        const std::span samples{wave->channels[channel]};
        expect_tone(samples.last(3 * std::size_t{k_rate}), hertz);
    }
}

TEST_P(NativeSound, WhoDiesWhilePlayingLosesTheOnlyStream)
{
    const std::filesystem::path file = write_file("gone.wav", "");
    const auto                  said = play(GetParam(), "sound_gone", {.file = file, .streams = 2});
    EXPECT_THAT(said, HasSubstr("heir: done: 94 buffers, 0 failed"));
    const auto wave = kit::read_wav(file);
    ASSERT_TRUE(wave);
    for (const auto& [channel, hertz] : {std::pair{0U, k_left}, {1U, k_right}}) {
        const std::span samples{wave->channels[channel]};
        expect_tone(samples.last(90 * static_cast<std::size_t>(k_buffer)), hertz);
    }
}

INSTANTIATE_TEST_SUITE_P(Boards, NativeSound, testing::Values(k_gicv2, k_gicv3),
                         [](const auto& parameter) {
                             return parameter.param == std::string(k_gicv2) ? "gicv2" : "gicv3";
                         });

} // namespace
