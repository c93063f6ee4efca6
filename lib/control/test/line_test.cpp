// SPDX-License-Identifier: BSD-2-Clause
// Frames on a line that begins and ends anywhere.
#include "base/crc32.hpp"
#include "control/line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace control;

std::span<const std::byte> bytes_of(const std::string& text)
{
    return std::as_bytes(std::span{text});
}
std::string text_of(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string encoded(const std::string& payload, LineKind kind = LineKind::data,
                    std::uint8_t stream = 3, std::uint16_t session = 0x7e7d)
{
    std::array<std::byte, k_most_encoded> buffer{};
    return text_of(
        encode({.kind = kind, .stream = stream, .session = session, .payload = bytes_of(payload)},
               buffer));
}

/// The payloads of the frames in it.
std::vector<std::string> decoded(LineDecoder& decoder, const std::string& line)
{
    std::vector<std::string> frames;
    for (const char c : line) {
        if (const auto frame = decoder.feed(static_cast<std::byte>(c))) {
            EXPECT_EQ(frame->kind, LineKind::data);
            EXPECT_EQ(frame->stream, 3);
            EXPECT_EQ(frame->session, 0x7e7d);
            frames.push_back(text_of(frame->payload));
        }
    }
    return frames;
}

std::string every_byte(std::size_t size)
{
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        text += static_cast<char>(i);
    }
    return text;
}

TEST(Line, CarriesAnything)
{
    LineDecoder decoder;
    for (const auto size : {0UL, 1UL, 256UL, k_line_payload}) {
        EXPECT_EQ(decoded(decoder, encoded(every_byte(size))), std::vector{every_byte(size)});
    }
    EXPECT_EQ(decoder.damaged(), 0U);
}

TEST(Line, WorstCaseIsWhatItSays)
{
    EXPECT_LE(encoded(std::string(k_line_payload, '\x7e')).size(), k_most_encoded);
    std::array<std::byte, 19> too_short{};
    EXPECT_TRUE(encode({.payload = bytes_of("0123456789")}, too_short).empty());
}

TEST(Line, ADamagedFrameIsDroppedAndTheNextOneFound)
{
    const auto good = encoded("good");
    for (std::size_t place = 0; place < good.size(); ++place) {
        for (const char wrong : {'\0', '\x7e', '\x7d', static_cast<char>(good[place] ^ 1)}) {
            auto bad   = good;
            bad[place] = wrong;
            LineDecoder decoder;
            const auto  frames = decoded(decoder, bad + encoded("next"));
            ASSERT_FALSE(frames.empty()) << place;
            EXPECT_EQ(frames.back(), "next");
            EXPECT_TRUE(frames.size() == 1 || bad == good || place == 0) << place;
        }
    }
}

TEST(Line, ALineMayBeginInTheMiddle)
{
    const auto whole = encoded("first");
    for (std::size_t start = 1; start < whole.size(); ++start) {
        LineDecoder decoder;
        const auto  frames = decoded(decoder, whole.substr(start) + encoded("second"));
        ASSERT_FALSE(frames.empty()) << start;
        EXPECT_EQ(frames.back(), "second") << start;
    }
}

TEST(Line, WhatIsTooLongIsDropped)
{
    LineDecoder decoder;
    EXPECT_EQ(decoded(decoder, std::string(100'000, 'x') + encoded("after")),
              std::vector<std::string>{"after"});
    EXPECT_EQ(decoder.damaged(), 1U);
}

TEST(Line, PayloadsAreReadAsWritten)
{
    std::array<std::byte, Target::k_size> target{};
    Target{.cid = 3, .port = 0x8000'0001}.write(target);
    EXPECT_EQ(Target::read(target)->port, 0x8000'0001U);
    EXPECT_FALSE(Target::read(std::span{target}.first(7)));

    std::array<std::byte, Welcome::k_size> bytes{};
    Welcome{.own_cid = 2, .count = 2, .peers = {3, 4}}.write(bytes);
    const auto welcome = Welcome::read(bytes);
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->count, 2);
    EXPECT_EQ(welcome->peers[1], 4U);
    EXPECT_EQ(welcome->own_cid, 2U);
    bytes[1] = std::byte{17};
    EXPECT_FALSE(Welcome::read(bytes)) << "more peers than there can be";
}

TEST(Line, TheChecksumIsTheCommonOne)
{
    EXPECT_EQ(base::crc32(bytes_of("123456789")), 0xcbf4'3926U);
    EXPECT_EQ(base::crc32(bytes_of("6789"), base::crc32(bytes_of("12345"))), 0xcbf4'3926U);
}

} // namespace
