// SPDX-License-Identifier: BSD-2-Clause
// Frames from the world are answered as the RFCs say, and others not at all.
#include "frames.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<std::byte>;

const native::Station k_station{.mac = {0x52, 0x54, 0, 0, 0, 2}, .ip = 0x0a00'0232};
constexpr const char* k_ours   = "525400000002";
constexpr const char* k_theirs = "525400000001";

Bytes hex(const std::string& text)
{
    Bytes bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

/// ARP: who has the address? 10.0.2.15 asks.
Bytes arp(const std::string& address, const std::string& operation = "0001")
{
    return hex("ffffffffffff" + std::string{k_theirs} + "0806" + "000108000604" + operation +
               k_theirs + "0a00020f" + "000000000000" + address + std::string(36, '0'));
}

/// An IP header whose checksum the caller knows.
std::string ip(const char* length, const char* fragment, const char* protocol, const char* sum)
{
    return std::string{k_ours} + k_theirs + "0800" + "4500" + length + "0001" + fragment + "40" +
           protocol + sum + "0a00020f" + "0a000232";
}

TEST(Frames, WhoHasOurAddressIsTold)
{
    auto frame = arp("0a000232");
    EXPECT_EQ(native::answer(k_station, frame), 42U);
    frame.resize(42);
    EXPECT_EQ(frame, hex(std::string{k_theirs} + k_ours + "0806" + "0001080006040002" + k_ours +
                         "0a000232" + k_theirs + "0a00020f"));
}

TEST(Frames, WhoAsksForOthersIsNot)
{
    for (auto frame : {arp("0a000233"), arp("0a000232", "0002")}) {
        const auto before = frame;
        EXPECT_FALSE(native::answer(k_station, frame));
        EXPECT_EQ(frame, before);
    }
}

TEST(Frames, AnEchoRequestIsEchoed)
{
    auto frame = hex(ip("0020", "4000", "01", "229c") + "0800192c00010002" + "70696e67");
    ASSERT_EQ(native::answer(k_station, frame), 46U);
    EXPECT_EQ(frame[34], std::byte{0}) << "an echo reply";
    EXPECT_EQ(Bytes(frame.begin() + 26, frame.begin() + 34), hex("0a0002320a00020f"));
    EXPECT_EQ(Bytes(frame.begin() + 36, frame.begin() + 38), hex("212c"));
    EXPECT_EQ(Bytes(frame.begin() + 42, frame.end()), hex("70696e67"));
}

TEST(Frames, WhatIsDamagedIsNotAnswered)
{
    const auto good = hex(ip("0020", "4000", "01", "229c") + "0800192c00010002" + "70696e67");
    for (const std::size_t at : {14U, 16U, 20U, 23U, 24U, 30U, 34U, 36U, 42U}) {
        auto frame = good;
        frame[at] ^= std::byte{0x11};
        EXPECT_FALSE(native::answer(k_station, frame)) << at;
    }
    for (std::size_t length = 0; length < good.size(); ++length) {
        auto frame = Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_FALSE(native::answer(k_station, frame)) << length;
    }
}

TEST(Frames, ADatagramArrivesAsItWasSent)
{
    const native::Station other{.mac = {2, 0, 0, 0, 0, 9}, .ip = 0x0a00'0209};
    const native::Peer    to_us{.mac = k_station.mac, .ip = k_station.ip, .port = 69};
    for (const std::size_t size : {0U, 1U, 2U, 511U, 512U, 1472U}) {
        Bytes payload(size);
        std::ranges::generate(payload,
                              [n = 0]() mutable { return static_cast<std::byte>(n++ * 7); });
        Bytes      frame(1600);
        const auto length = native::udp_out(other, 1234, to_us, payload, frame);
        ASSERT_EQ(length, native::k_udp_headers + size);
        const auto datagram = native::udp_in(
            k_station, 69, std::span{frame}.first(std::max<std::size_t>(length, 60)));
        ASSERT_TRUE(datagram) << size;
        EXPECT_TRUE(std::ranges::equal(datagram->payload, payload));
        EXPECT_EQ(datagram->peer, (native::Peer{other.mac, other.ip, 1234}));
        EXPECT_FALSE(native::udp_in(k_station, 70, std::span{frame}.first(length)));
        EXPECT_FALSE(native::udp_in(other, 69, std::span{frame}.first(length)));
        frame[length - 1] ^= std::byte{1};
        EXPECT_FALSE(native::udp_in(k_station, 69, std::span{frame}.first(length)));
    }
    Bytes frame(1600);
    EXPECT_EQ(native::udp_out(other, 1, to_us, Bytes(1473), frame), 0U);
    frame.resize(100);
    EXPECT_EQ(native::udp_out(other, 1, to_us, Bytes(100), frame), 0U);
}

} // namespace
