// SPDX-License-Identifier: BSD-2-Clause
// The network device, clause by clause of virtIO 1.2, section 5.1.
#include "network_fixture.hpp"

namespace {

using namespace network_test;

TEST_F(VirtioNetwork, 5_1_4_Configuration)
{
    EXPECT_EQ(driver.config<std::uint32_t>(0), 2u);
    EXPECT_EQ(driver.config<std::uint16_t>(4), 0x100u);
    EXPECT_EQ(driver.config<std::uint16_t>(6), 1u);
    EXPECT_EQ(driver.config<std::uint16_t>(10), 1500u);
    EXPECT_EQ(driver.offered() & 0xff'ffff, Network::k_all_features);
}

TEST_F(VirtioNetwork, 5_1_3_1_ControlFeaturesNeedTheirQueue)
{
    EXPECT_FALSE(driver.negotiate(Network::k_feature_ctrl_rx));
    EXPECT_TRUE(driver.negotiate(Network::k_feature_ctrl_rx | Network::k_feature_ctrl_vq));
    Network plain{card, Network::k_all_features & ~Network::k_feature_ctrl_vq};
    EXPECT_EQ(plain.offered_features() & Network::k_feature_ctrl_rx, 0u);
}

TEST_F(VirtioNetwork, 5_1_4_TheLinkGoesDownAndUp)
{
    start();
    device.set_link(false);
    EXPECT_EQ(driver.config<std::uint16_t>(6), 0u);
    EXPECT_EQ(driver.read(kit::Mmio::interrupt_status), 2u);
    start(0);
    device.set_link(true);
    EXPECT_FALSE(driver.line.high);
}

TEST_F(VirtioNetwork, 5_1_6_2_FramesGoOutWithoutTheirHeader)
{
    start();
    const auto frame = frame_to(k_other, 100);
    send(frame);
    EXPECT_EQ(card.sent, (std::vector{frame}));
    EXPECT_EQ(tx->used()->written, 0u);
    // In any framing.
    const auto whole = ram.put(std::string(12, '\0') + frame);
    tx->add({to_device(whole, 5), to_device(whole + 5, 50), to_device(whole + 55, 57)});
    driver.notify(1);
    EXPECT_EQ(card.sent.back(), frame);
    EXPECT_EQ(device.counters().transmitted, 2u);
}

TEST_F(VirtioNetwork, 5_1_6_2_FramesWaitForABufferOfTheCard)
{
    start();
    card.buffers = 1;
    send(frame_to(k_other, 60, 'a'));
    send(frame_to(k_other, 60, 'b'));
    send(frame_to(k_other, 60, 'c'));
    EXPECT_EQ(card.sent.size(), 1u);
    EXPECT_EQ(tx->used_waiting(), 1u);
    card.buffers = 5;
    device.transmit_ready();
    ASSERT_EQ(card.sent.size(), 3u);
    EXPECT_EQ(card.sent[2].back(), 'c');
    EXPECT_EQ(tx->used_waiting(), 3u);
}

TEST_F(VirtioNetwork, 5_1_6_2_WhatIsNoFrameIsDropped)
{
    start();
    send(std::string(13, 'x'));
    send(frame_to(k_other, 1519));
    EXPECT_TRUE(card.sent.empty());
    EXPECT_EQ(device.counters().dropped_out, 2u);
    EXPECT_EQ(tx->used_waiting(), 2u);
    send(frame_to(k_other, 1518));
    EXPECT_EQ(card.sent.size(), 1u);
}

TEST_F(VirtioNetwork, 5_1_6_2_ChecksumsAreFinished)
{
    start();
    // RFC 1071's example: 00 01 f2 03 f4 f5 f6 f7 sums up to ddf2 (and its complement is 220d).
    std::string frame = frame_to(k_other, 34, '\0');
    frame += std::string("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7\0\0", 10);
    send(frame, 1, 34, 8);
    ASSERT_EQ(card.sent.size(), 1u);
    EXPECT_EQ(card.sent[0].substr(0, 42), frame.substr(0, 42));
    EXPECT_EQ(card.sent[0].substr(42), "\x22\x0d");
    // With what the guest had already in the field, at odd places and lengths.
    for (std::uint16_t start_at = 14; start_at < 20; ++start_at) {
        auto odd = frame_to(k_other, 61, 'q');
        send(odd, 1, start_at, 3);
        while (tx->used()) {
        }
        const auto&   sent  = card.sent.back();
        const auto    bytes = std::as_bytes(std::span{sent}).subspan(start_at);
        std::uint32_t sum   = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            // The result replaced the field, whose old value (qq) was part of the sum.
            const bool field = i == 3 || i == 4;
            const auto byte = field ? std::uint32_t{'q'} : std::to_integer<std::uint32_t>(bytes[i]);
            sum += i % 2 == 0 ? byte << 8 : byte;
        }
        sum               = (sum & 0xffff) + (sum >> 16);
        sum               = (sum & 0xffff) + (sum >> 16);
        const auto result = static_cast<std::uint16_t>(~sum);
        // At offset 3 the field's halves lie in two words: it is written in the frame's byte order.
        EXPECT_EQ(std::to_integer<unsigned>(bytes[3]), result >> 8);
        EXPECT_EQ(std::to_integer<unsigned>(bytes[4]), result & 0xffu);
    }
    // A field outside of the frame.
    send(frame, 1, 34, 9);
    send(frame, 1, 0xffff, 0xffff);
    EXPECT_EQ(device.counters().dropped_out, 2u);
}

TEST_F(VirtioNetwork, 5_1_6_2_1_NothingThatWasNotNegotiated)
{
    start(0);
    send(frame_to(k_other), 1, 20, 2);
    EXPECT_TRUE(driver.needs_reset());
    start();
    send(frame_to(k_other), 0, 0, 0, 3); // fragmentation of UDP
    EXPECT_TRUE(driver.needs_reset());
    start();
    tx->add({to_device(ram.allocate(11), 11)}); // no header
    driver.notify(1);
    EXPECT_TRUE(driver.needs_reset());
    EXPECT_TRUE(card.sent.empty());
}

TEST_F(VirtioNetwork, 5_1_6_4_FramesComeInBehindAHeader)
{
    start(0);
    const auto at    = offer(1526);
    const auto frame = frame_to(k_own, 100);
    arrive(frame);
    EXPECT_EQ(rx->used()->written, 112u);
    EXPECT_EQ(ram.text(at, 12), std::string(10, '\0') + std::string("\x01\0", 2));
    EXPECT_EQ(ram.text(at + 12, 100), frame);
    EXPECT_TRUE(driver.line.high);
}

TEST_F(VirtioNetwork, 5_1_6_4_FramesWaitForBuffers)
{
    start(0);
    arrive(frame_to(k_own, 60, 'a'));
    arrive(frame_to(k_own, 60, 'b'));
    EXPECT_EQ(card.frames.size(), 2u);
    for (const char fill : {'a', 'b'}) {
        const auto at = offer(1526); // notifies, because the device asked
        ASSERT_TRUE(rx->used());
        EXPECT_EQ(ram.text(at + 71, 1)[0], fill);
    }
    EXPECT_TRUE(card.frames.empty());
}

TEST_F(VirtioNetwork, 5_1_6_4_WithoutMergingAFrameMustFit)
{
    start(0);
    const auto at = offer(100);
    arrive(frame_to(k_own, 200));
    EXPECT_FALSE(rx->used());
    EXPECT_EQ(device.counters().dropped_in, 1u);
    arrive(frame_to(k_own, 60)); // the buffer is still good
    EXPECT_EQ(rx->used()->written, 72u);
    EXPECT_EQ(ram.text(at + 12, 6), std::string("\x02\0\0\0\0\x01", 6));
}

TEST_F(VirtioNetwork, 5_1_6_4_MergedBuffers)
{
    start(Network::k_feature_mrg_rxbuf);
    std::string frame = frame_to(k_own, 14);
    for (int i = 0; i < 236; ++i) {
        frame += static_cast<char>(i);
    }
    std::vector<std::uint64_t> buffers;
    for (int i = 0; i < 2; ++i) {
        buffers.push_back(offer(100));
    }
    arrive(frame); // 262 bytes with the header: a third buffer is missing
    EXPECT_FALSE(rx->used());
    buffers.push_back(offer(100));
    std::string got;
    for (const auto at : buffers) {
        const auto used = rx->used();
        ASSERT_TRUE(used);
        got += ram.text(at, used->written);
    }
    EXPECT_EQ(got.substr(0, 12), std::string(10, '\0') + std::string("\x03\0", 2));
    EXPECT_EQ(got.substr(12), frame);
}

TEST_F(VirtioNetwork, 5_1_6_4_AFrameThatNeedsTooManyBuffersIsDropped)
{
    start(Network::k_feature_mrg_rxbuf);
    for (unsigned i = 0; i < 40; ++i) {
        offer(16);
    }
    arrive(frame_to(k_own, 1000));
    EXPECT_EQ(device.counters().dropped_in, 1u);
    EXPECT_FALSE(rx->used());
    arrive(frame_to(k_own, 60)); // 72 bytes: five buffers
    EXPECT_GE(rx->used_waiting(), 5u);
    EXPECT_EQ(device.counters().received, 1u);
}

TEST_F(VirtioNetwork, 5_1_4_1_NothingLongerThanTheMtu)
{
    start();
    offer(4096);
    arrive(frame_to(k_own, 1515));
    EXPECT_EQ(device.counters().dropped_in, 1u);
    arrive(std::string(13, 'x'));
    EXPECT_EQ(device.counters().dropped_in, 2u);
    auto tagged = frame_to(k_own, 1518);
    tagged[12]  = '\x81';
    arrive(tagged);
    EXPECT_EQ(device.counters().received, 1u);
}

TEST_F(VirtioNetwork, 5_1_6_4_1_VerifiedChecksumsAreSaidWithGuestCsumOnly)
{
    card.what.verifies = true;
    Network         other{card};
    kit::FakeDriver second{ram, other};
    for (const bool with : {false, true}) {
        ASSERT_TRUE(second.negotiate(with ? Network::k_feature_guest_csum : 0));
        rx = &second.set_up(0);
        second.go();
        const auto at = ram.allocate(1526);
        rx->add({from_device(at, 1526)});
        card.frames.push_back(frame_to(k_own));
        other.received();
        EXPECT_EQ(ram.load<std::uint8_t>(at), with ? 2u : 0u);
    }
}

TEST_F(VirtioNetwork, 5_1_6_3_1_BuffersForFramesAreForWriting)
{
    start();
    rx->add({to_device(ram.allocate(8), 8), from_device(ram.allocate(1526), 1526)});
    arrive(frame_to(k_own));
    EXPECT_TRUE(driver.needs_reset());
    start();
    offer(11); // no room for a header
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(VirtioNetwork, 5_1_6_5_1_ReceiveModes)
{
    start();
    EXPECT_TRUE(passes(k_other)); // after a reset all is wanted
    EXPECT_EQ(mode(0, false), 0u);
    EXPECT_FALSE(passes(k_other));
    EXPECT_TRUE(passes(k_own));
    EXPECT_TRUE(passes(k_broadcast));
    EXPECT_FALSE(passes(k_group));
    EXPECT_EQ(mode(1, true), 0u);
    EXPECT_TRUE(passes(k_group));
    EXPECT_EQ(mode(2, true), 0u);
    EXPECT_TRUE(passes(k_other));
    EXPECT_EQ(mode(3, true), 0u);
    EXPECT_FALSE(passes(k_group));
    EXPECT_EQ(mode(4, true), 0u);
    EXPECT_FALSE(passes(k_own));
    EXPECT_EQ(mode(5, true), 0u);
    EXPECT_FALSE(passes(k_broadcast));
    EXPECT_EQ(mode(6, true), 1u);
    EXPECT_EQ(command(std::string("\0\0", 2)), 1u); // without its value
    EXPECT_EQ(command("\x09\x01\x01"), 1u);
    EXPECT_EQ(command(""), 1u);
    start(); // a reset forgets all of it
    EXPECT_TRUE(passes(k_other));
}

TEST_F(VirtioNetwork, 5_1_6_5_1_ExtraModesNeedTheirFeature)
{
    start(Network::k_feature_ctrl_vq | Network::k_feature_ctrl_rx);
    EXPECT_EQ(mode(1, true), 0u);
    EXPECT_EQ(mode(2, true), 1u);
    start(Network::k_feature_ctrl_vq | Network::k_feature_ctrl_rx_extra);
    EXPECT_EQ(mode(1, true), 1u);
    EXPECT_EQ(mode(2, true), 0u);
    start(Network::k_feature_ctrl_vq);
    EXPECT_EQ(mode(1, true), 1u);
}

TEST_F(VirtioNetwork, 5_1_6_5_2_TablesOfAddresses)
{
    const auto table = [](std::uint32_t count, virtio::MacAddress address) {
        std::string text(reinterpret_cast<const char*>(&count), 4);
        for (std::uint32_t i = 0; i < count; ++i) {
            text.append(address.begin(), address.end());
        }
        return text;
    };
    const std::string set("\x01\0", 2);
    start();
    EXPECT_EQ(mode(0, false), 0u);
    EXPECT_EQ(command(set + table(1, k_other) + table(1, k_group)), 0u);
    EXPECT_TRUE(passes(k_other));
    EXPECT_TRUE(passes(k_group));
    EXPECT_EQ(command(set + table(0, k_other) + table(0, k_group)), 0u);
    EXPECT_FALSE(passes(k_other));
    // More than there is room for: too many frames rather than too few.
    EXPECT_EQ(command(set + table(0, k_other) + table(33, k_own)), 0u);
    EXPECT_TRUE(passes(k_group));
    EXPECT_FALSE(passes(k_other));
    // Not well-formed: nothing changes.
    EXPECT_EQ(command(set + table(1, k_other)), 1u);
    EXPECT_EQ(command(set + std::string("\xff\xff\xff\xff", 4)), 1u);
    EXPECT_EQ(command(set + table(1, k_other) + table(0, k_own) + "x"), 1u);
    EXPECT_FALSE(passes(k_other));
}

TEST_F(VirtioNetwork, 2_6_1_AQueueResetForgetsWhatWasHeld)
{
    start(Network::k_feature_mrg_rxbuf);
    offer(20);
    arrive(frame_to(k_own, 200));
    driver.write(kit::Mmio::queue_sel, 0);
    driver.write(kit::Mmio::queue_reset, 1);
    rx            = &driver.set_up(0);
    const auto at = offer(1526);
    device.received();
    EXPECT_EQ(rx->used()->written, 212u);
    EXPECT_EQ(ram.load<std::uint16_t>(at + 10), 1u);
}

TEST_F(VirtioNetwork, 2_2_2_NothingIsOfferedThatNeedsWhatIsNot)
{
    Network plain{card, Network::k_all_features & ~Network::k_feature_ctrl_vq};
    EXPECT_EQ(plain.offered_features() &
                  (Network::k_feature_ctrl_rx | Network::k_feature_ctrl_rx_extra),
              0u);
}

TEST_F(VirtioNetwork, 5_1_4_1_FramesUpToTheMtuGoOutWhole)
{
    start();
    const auto frame = frame_to(k_other, 1514, 'm');
    send(frame);
    EXPECT_EQ(card.sent, std::vector{frame});
    EXPECT_EQ(driver.config<std::uint16_t>(10), 1500u);
    device.set_link(false); // whatever else changes
    EXPECT_EQ(driver.config<std::uint16_t>(10), 1500u);
}

TEST_F(VirtioNetwork, 5_1_6_2_2_UnknownFlagsAreIgnored)
{
    start();
    const auto frame = frame_to(k_other);
    send(frame, 0xfe, 20, 2); // without NEEDS_CSUM the places of a checksum say nothing
    EXPECT_FALSE(driver.needs_reset());
    EXPECT_EQ(card.sent, std::vector{frame});
}

TEST_F(VirtioNetwork, 5_1_6_4_1_AllBuffersOfAFrameAreShownTogetherAndFull)
{
    start(Network::k_feature_mrg_rxbuf);
    const std::vector<std::uint64_t> buffers{offer(100), offer(100)};
    arrive(frame_to(k_own, 200));
    EXPECT_EQ(rx->used_waiting(), 0u) << "a third buffer is missing";
    offer(100);
    EXPECT_EQ(rx->used_waiting(), 3u);
    EXPECT_EQ(ram.load<std::uint16_t>(buffers[0] + 10), 3u);
    EXPECT_EQ(rx->used()->written, 100u);
    EXPECT_EQ(rx->used()->written, 100u);
    EXPECT_EQ(rx->used()->written, 12u);
}

TEST_F(VirtioNetwork, 5_1_6_5_2_1_AResetEmptiesTheTable)
{
    start();
    EXPECT_EQ(mode(0, false), 0u);
    const std::string group(k_group.begin(), k_group.end());
    const std::string one("\x01\0\0\0", 4);
    const std::string none("\0\0\0\0", 4);
    EXPECT_EQ(command(std::string("\x01\0", 2) + none + one + group), 0u);
    EXPECT_TRUE(passes(k_group));
    start();
    EXPECT_EQ(mode(0, false), 0u);
    EXPECT_FALSE(passes(k_group));
}

} // namespace
