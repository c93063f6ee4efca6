// SPDX-License-Identifier: BSD-2-Clause
// Checksums, and segments that are larger than frames, on their way through the device.
#include "network_fixture.hpp"
#include "virtio/checksum.hpp"

#include <array>

namespace {

using namespace network_test;

TEST(Checksum, AnySizeAtAnyAddress)
{
    std::array<std::byte, 700> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i < 300 ? 0xff : i * 37);
    }
    for (std::size_t start = 0; start < 9; ++start) {
        for (std::size_t size = 0; size <= bytes.size() - start; ++size) {
            std::uint64_t sum = 0;
            for (std::size_t i = 0; i < size; ++i) {
                sum += std::to_integer<std::uint64_t>(bytes[start + i]) << (i % 2 == 0 ? 0 : 8);
            }
            const auto folded = sum % 0xffff == 0 && sum != 0 ? 0xffff : sum % 0xffff;
            ASSERT_EQ(virtio::ones_complement_sum(std::span{bytes}.subspan(start, size)), folded)
                << start << ' ' << size;
        }
    }
}

TEST_F(VirtioNetwork, 5_1_3_1_SegmentationNeedsChecksums)
{
    constexpr auto k_both = Network::k_feature_host_tso4 | Network::k_feature_host_tso6;
    EXPECT_FALSE(driver.negotiate(Network::k_feature_host_tso4));
    EXPECT_FALSE(driver.negotiate(Network::k_feature_host_tso6));
    EXPECT_TRUE(driver.negotiate(k_both | Network::k_feature_csum));
    Network plain{card, Network::k_all_features & ~Network::k_feature_csum};
    EXPECT_EQ(plain.offered_features() & k_both, 0u);
}

/// An IPv4 packet with 2,500 bytes for TCP port 0.
std::string large_packet()
{
    auto packet = frame_to(k_other, 14);
    packet += std::string("\x45\0\0\0\0\1\0\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2", 20);
    packet += std::string("\0\0\0\0\0\0\0\1\0\0\0\0\x50\x10\0\0\0\0\0\0", 20);
    return packet + std::string(2500, 'd');
}

TEST_F(VirtioNetwork, 5_1_6_2_LargeSegmentsAreCut)
{
    start();
    send(large_packet(), 1, 34, 16, 1, 1000);
    ASSERT_EQ(card.sent.size(), 3u);
    EXPECT_EQ(card.sent[0].size(), 1054u);
    EXPECT_EQ(card.sent[1].substr(54), std::string(1000, 'd'));
    EXPECT_EQ(card.sent[2].size(), 554u);
    EXPECT_TRUE(tx->used());
    EXPECT_FALSE(tx->used());
    EXPECT_EQ(device.counters().transmitted, 3u);
    // Without the checksum left to us, and as a packet that it is not.
    send(large_packet(), 0, 34, 16, 1, 1000);
    send(large_packet(), 1, 54, 16, 4, 1000);
    EXPECT_EQ(device.counters().dropped_out, 2u);
    EXPECT_EQ(card.sent.size(), 3u);
    EXPECT_TRUE(tx->used() && tx->used());
}

TEST_F(VirtioNetwork, 5_1_6_2_LargeSegmentsWaitForBuffersOfTheCard)
{
    start();
    card.buffers = 2;
    send(large_packet(), 1, 34, 16, 1, 1000);
    send(frame_to(k_other), 0);
    EXPECT_EQ(card.sent.size(), 2u);
    EXPECT_FALSE(tx->used());
    card.buffers = 5;
    device.transmit_ready();
    ASSERT_EQ(card.sent.size(), 4u);
    EXPECT_EQ(card.sent[2].size(), 554u);
    EXPECT_EQ(card.sent[3], frame_to(k_other));
    EXPECT_TRUE(tx->used() && tx->used());
    // A reset in the middle: what comes after it is not taken for the rest.
    card.buffers = 1;
    send(large_packet(), 1, 34, 16, 1, 1000);
    start();
    card.buffers = 5;
    device.transmit_ready();
    send(frame_to(k_other), 0);
    ASSERT_EQ(card.sent.size(), 6u);
    EXPECT_EQ(card.sent[5], frame_to(k_other));
}

TEST_F(VirtioNetwork, 5_1_6_2_1_SegmentationThatWasNotNegotiated)
{
    start(Network::k_feature_csum | Network::k_feature_host_tso6);
    send(large_packet(), 1, 34, 16, 1, 1000);
    EXPECT_TRUE(driver.needs_reset());
    start();
    send(large_packet(), 1, 34, 16, 3, 1000); // UDP
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_TRUE(card.sent.empty());
}

} // namespace
