// SPDX-License-Identifier: BSD-2-Clause
// Large TCP segments, cut into frames.
#include "virtio/checksum.hpp"
#include "virtio/segmenter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace {

using virtio::Segmenter;
using Version = Segmenter::Version;

constexpr std::size_t k_most = 1518;

unsigned byte_of(const std::string& text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}
unsigned word_of(const std::string& text, std::size_t at)
{
    return byte_of(text, at) << 8 | byte_of(text, at + 1);
}

/// Addresses of a frame's ends, a VLAN tag if wanted, and the type.
std::string ethernet(std::uint16_t type, bool tagged)
{
    std::string header = "\x02\x01\x01\x01\x01\x01\x02\x02\x02\x02\x02\x02";
    header += tagged ? std::string("\x81\0\0\x05", 4) : "";
    return header + static_cast<char>(type >> 8) + static_cast<char>(type & 0xff);
}

/// With a wrong length and checksum: what is there does not matter.
std::string ipv4(std::size_t options = 0)
{
    std::string header("\x45\0\xff\xff\xff\xfe\x40\0\x40\x06\x77\x77\x0a\0\2\x0f\x0a\0\2\2", 20);
    header[0] = static_cast<char>(0x45 + options / 4);
    return header + std::string(options, '\1');
}

std::string ipv6(std::size_t extensions = 0)
{
    std::string header("\x60\0\0\0\xff\xff\x06\x40", 8);
    header[6] = static_cast<char>(extensions == 0 ? 6 : 60);
    for (int i = 0; i < 32; ++i) {
        header += static_cast<char>(i * 7 + 1);
    }
    return header + (extensions == 0 ? "" : "\x06" + std::string(extensions - 1, '\0'));
}

/// Sequence number 0xffffff00, with CWR, PSH, FIN and ACK.
std::string tcp(std::size_t options = 0)
{
    std::string header("\x10\0\x20\0\xff\xff\xff\0\0\0\0\1\x50\x99\1\0\x55\x55\0\0", 20);
    header[12] = static_cast<char>((5 + options / 4) << 4);
    return header + std::string(options, '\1');
}

std::string data_of(std::size_t size)
{
    std::string data(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        data[i] = static_cast<char>(i * 31 + i / 256);
    }
    return data;
}

/// A packet in one or two segments of memory.
struct Packet {
    std::string                  bytes;
    std::vector<virtio::Segment> segments;
    [[nodiscard]] virtio::Reader reader()
    {
        auto* const at   = reinterpret_cast<std::byte*>(bytes.data());
        const auto  half = static_cast<std::uint32_t>(bytes.size() / 2);
        const auto  rest = static_cast<std::uint32_t>(bytes.size()) - half;
        segments         = {{at, half}, {at + half, rest}};
        return {segments, bytes.size()};
    }
};

std::vector<std::string> cut(const std::string& bytes, const Segmenter::Wish& wish)
{
    Packet                        packet{bytes, {}};
    Segmenter                     segmenter;
    std::vector<std::string>      frames;
    std::array<std::byte, k_most> buffer{};
    const auto                    reader = packet.reader();
    if (!segmenter.begin(reader, wish, k_most)) {
        EXPECT_FALSE(segmenter.is_active());
        return frames;
    }
    while (segmenter.is_active()) {
        buffer.fill(std::byte{0xaa});
        const auto size = segmenter.next(buffer);
        frames.emplace_back(reinterpret_cast<const char*>(buffer.data()), size);
    }
    return frames;
}

/// Whether the sum over a part of a frame, and more in front of it, is what it must be.
bool sums_up(const std::string& pseudo, const std::string& bytes)
{
    const auto all = pseudo + bytes;
    return virtio::ones_complement_sum(std::as_bytes(std::span{all})) == 0xffff;
}

std::string number16(std::size_t value)
{
    return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

void check_frames(const std::vector<std::string>& frames, Version version, const std::string& data,
                  std::size_t network, std::size_t transport, std::size_t headers, std::size_t size)
{
    std::string   joined;
    std::uint32_t sequence = 0xffff'ff00;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto& frame   = frames[i];
        const bool  is_last = i + 1 == frames.size();
        const auto  payload = frame.substr(headers);
        EXPECT_EQ(payload.size(), is_last ? (data.size() - 1) % size + 1 : size);
        EXPECT_EQ(word_of(frame, transport + 4) << 16 | word_of(frame, transport + 6), sequence);
        EXPECT_EQ(byte_of(frame, transport + 13),
                  0x10U | (i == 0 ? 0x80U : 0) | (is_last ? 9U : 0));
        const auto pseudo_end = std::string("\0\6", 2) + number16(frame.size() - transport);
        if (version == Version::ipv4) {
            EXPECT_EQ(word_of(frame, network + 2), frame.size() - network);
            EXPECT_EQ(word_of(frame, network + 4), (0xfffeU + i) & 0xffff);
            EXPECT_TRUE(sums_up("", frame.substr(network, transport - network)));
            EXPECT_TRUE(
                sums_up(frame.substr(network + 12, 8) + pseudo_end, frame.substr(transport)));
        } else {
            EXPECT_EQ(word_of(frame, network + 4), frame.size() - network - 40);
            EXPECT_TRUE(
                sums_up(frame.substr(network + 8, 32) + pseudo_end, frame.substr(transport)));
        }
        sequence += static_cast<std::uint32_t>(payload.size());
        joined += payload;
    }
    EXPECT_EQ(joined, data);
}

TEST(Segmenter, FramesTogetherAreThePacket)
{
    for (const bool tagged : {false, true}) {
        for (const std::size_t more : {0U, 8U}) { // options, extensions
            for (const std::size_t bytes : {1U, 1000U, 1001U, 3000U, 40'000U}) {
                const auto data    = data_of(bytes);
                const auto network = tagged ? 18U : 14U;
                const auto after4  = network + 20 + more;
                const auto after6  = network + 40 + more;
                const auto four    = ethernet(0x0800, tagged) + ipv4(more) + tcp(more) + data;
                const auto six     = ethernet(0x86dd, tagged) + ipv6(more) + tcp(more) + data;
                check_frames(cut(four, {Version::ipv4, static_cast<std::uint16_t>(after4), 1000}),
                             Version::ipv4, data, network, after4, after4 + 20 + more, 1000);
                check_frames(cut(six, {Version::ipv6, static_cast<std::uint16_t>(after6), 1000}),
                             Version::ipv6, data, network, after6, after6 + 20 + more, 1000);
            }
        }
    }
}

TEST(Segmenter, WhatCannotBeCutIsRefused)
{
    const auto data = data_of(3000);
    const auto good = ethernet(0x0800, false) + ipv4() + tcp() + data;
    EXPECT_EQ(cut(good, {Version::ipv4, 34, 1400}).size(), 3U);
    EXPECT_EQ(cut(good, {Version::ipv4, 34, 1464}).size(), 3U); // just fits
    EXPECT_TRUE(cut(good, {Version::ipv4, 34, 1465}).empty());
    EXPECT_TRUE(cut(good, {Version::ipv4, 34, 0}).empty());
    EXPECT_TRUE(cut(good, {Version::ipv6, 34, 1400}).empty());
    for (const unsigned elsewhere : {0U, 14U, 33U, 35U, 38U, 236U, 237U, 3000U, 0xffffU}) {
        const auto transport = static_cast<std::uint16_t>(elsewhere);
        EXPECT_TRUE(cut(good, {Version::ipv4, transport, 1000}).empty()) << elsewhere;
    }
    for (const auto& [at, value] :
         {std::pair{12, '\x86'}, std::pair{14, '\x55'}, std::pair{14, '\x44'},
          std::pair{20, '\x20'}, std::pair{21, '\1'}, std::pair{23, '\x11'},
          std::pair{46, '\x40'}}) {
        auto bad                          = good;
        bad[static_cast<std::size_t>(at)] = value;
        EXPECT_TRUE(cut(bad, {Version::ipv4, 34, 1000}).empty()) << at;
    }
    EXPECT_TRUE(cut(good.substr(0, 54), {Version::ipv4, 34, 1000}).empty()); // no data
    EXPECT_TRUE(cut(good.substr(0, 40), {Version::ipv4, 34, 1000}).empty());
    EXPECT_TRUE(cut("", {Version::ipv4, 34, 1000}).empty());
    auto options = ethernet(0x0800, false) + ipv4() + tcp(40);
    EXPECT_TRUE(cut(options, {Version::ipv4, 34, 1000}).empty());
    EXPECT_TRUE(cut(good + std::string(63'000, 'x'), {Version::ipv4, 34, 1000}).empty());
}

} // namespace
