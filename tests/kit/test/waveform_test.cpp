// SPDX-License-Identifier: BSD-2-Clause
#include "kit/waveform.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace {

constexpr unsigned k_rate = 48'000;

kit::Samples sine(double frequency, double amplitude, std::size_t count)
{
    kit::Samples samples;
    for (std::size_t i = 0; i < count; ++i) {
        const double angle = 2 * std::numbers::pi * frequency * static_cast<double>(i) / k_rate;
        samples.push_back(static_cast<std::int16_t>(std::lround(amplitude * std::sin(angle + 1))));
    }
    return samples;
}

std::string wav(std::uint32_t data_size)
{
    const auto put = [](auto value) {
        return std::string(reinterpret_cast<const char*>(&value), sizeof value);
    };
    return "RIFF" + put(std::uint32_t{0}) + "WAVEfmt " + put(std::uint32_t{16}) +
           put(std::uint16_t{1}) + put(std::uint16_t{2}) + put(std::uint32_t{k_rate}) +
           put(std::uint32_t{4 * k_rate}) + put(std::uint16_t{4}) + put(std::uint16_t{16}) +
           "LIST" + put(std::uint32_t{3}) + "odd" + std::string(1, '\0') + "data" + put(data_size) +
           put(std::int16_t{1}) + put(std::int16_t{-2}) + put(std::int16_t{3}) +
           put(std::int16_t{-4});
}

std::optional<kit::Waveform> parse(const std::string& bytes)
{
    return kit::parse_wav(std::as_bytes(std::span{bytes}));
}

TEST(Waveform, ChannelsOfAWavFile)
{
    const auto file = wav(8); // with another chunk in it, which has padding
    const auto wave = parse(file);
    ASSERT_TRUE(wave);
    EXPECT_EQ(wave->rate, k_rate);
    EXPECT_EQ(wave->channels, (std::vector<kit::Samples>{{1, 3}, {-2, -4}}));
    EXPECT_EQ(parse(file.substr(0, file.size() - 4))->frames(), 1u);
}

TEST(Waveform, AFileWhoseWriterWasInterrupted) { EXPECT_EQ(parse(wav(0))->frames(), 2u); }

TEST(Waveform, WhatIsNoWavFile)
{
    EXPECT_FALSE(parse(""));
    EXPECT_FALSE(parse(std::string(100, 'x')));
    EXPECT_FALSE(parse(wav(8).substr(0, 40)));
    std::string bits = wav(8);
    bits[34]         = 8;
    EXPECT_FALSE(parse(bits));
    EXPECT_FALSE(kit::read_wav("/nonexistent"));
}

TEST(Waveform, StretchesBetweenSilences)
{
    kit::Samples samples(10, 0);
    for (const std::size_t i : {3U, 5U, 9U}) {
        samples[i] = 7;
    }
    const auto two = kit::stretches(samples, 3);
    ASSERT_EQ(two.size(), 2u);
    EXPECT_EQ(two[0].begin, 3u);
    EXPECT_EQ(two[0].end, 6u);
    EXPECT_EQ(two[1].size(), 1u);
    EXPECT_EQ(kit::stretches(samples, 4).size(), 1u);
    EXPECT_TRUE(kit::stretches(samples, 1, 7).empty());
}

TEST(Waveform, TheStrongestTone)
{
    auto samples = sine(440, 10'000, k_rate);
    EXPECT_NEAR(kit::strongest_frequency(samples, k_rate), 440, 0.1);
    const auto other = sine(1234.5, 12'000, k_rate);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] = static_cast<std::int16_t>(samples[i] + other[i]);
    }
    EXPECT_NEAR(kit::strongest_frequency(samples, k_rate), 1234.5, 0.1);
}

TEST(Waveform, AToneWithAndWithoutAGap)
{
    auto       samples = sine(440, 10'000, k_rate);
    const auto whole   = kit::fit_tone(samples, k_rate, 440);
    EXPECT_NEAR(whole.amplitude, 10'000, 0.1);
    EXPECT_LT(whole.worst, 1);
    samples[20'000] = static_cast<std::int16_t>(samples[20'000] / 2 + 50); // a click
    EXPECT_GT(kit::fit_tone(samples, k_rate, 440).worst, 40);
    samples = sine(440, 10'000, k_rate);
    samples.erase(samples.begin() + 24'000, samples.begin() + 24'010); // ten samples are missing
    EXPECT_GT(kit::fit_tone(samples, k_rate, 440).worst, 1000);
}

TEST(Waveform, APartOfIt)
{
    const kit::Samples whole{1, 2, 3, 4, 5};
    EXPECT_EQ(kit::find(whole, kit::Samples{3, 4}), 2u);
    EXPECT_EQ(kit::find(whole, kit::Samples{}), 0u);
    EXPECT_FALSE(kit::find(whole, kit::Samples{4, 3}));
}

} // namespace
