// SPDX-License-Identifier: BSD-2-Clause
// A guest's sound (examples/sound), heard from outside: QEMU writes what it plays into a WAV file
// and gives it a known source to record. Time is counted in instructions, so that a busy host makes
// no gaps: what is missing was lost by us.
#include "guest_pair.hpp"
#include "kit/waveform.hpp"
#include "linux_disk.hpp"
#include "qemu/program.hpp"
#include "sound_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace system_test;
using testing::HasSubstr;

constexpr unsigned    k_rate  = 48'000;
constexpr std::size_t k_pause = k_rate / 100; ///< what parts two sounds, in samples
constexpr double      k_full  = 32'767;
constexpr const char* k_words = "/usr/share/sounds/alsa/";

class Sound : public testing::Test {
protected:
    void SetUp() override
    {
        if (const auto there = qemu::provide({8, 2}); !there) {
            GTEST_SKIP() << there.error();
        }
    }
    static LinuxOptions options(const qemu::Sound& sound)
    {
        return {.system  = "examples/sound/sound",
                .kernel  = "linux-6.12",
                .cmdline = "console=hvc0 quiet",
                .sound   = sound,
                .shift   = 3};
    }
};

/// Runs `command`, which must end well; what it prints.
std::string do_well(LinuxGuest& guest, const std::string& command)
{
    auto output = guest.run(command);
    EXPECT_EQ(guest.exit_code(), 0) << command << "\n" << output << guest.complaints();
    return output;
}

/// One of the words that Debian speaks.
kit::Samples word(const std::string& name)
{
    const auto wave = kit::read_wav(root() / ".cache/guest/sound" / (k_words + 1) / name);
    return wave ? wave->channels.at(0) : kit::Samples{};
}

std::span<const std::int16_t> part(const kit::Samples& samples, const kit::Stretch& where)
{
    return std::span{samples}.subspan(where.begin, where.size());
}

/// A sine that speaker-test plays: which, how long, how loud, and no sample out of line.
void expect_tone(const kit::Samples& samples, const kit::Stretch& where, double frequency)
{
    const auto heard = part(samples, where);
    EXPECT_NEAR(static_cast<double>(where.size()) / k_rate, 2.6, 0.5);
    EXPECT_NEAR(kit::strongest_frequency(heard, k_rate), frequency, 0.1);
    const auto tone = kit::fit_tone(heard, k_rate, frequency);
    EXPECT_NEAR(20 * std::log10(tone.amplitude / k_full), 20 * std::log10(0.8), 0.1) << "in dB";
    EXPECT_LT(tone.worst, 8) << "a gap, a click or another speed";
}

TEST_F(Sound, ATonePerChannelSpeechAndAnUnderrun)
{
    const auto file = new_image("played.wav");
    LinuxGuest guest{options({.file = file, .backend = {}})};
    ASSERT_TRUE(guest.boots()) << guest.log();
    EXPECT_THAT(guest.run("amixer -c 0 contents"), HasSubstr("Jack"));
    EXPECT_THAT(do_well(guest, "speaker-test -D hw:0,0 -t sine -f 440 -c 2 -l 1"),
                HasSubstr("1 - Front Right"));
    (void)do_well(guest, std::string("aplay ") + k_words + "Front_Left.wav");
    // One that does not come after with its samples.
    EXPECT_THAT(guest.run("mkfifo pipe; (head -c 96000 /dev/zero; sleep 2; head -c 96000 "
                          "/dev/zero) > pipe & aplay -f S16_LE -r 48000 -c 2 pipe 2>&1"),
                HasSubstr("underrun"));
    (void)do_well(guest, std::string("aplay ") + k_words + "Front_Right.wav");
    guest.type("poweroff");
    ASSERT_TRUE(guest.ends());

    const auto played = kit::read_wav(file);
    ASSERT_TRUE(played);
    ASSERT_EQ(played->rate, k_rate);
    ASSERT_EQ(played->channels.size(), 2u);
    const auto& left     = played->channels[0];
    const auto& right    = played->channels[1];
    const auto  in_left  = kit::stretches(left, k_pause);
    const auto  in_right = kit::stretches(right, k_pause);
    ASSERT_GE(in_left.size(), 3u);
    ASSERT_GE(in_right.size(), 3u);
    expect_tone(left, in_left[0], 440);
    expect_tone(right, in_right[0], 440);
    EXPECT_GE(in_right[0].begin, in_left[0].end) << "first left, then right";
    for (const auto* const name : {"Front_Left.wav", "Front_Right.wav"}) {
        const auto spoken = word(name);
        ASSERT_FALSE(spoken.empty());
        EXPECT_TRUE(kit::find(left, spoken)) << name << ": sample for sample";
        EXPECT_EQ(kit::find(left, spoken), kit::find(right, spoken));
    }
}

TEST_F(Sound, RecordsWhatThereIsAndPlaysMeanwhile)
{
    const SoundSource source{10 * k_rate};
    LinuxGuest        guest{options({.file = {}, .backend = source.backend()})};
    ASSERT_TRUE(guest.boots()) << guest.log();
    const std::string format = " -q -f S16_LE -r 48000 -c 2 -D hw:0,0 ";
    (void)do_well(guest, "arecord -d 2" + format + "first.wav");
    // Both directions at once, what is heard goes on to the other side.
    (void)do_well(guest,
                  "arecord -d 2" + format + "second.wav & aplay -q -D hw:0,0 first.wav && wait");
    (void)do_well(guest, "aplay -q -D hw:0,0 second.wav");
    guest.type("poweroff");
    ASSERT_TRUE(guest.ends());

    // Noise is never silent: what was played of it are its two recordings, and nothing between.
    const auto        played   = source.played();
    const auto        given    = source.given();
    constexpr auto    k_length = std::size_t{2} * k_rate;
    const auto        parts    = kit::stretches(played.channels.at(0), 1);
    const std::size_t first    = parts.empty() ? 0 : parts.front().begin;
    ASSERT_FALSE(parts.empty());
    ASSERT_LE(parts.size(), 2u) << "a gap";
    ASSERT_EQ(parts.front().size() + (parts.size() > 1 ? parts.back().size() : 0), 2 * k_length);
    for (const std::size_t at : {first, parts.back().end - k_length}) {
        const kit::Stretch where{.begin = at, .end = at + k_length};
        const auto         place = kit::find(given.channels[0], part(played.channels[0], where));
        EXPECT_TRUE(place) << "sample for sample";
        EXPECT_EQ(place, kit::find(given.channels[1], part(played.channels[1], where)));
    }
}

/// Two guests on one card. Left is what `two` plays, right what `one` does, unless they say words.
constexpr const char* k_two_guests = R"(<system>
    <timer name="timer" />
    <serial name="serial" device="uart0" colour="false">
        <virt_tx image="serial_virt_tx_labels.elf" />
    </serial>
    <sound name="sound" device="virtio_mmio.27" />
    <entropy name="rng" device="virtio_mmio.28" />
    <guest name="one" image="sound.elf" ram="0x10000000" smc="true">
        <console serial="serial" label="one" />
        <sound sound="sound" />
        <entropy entropy="rng" />
    </guest>
    <guest name="two" image="sound.elf" ram="0x10000000">
        <console serial="serial" label="two" />
        <sound sound="sound" />
        <entropy entropy="rng" />
    </guest>
</system>
)";

/// Four seconds on one speaker; says when it is heard, and how it ended.
std::string tone(unsigned speaker, unsigned frequency)
{
    return "(speaker-test -D hw:0,0 -t sine -c 2 -s " + std::to_string(speaker) + " -f " +
           std::to_string(frequency) +
           " > log 2>&1; echo en''ded $?) & until grep -q RUNNING "
           "/proc/asound/card0/pcm0p/sub0/status; do usleep 20000; done; echo he''ard";
}

/// What one of them does in the middle of a stream, even a reset, nobody hears in the other's.
TEST_F(Sound, TwoGuestsAtOnceAndAResetInTheMiddleOfAStream)
{
    const auto file  = new_image("both.wav");
    auto       setup = options({.file = file, .backend = {}});
    setup.layout     = write_file("two_sound_guests.layout.xml", k_two_guests);
    GuestPair both{setup};
    ASSERT_TRUE(both.both_boot()) << both.log();
    ASSERT_TRUE(both.ask(1, tone(1, 1000), "two| heard")) << both.log();
    ASSERT_TRUE(both.ask(0, tone(2, 440), "one| heard")) << both.log();
    ASSERT_TRUE(both.ask(1, "reboot -f", "vmm: guest \"two\" asked for a reset")) << both.log();
    ASSERT_TRUE(both.says_all({"one| ended 0", "two| guest: ready"})) << both.log();
    const auto words = std::string("aplay -q ") + k_words;
    EXPECT_TRUE(both.ask(1, words + "Front_Left.wav; echo en''ded $?", "two| ended 0"))
        << both.log();
    EXPECT_TRUE(both.ask(0, words + "Front_Right.wav; echo en''ded $?", "one| ended 0"))
        << both.log();
    both.tell(0, "poweroff");
    ASSERT_TRUE(both.ends());

    const auto played = kit::read_wav(file);
    ASSERT_TRUE(played);
    const auto& left     = played->channels.at(0);
    const auto& right    = played->channels.at(1);
    const auto  in_left  = kit::stretches(left, k_pause);
    const auto  in_right = kit::stretches(right, k_pause);
    ASSERT_FALSE(in_left.empty() || in_right.empty());
    const auto all = part(right, in_right[0]);
    EXPECT_GT(all.size(), std::size_t{4} * k_rate) << "all of it";
    EXPECT_NEAR(kit::strongest_frequency(all, k_rate), 440, 0.1);
    EXPECT_LT(kit::fit_tone(all, k_rate, 440).worst, 8) << "a gap";
    EXPECT_GT(in_left[0].end, in_right[0].begin) << "both at once";
    EXPECT_LT(in_left[0].end, in_right[0].end) << "the reset was in the middle";
    EXPECT_NEAR(kit::strongest_frequency(part(left, in_left[0]), k_rate), 1000, 1);
    for (const auto* const name : {"Front_Left.wav", "Front_Right.wav"}) {
        EXPECT_TRUE(kit::find(left, word(name))) << name;
    }
}

} // namespace
