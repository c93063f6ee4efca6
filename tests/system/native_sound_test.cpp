// SPDX-License-Identifier: BSD-2-Clause
// Programs without a guest at a sound card: what they play is what QEMU writes down, to the sample.
#include "build.hpp"
#include "devices.hpp"
#include "front_door.hpp"
#include "kit/waveform.hpp"
#include "qemu/console.hpp"
#include "qemu/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace system_test;
using testing::HasSubstr;

/// Runs a system of tests/guests/sound until it switches the board off; what it prints. QEMU's
/// sound keeps the machine's time, which is the number of its instructions.
std::string play(const std::string& board, const std::string& name,
                 const std::filesystem::path& wav)
{
    const auto product =
        vmm::build_product(vmm::this_tree(), board, "debug", name + "_system").value();
    const auto system = vmm::read_system(product / "tests/guests/sound" / (name + ".json")).value();
    const auto machine = qemu::read_board(system.board_json).value();
    vmm::Options wishes;
    wishes.wav = wav;
    qemu::Options options;
    options.devices = vmm::devices_for(system, wishes).value();
    options.time    = qemu::Time::instructions;
    qemu::Console console(qemu::Process::start(qemu::command_line(machine, system.image, options),
                                               qemu::Streams::piped)
                              .value());
    const qemu::Limits limits{.silence = std::chrono::minutes{2}};
    EXPECT_EQ(console.wait_for({}, limits).kind, qemu::Outcome::Kind::ended)
        << console.complaints() << console.transcript();
    return console.transcript();
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
    EXPECT_THAT(play(GetParam(), "sound", file), HasSubstr("tone: done: 94 buffers, 0 failed"));
    const auto wave = kit::read_wav(file);
    ASSERT_TRUE(wave);
    ASSERT_EQ(wave->channels.size(), 2U);
    EXPECT_EQ(wave->rate, 48'000U);
    // QEMU's mixer drops what it has not written when a stream stops: less than a buffer.
    EXPECT_NEAR(static_cast<double>(wave->frames()), 94 * 1024, 1024);
    const double hertz[] = {480, 1200};
    for (unsigned channel = 0; channel < 2; ++channel) {
        const auto& samples = wave->channels[channel];
        const auto  sound   = kit::stretches(samples, 10);
        ASSERT_EQ(sound.size(), 1U) << "a gap in channel " << channel;
        EXPECT_LE(sound[0].begin, 1U);
        EXPECT_GE(sound[0].end + 1, samples.size());
        EXPECT_NEAR(kit::strongest_frequency(samples, wave->rate), hertz[channel], 0.5);
        const auto tone = kit::fit_tone(samples, wave->rate, hertz[channel]);
        EXPECT_NEAR(tone.amplitude, 16'000, 1);
        EXPECT_LT(tone.worst, 2) << "a sample is not the sine's, channel " << channel;
    }
}

INSTANTIATE_TEST_SUITE_P(Boards, NativeSound, testing::Values(k_gicv2, k_gicv3),
                         [](const auto& parameter) {
                             return parameter.param == std::string(k_gicv2) ? "gicv2" : "gicv3";
                         });

} // namespace
