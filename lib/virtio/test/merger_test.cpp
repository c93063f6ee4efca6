// SPDX-License-Identifier: BSD-2-Clause
// Frames of a TCP connection, put together.
#include "tcp_frames.hpp"
#include "virtio/merger.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace tcp_frames {
namespace {

using virtio::Merger;

constexpr std::array k_versions{Version::ipv4, Version::ipv6};

std::span<const std::byte> bytes_of(const std::string& text)
{
    return std::as_bytes(std::span{text});
}

struct Packet {
    std::string    bytes;
    Merger::Result result{};
    bool           merged = false; ///< not delivered by itself
};

/// What a device makes of frames that come one after the other.
std::vector<Packet> merged(const std::vector<std::string>& frames)
{
    Merger merger;
    merger.enable(true, true);
    std::vector<Packet> packets;
    std::string         data;
    const auto          finish = [&] {
        if (merger.is_open()) {
            const auto result  = merger.finish();
            const auto headers = merger.headers();
            packets.push_back(
                         {std::string(reinterpret_cast<const char*>(headers.data()), headers.size()) + data,
                 result, true});
        }
        data.clear();
    };
    for (const auto& frame : frames) {
        const bool follows = merger.is_open() && merger.follows(bytes_of(frame));
        if (!follows) {
            finish();
            if (!merger.begin(bytes_of(frame))) {
                EXPECT_FALSE(merger.is_open());
                packets.push_back({frame, {}, false});
                continue;
            }
        }
        data += frame.substr(merger.data().at, merger.data().size);
        if (follows) {
            merger.add();
        }
    }
    finish();
    return packets;
}

TEST(Merger, FramesTogetherAreThePacketTheyWereCutFrom)
{
    for (const auto version : k_versions) {
        for (const std::size_t options : {0U, 12U, 40U}) {
            for (const std::size_t bytes : {1001U, 2000U, 12'345U, 65'000U}) {
                const auto packet = frame_of(version, data_of(bytes), {.options = options});
                const auto frames = cut(packet, version, 1000);
                const auto got    = merged(frames);
                ASSERT_EQ(got.size(), 1U);
                EXPECT_EQ(got[0].result.frames, frames.size());
                EXPECT_EQ(got[0].result.transport, tcp_at(version));
                EXPECT_EQ(got[0].result.size, 1000U);
                EXPECT_EQ(got[0].result.version == Merger::Version::ipv4, version == Version::ipv4);
                // IPv4's checksum is right, TCP's is left to do (virtIO 1.2, 5.1.6.4.1).
                const auto tcp    = tcp_at(version);
                auto       expect = packet;
                put16(expect, tcp + 16, pseudo_sum(packet, version, packet.size() - tcp));
                EXPECT_EQ(got[0].bytes, expect);
                EXPECT_EQ(cut(got[0].bytes, version, 1000), frames);
            }
        }
    }
}

TEST(Merger, OneFrameStaysAsItIs)
{
    for (const auto version : k_versions) {
        for (const std::size_t bytes : {0U, 1U, 1000U}) {
            const auto frame = frame_of(version, data_of(bytes));
            const auto got   = merged({frame + std::string(6, 'p')}); // padding is no data
            ASSERT_EQ(got.size(), 1U);
            EXPECT_EQ(got[0].bytes, frame);
            EXPECT_LE(got[0].result.frames, 1U);
        }
    }
}

/// Two frames that go together, the second of them changed, and its checksums set again.
std::size_t packets_with(Version version, const std::function<void(std::string&)>& change,
                         bool seal = true)
{
    auto frames = cut(frame_of(version, data_of(2000)), version, 1000);
    change(frames[1]);
    frames[1] = seal ? sealed(frames[1], version) : frames[1];
    return merged(frames).size();
}

TEST(Merger, FramesThatDifferInMoreThanTheirPlaceStayApart)
{
    for (const auto version : k_versions) {
        const auto            tcp = tcp_at(version);
        std::set<std::size_t> free{tcp + 16, tcp + 17}; // set again
        if (version == Version::ipv4) {
            free.insert({18, 19, 24, 25}); // with "don't fragment" the identity says nothing
        }
        EXPECT_EQ(packets_with(version, [](std::string&) {}), 1U);
        for (std::size_t at = 0; at < tcp + 20; ++at) {
            for (const unsigned bit : {1U, 8U, 0x10U, 0x80U}) {
                const bool is_psh = at == tcp + 13 && bit == 8;
                const auto flip   = [&](std::string& frame) {
                    frame[at] = static_cast<char>(static_cast<unsigned char>(frame[at]) ^ bit);
                };
                EXPECT_EQ(packets_with(version, flip), free.contains(at) || is_psh ? 1U : 2U)
                    << at << ' ' << bit;
                // A wrong checksum is for the guest to find.
                EXPECT_EQ(packets_with(version, flip, false), 2U) << at << ' ' << bit;
            }
        }
        EXPECT_EQ(packets_with(
                      version, [](std::string& frame) { frame.back() ^= 1; }, false),
                  2U);
    }
}

TEST(Merger, OptionsMustBeTheSame)
{
    for (const auto version : k_versions) {
        for (std::size_t at = 0; at < 12; ++at) {
            auto frames = cut(frame_of(version, data_of(2000), {.options = 12}), version, 1000);
            frames[1][tcp_at(version) + 20 + at] ^= 2;
            frames[1] = sealed(frames[1], version);
            EXPECT_EQ(merged(frames).size(), 2U) << at;
        }
    }
}

TEST(Merger, WhereFragmentsMayBeMadeTheIdentityCountsOn)
{
    for (const std::size_t identity : {0xffffU, 0U, 1U}) {
        auto frames = cut(frame_of(Version::ipv4, data_of(2000)), Version::ipv4, 1000);
        for (auto& frame : frames) {
            frame[20] = 0;
        }
        put16(frames[1], 18, identity);
        for (auto& frame : frames) {
            frame = sealed(frame, Version::ipv4);
        }
        EXPECT_EQ(merged(frames).size(), identity == 0xffff ? 1U : 2U) << identity;
    }
}

TEST(Merger, APushAndAShorterFrameEndAPacket)
{
    for (const auto version : k_versions) {
        std::vector<std::string> frames;
        std::uint32_t            sequence = 7;
        for (const auto& [size, flags] : {std::pair{1000U, '\x10'},
                                          {1000U, '\x18'},
                                          {1000U, '\x10'},
                                          {999U, '\x10'},
                                          {999U, '\x10'},
                                          {1000U, '\x10'},
                                          {1000U, '\x18'}}) {
            frames.push_back(
                frame_of(version, data_of(size), {.sequence = sequence, .flags = flags}));
            sequence += size;
        }
        const auto got = merged(frames);
        ASSERT_EQ(got.size(), 4U);
        EXPECT_EQ(got[0].result.frames, 2U);
        EXPECT_EQ(got[0].bytes[tcp_at(version) + 13], '\x18');
        EXPECT_EQ(got[1].result.frames, 2U);
        EXPECT_EQ(got[2].result.frames, 1U); // what follows is longer
        EXPECT_EQ(got[3].result.frames, 2U);
    }
}

TEST(Merger, APacketIsNeverLongerThanIpAllows)
{
    for (const auto version : k_versions) {
        std::vector<std::string> frames;
        for (std::uint32_t i = 0; i < 100; ++i) {
            frames.push_back(frame_of(version, data_of(1448), {.sequence = i * 1448}));
        }
        const auto  got = merged(frames);
        std::string data;
        for (const auto& packet : got) {
            EXPECT_LE(packet.bytes.size(), k_ethernet + 65'535);
            data += packet.bytes.substr(tcp_at(version) + 20);
        }
        EXPECT_EQ(got.size(), 3U);
        EXPECT_EQ(data.size(), 144'800U);
    }
}

TEST(Merger, OfAcknowledgementsTheLastRemains)
{
    for (const auto version : k_versions) {
        const auto ack = [&](std::uint32_t number, std::size_t window = 256) {
            auto frame = frame_of(version, "", {.sequence = 5, .acknowledged = number});
            put16(frame, tcp_at(version) + 14, window);
            return sealed(frame, version) + std::string(6, '\0');
        };
        const auto got = merged({ack(0xffff'fff0), ack(0xffff'fff8), ack(8, 255), ack(1000)});
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].result.frames, 0U);
        EXPECT_EQ(got[0].bytes + std::string(6, '\0'), ack(1000));
        // One that says the same again means that something is missing; so do older ones.
        EXPECT_EQ(merged({ack(8), ack(8), ack(8)}).size(), 3U);
        EXPECT_EQ(merged({ack(8), ack(8, 300)}).size(), 2U);
        EXPECT_EQ(merged({ack(8), ack(7)}).size(), 2U);
        EXPECT_EQ(merged({ack(8), ack(0x8000'0008)}).size(), 2U);
        // Data and acknowledgements do not mix.
        const auto data = frame_of(version, "data", {.sequence = 5, .acknowledged = 9});
        EXPECT_EQ(merged({ack(8), data}).size(), 2U);
        EXPECT_EQ(merged({data, frame_of(version, "", {.sequence = 9, .acknowledged = 10})}).size(),
                  2U);
    }
}

TEST(Merger, OtherFramesAreDeliveredByThemselves)
{
    const auto is_alone = [](const std::string& frame) { return !merged({frame})[0].merged; };
    for (const auto version : k_versions) {
        const auto good = frame_of(version, data_of(100));
        const auto tcp  = tcp_at(version);
        EXPECT_FALSE(is_alone(good));
        for (std::size_t size = 0; size < good.size(); ++size) {
            EXPECT_TRUE(is_alone(good.substr(0, size))) << size;
        }
        for (const char flags : {'\x00', '\x11', '\x12', '\x14', '\x18', '\x30', '\x50', '\x90'}) {
            EXPECT_TRUE(is_alone(frame_of(version, data_of(100), {.flags = flags})));
        }
        EXPECT_TRUE(is_alone(good.substr(0, 12) + std::string("\x81\0\0\1", 4) + good.substr(12)));
        for (const std::size_t words : {0U, 4U, 15U}) { // 15: beyond the end of the frame
            auto frame      = frame_of(version, data_of(words == 15 ? 39 : 100));
            frame[tcp + 12] = static_cast<char>(words << 4);
            EXPECT_TRUE(is_alone(sealed(frame, version))) << words;
        }
    }
    auto fragment = frame_of(Version::ipv4, data_of(100));
    for (const std::size_t bits : {0x2000U, 1U, 0x8000U}) {
        put16(fragment, 20, bits);
        EXPECT_TRUE(is_alone(sealed(fragment, Version::ipv4)));
    }
    Merger merger;
    merger.enable(false, true);
    EXPECT_FALSE(merger.begin(bytes_of(frame_of(Version::ipv4, "data"))));
    EXPECT_TRUE(merger.begin(bytes_of(frame_of(Version::ipv6, "data"))));
}

} // namespace
} // namespace tcp_frames
