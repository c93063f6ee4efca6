// SPDX-License-Identifier: BSD-2-Clause
// Frames of a connection on their way in, put together by the device.
#include "network_fixture.hpp"
#include "tcp_frames.hpp"

namespace tcp_frames {
namespace {

using namespace network_test;

constexpr auto k_both = Network::k_feature_guest_tso4 | Network::k_feature_guest_tso6;

class NetworkMerging : public VirtioNetwork {
protected:
    /// Buffers of a size, in the order in which they are used.
    void offer_many(unsigned count, std::uint32_t size)
    {
        for (unsigned i = 0; i < count; ++i) {
            buffers.push_back({offer(size), size});
        }
    }
    /// Frames that come in one batch.
    void arrive_together(const std::vector<std::string>& frames)
    {
        card.frames.insert(card.frames.end(), frames.begin(), frames.end());
        device.received();
    }
    /// The next packet with its header, of which all buffers but the last must be full; empty:
    /// there is none.
    std::string packet()
    {
        std::string bytes;
        for (std::size_t left = 1; left != 0; --left) {
            const auto used = rx->used();
            if (!used) {
                return bytes;
            }
            const auto [at, size] = buffers.front();
            buffers.pop_front();
            if (bytes.empty()) {
                left = ram.load<std::uint16_t>(at + 10);
            }
            EXPECT_TRUE(left == 1 || used->written == size);
            bytes += ram.text(at, used->written);
        }
        return bytes;
    }
    std::deque<std::pair<std::uint64_t, std::uint32_t>> buffers;
};

std::string little16(std::size_t value)
{
    return {static_cast<char>(value), static_cast<char>(value >> 8)};
}

TEST_F(NetworkMerging, 5_1_3_1_LargePacketsNeedChecksums)
{
    EXPECT_FALSE(driver.negotiate(Network::k_feature_guest_tso4));
    EXPECT_FALSE(driver.negotiate(Network::k_feature_guest_tso6));
    EXPECT_TRUE(driver.negotiate(k_both | Network::k_feature_guest_csum));
    Network plain{card, Network::k_all_features & ~Network::k_feature_guest_csum};
    EXPECT_EQ(plain.offered_features() & k_both, 0u);
}

TEST_F(NetworkMerging, 5_1_6_4_1_APacketOfSeveralFramesSaysHowItIsToBeCut)
{
    for (const auto version : {Version::ipv4, Version::ipv6}) {
        for (const std::uint32_t size : {100U, 1526U, 4096U, 40'000U}) {
            start();
            buffers.clear();
            offer_many(size > 2000 ? 2 : 30, size);
            const auto whole = frame_of(version, data_of(2500));
            arrive_together(cut(whole, version, 1000));
            const auto got = packet();
            const auto tcp = tcp_at(version);
            ASSERT_EQ(got.size(), 12 + whole.size());
            EXPECT_EQ(got.substr(0, 10),
                      std::string("\1", 1) + (version == Version::ipv4 ? '\1' : '\4') +
                          little16(tcp + 20) + little16(1000) + little16(tcp) + little16(16));
            auto expect = whole;
            put16(expect, tcp + 16, pseudo_sum(whole, version, whole.size() - tcp));
            EXPECT_EQ(got.substr(12), expect);
            EXPECT_EQ(packet(), "");
        }
    }
    EXPECT_EQ(device.counters().received, 24u);
}

TEST_F(NetworkMerging, 5_1_6_4_1_NothingIsPutTogetherThatWasNotNegotiated)
{
    for (const auto features : {Network::k_feature_guest_csum,
                                Network::k_feature_guest_csum | Network::k_feature_guest_tso4,
                                Network::k_feature_guest_csum | Network::k_feature_guest_tso6}) {
        for (const auto version : {Version::ipv4, Version::ipv6}) {
            const auto own = version == Version::ipv4 ? Network::k_feature_guest_tso4
                                                      : Network::k_feature_guest_tso6;
            start(features);
            buffers.clear();
            offer_many(8, 4096);
            const auto frames = cut(frame_of(version, data_of(2500)), version, 1000);
            arrive_together(frames);
            if ((features & own) != 0) {
                EXPECT_EQ(packet()[1], version == Version::ipv4 ? '\1' : '\4');
            } else {
                for (const auto& frame : frames) {
                    EXPECT_EQ(packet(), std::string(10, '\0') + little16(1) + frame);
                }
            }
            EXPECT_EQ(packet(), "");
        }
    }
}

TEST_F(NetworkMerging, 5_1_6_4_1_AFrameByItselfHasNoSegmentationAndAVerifiedChecksum)
{
    start();
    offer_many(4, 1526);
    const auto good = frame_of(Version::ipv4, data_of(100));
    auto       bad  = good;
    bad.back() ^= 1;
    arrive(good);
    EXPECT_EQ(packet(), std::string("\2", 1) + std::string(9, '\0') + little16(1) + good);
    arrive(bad);
    EXPECT_EQ(packet(), std::string(10, '\0') + little16(1) + bad);
}

TEST_F(NetworkMerging, APacketEndsWhereTheBuffersDo)
{
    const auto whole  = frame_of(Version::ipv4, data_of(4000));
    const auto frames = cut(whole, Version::ipv4, 1000);
    start();
    offer_many(2, 1526); // 3052: room for two frames and almost three
    arrive_together(frames);
    EXPECT_EQ(packet().size(), 12 + 54 + 2000u);
    EXPECT_EQ(card.frames.size(), 2u);
    EXPECT_EQ(packet(), "");
    // Without merging in one buffer, large as it may be.
    start(~Network::k_feature_mrg_rxbuf);
    buffers.clear();
    card.frames.clear();
    offer_many(1, 3066);
    offer_many(1, 1100);
    arrive_together(frames);
    EXPECT_EQ(packet().size(), 3066u);
    EXPECT_EQ(packet().size(), 12 + 1054u);
    EXPECT_TRUE(card.frames.empty());
}

TEST_F(NetworkMerging, BuffersThatWereTooSmallAreUsedByTheNextFrame)
{
    const auto frames = cut(frame_of(Version::ipv4, data_of(3000)), Version::ipv4, 1000);
    start();
    offer_many(1, 1526);
    offer_many(31, 16);
    offer_many(2, 1526);
    arrive_together(frames); // the second does not fit into what 32 buffers have left
    for (const auto& frame : frames) {
        EXPECT_EQ(packet().substr(12), frame);
    }
    EXPECT_EQ(device.counters().dropped_in, 0u);
    EXPECT_TRUE(card.frames.empty());
}

TEST_F(NetworkMerging, HeadersThatDoNotFitIntoTheFirstBufferAreNoneToPutTogether)
{
    const auto frames = cut(frame_of(Version::ipv4, data_of(200)), Version::ipv4, 100);
    start();
    offer_many(40, 65); // one byte less than there is before the data
    arrive_together(frames);
    for (const auto& frame : frames) {
        EXPECT_EQ(packet().substr(12), frame);
    }
}

TEST_F(NetworkMerging, ABadBufferInTheMiddleCostsTheDeviceOnly)
{
    const auto frames = cut(frame_of(Version::ipv4, data_of(3000)), Version::ipv4, 1000);
    start();
    offer(1100);
    rx->add({to_device(ram.allocate(8), 8)});
    arrive_together(frames);
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_FALSE(rx->used());
    // And afterwards it goes on.
    start();
    card.frames.clear();
    offer_many(3, 1526);
    arrive_together(frames);
    EXPECT_EQ(packet().size(), 12 + 3054u);
}

TEST_F(NetworkMerging, AFrameThatIsNoneDoesNotComeBetween)
{
    start();
    offer_many(8, 1526);
    auto frames = cut(frame_of(Version::ipv4, data_of(2000)), Version::ipv4, 1000);
    frames.insert(frames.begin() + 1, std::string(13, 'x'));
    arrive_together(frames);
    EXPECT_EQ(packet().size(), 12 + 2054u);
    EXPECT_EQ(device.counters().dropped_in, 1u);
}

} // namespace
} // namespace tcp_frames
