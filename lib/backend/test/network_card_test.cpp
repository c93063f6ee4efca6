// SPDX-License-Identifier: BSD-2-Clause
// A network device on sDDF's network class: frames both ways, buffers that go round, neighbours
// that lie.
#include "backend/network_card.hpp"
#include "kit/bell.hpp"
#include "kit/fake_driver.hpp"
#include "virtio/network.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

namespace {

using sddf::network::Descriptor;
using virtio::Network;

constexpr std::uint16_t k_buffers = 4;

std::string frame_of(std::size_t size, char fill)
{
    return std::string("\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", 14) + std::string(size - 14, fill);
}

class BackendNetworkCard : public testing::Test {
protected:
    using Words = std::vector<std::uint64_t>;
    static sddf::Region region(Words& words)
    {
        return {reinterpret_cast<std::uint64_t>(words.data()), words.size() * 8};
    }
    void SetUp() override
    {
        for (auto* queue : {&tx_free, &tx_active, &rx_free, &rx_active}) {
            queue->assign(1 + 2 * k_buffers, 0);
        }
        for (auto* data : {&tx_data, &rx_data}) {
            data->assign(k_buffers * 2048 / 8, 0);
        }
        config.magic    = sddf::magic_of(sddf::Class::network);
        config.mac_addr = {2, 0, 0, 0, 0, 1};
        config.tx       = {region(tx_free), region(tx_active), k_buffers, 1};
        config.rx       = {region(rx_free), region(rx_active), k_buffers, 2};
        config.tx_data  = region(tx_data);
        config.rx_data  = region(rx_data);
        ASSERT_TRUE(card.open(config));
        device = std::make_unique<Network>(card);
        driver = std::make_unique<kit::FakeDriver>(ram, *device);
        // The other sides. The copier fills the receive free ring.
        ASSERT_TRUE(virt_active.open(config.tx.active_queue.bytes(), k_buffers));
        ASSERT_TRUE(virt_free.open(config.tx.free_queue.bytes(), k_buffers));
        ASSERT_TRUE(copier_free.open(config.rx.free_queue.bytes(), k_buffers));
        ASSERT_TRUE(copier_active.open(config.rx.active_queue.bytes(), k_buffers));
        ASSERT_TRUE(driver->negotiate());
        rx = &driver->set_up(0);
        tx = &driver->set_up(1);
        driver->go();
    }
    void send(const std::string& frame)
    {
        tx->add({kit::to_device(ram.put(std::string(12, '\0') + frame),
                                static_cast<std::uint32_t>(12 + frame.size()))});
        if (tx->must_notify()) {
            driver->notify(1);
        }
    }
    /// What the transmit virtualiser has to send; it keeps the buffers.
    std::vector<std::string> sent()
    {
        std::vector<std::string> result;
        while (const auto descriptor = virt_active.pop()) {
            EXPECT_EQ(descriptor->oid, 0u);
            held.push_back(*descriptor);
            const auto bytes = config.tx_data.part(descriptor->io_or_offset, descriptor->len);
            result.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
        virt_active.release();
        return result;
    }
    /// Gives the buffers back.
    void give_back()
    {
        for (const auto& descriptor : held) {
            ASSERT_TRUE(virt_free.push({.io_or_offset = descriptor.io_or_offset}));
        }
        held.clear();
        if (virt_free.publish_if_asked()) {
            device->transmit_ready();
        }
    }
    void arrive(std::uint64_t offset, const std::string& frame)
    {
        const auto room = config.rx_data.part(offset, frame.size());
        std::memcpy(room.data(), frame.data(), room.size());
        ASSERT_TRUE(copier_active.push(
            {.io_or_offset = offset, .len = static_cast<std::uint16_t>(frame.size())}));
        if (copier_active.publish_if_asked()) {
            device->received();
        }
    }
    std::uint64_t offer()
    {
        const auto at = ram.allocate(1526);
        rx->add({kit::from_device(at, 1526)});
        if (rx->must_notify()) {
            driver->notify(0);
        }
        return at;
    }

    Words                            tx_free, tx_active, rx_free, rx_active, tx_data, rx_data;
    sddf::network::ClientConfig      config{};
    Bell                             tx_bell;
    Bell                             rx_bell;
    backend::NetworkCard             card{tx_bell, rx_bell};
    kit::GuestRam                    ram;
    std::unique_ptr<Network>         device;
    std::unique_ptr<kit::FakeDriver> driver;
    kit::FakeRing*                   rx = nullptr;
    kit::FakeRing*                   tx = nullptr;
    sddf::network::Consumer          virt_active;
    sddf::network::Producer          virt_free;
    sddf::network::Consumer          copier_free;
    sddf::network::Producer          copier_active;
    std::vector<Descriptor>          held;
};

TEST_F(BackendNetworkCard, FramesGoOut)
{
    EXPECT_EQ(driver->config<std::uint8_t>(5), 1u);
    send(frame_of(60, 'a'));
    EXPECT_EQ(tx_bell.rings, 1u);
    send(frame_of(1514, 'b'));
    EXPECT_EQ(tx_bell.rings, 1u); // the virtualiser did not ask again
    EXPECT_EQ(sent(), (std::vector{frame_of(60, 'a'), frame_of(1514, 'b')}));
    EXPECT_EQ(held[0].io_or_offset + held[1].io_or_offset, 2048u);
}

TEST_F(BackendNetworkCard, ACopierMayFillTheRingAfterTheCardWasOpened)
{
    ASSERT_TRUE(*sddf::network::fill_free_ring(config.rx.free_queue.bytes(), k_buffers));
    for (unsigned i = 0; i < k_buffers; ++i) {
        (void)offer();
        const auto buffer = copier_free.pop();
        ASSERT_TRUE(buffer);
        (void)copier_free.release();
        arrive(buffer->io_or_offset, frame_of(60, 'r'));
        EXPECT_EQ(copier_free.available(), k_buffers) << i;
    }
}

TEST_F(BackendNetworkCard, BuffersGoRoundAndNoFrameIsLost)
{
    std::vector<std::string> expected;
    std::vector<std::string> all;
    for (int i = 0; i < 14; ++i) {
        expected.push_back(frame_of(60 + static_cast<std::size_t>(i), static_cast<char>('a' + i)));
        send(expected.back());
    }
    for (int i = 0; i < 10; ++i) {
        const auto some = sent();
        EXPECT_LE(some.size(), k_buffers);
        all.insert(all.end(), some.begin(), some.end());
        give_back();
    }
    EXPECT_EQ(all, expected);
}

TEST_F(BackendNetworkCard, FramesComeIn)
{
    const auto at = offer();
    arrive(2048, frame_of(100, 'x'));
    EXPECT_EQ(rx->used()->written, 112u);
    EXPECT_EQ(ram.text(at + 12, 100), frame_of(100, 'x'));
    const auto returned = copier_free.pop();
    ASSERT_TRUE(returned);
    EXPECT_EQ(returned->io_or_offset, 2048u);
    EXPECT_EQ(returned->len, 0u);
}

TEST_F(BackendNetworkCard, FramesWaitForTheGuestAndNoneIsLost)
{
    for (std::uint64_t i = 0; i < 4; ++i) {
        arrive(i * 2048, frame_of(60, static_cast<char>('a' + i)));
    }
    for (char fill = 'a'; fill < 'e'; ++fill) {
        const auto at = offer();
        ASSERT_TRUE(rx->used());
        EXPECT_EQ(ram.text(at + 71, 1)[0], fill);
    }
    unsigned returned = 0;
    while (copier_free.pop()) {
        ++returned;
    }
    EXPECT_EQ(returned, 4u);
    offer();
    arrive(0, frame_of(60, 'z')); // and it is woken for the next
    EXPECT_TRUE(rx->used());
}

TEST_F(BackendNetworkCard, ARestartedClientDoesNotInventBuffers)
{
    std::set<std::uint64_t> offsets;
    backend::NetworkCard    again{tx_bell, rx_bell};
    send(frame_of(60, 'a'));
    (void)sent(); // one buffer is with the virtualiser
    ASSERT_TRUE(again.open(config));
    while (!again.transmit_buffer().empty()) {
        again.transmit(60);
    }
    again.flush();
    while (const auto descriptor = virt_active.pop()) {
        EXPECT_TRUE(offsets.insert(descriptor->io_or_offset).second);
    }
    EXPECT_EQ(offsets.size(), 3u);
}

TEST_F(BackendNetworkCard, NeighboursThatLie)
{
    offer();
    for (const Descriptor& lie :
         {Descriptor{.io_or_offset = 4 * 2048, .len = 60},
          Descriptor{.io_or_offset = ~std::uint64_t{0} - 2047, .len = 60},
          Descriptor{.io_or_offset = 5, .len = 60}, Descriptor{.io_or_offset = 0, .len = 2049},
          Descriptor{.io_or_offset = 0, .len = 0}}) {
        ASSERT_TRUE(copier_active.push(lie));
        (void)copier_active.publish();
        device->received();
        EXPECT_FALSE(rx->used());
    }
    arrive(0, frame_of(60, 'x'));
    device->received();
    EXPECT_TRUE(rx->used());

    for (int i = 0; i < 4; ++i) {
        send(frame_of(60, 'x'));
    }
    (void)sent();
    held.assign(1, Descriptor{.io_or_offset = 0x10'0000});
    send(frame_of(60, 'y'));
    give_back();
    EXPECT_TRUE(sent().empty());
    EXPECT_FALSE(driver->needs_reset());
}

TEST_F(BackendNetworkCard, RefusesWhatCannotBe)
{
    backend::NetworkCard other{tx_bell, rx_bell};
    auto                 bad = config;
    bad.magic[0]             = 'x';
    EXPECT_FALSE(other.open(bad));
    bad              = config;
    bad.tx_data.size = 4 * 2048 - 1;
    EXPECT_FALSE(other.open(bad));
    bad                = config;
    bad.rx.num_buffers = 0;
    EXPECT_FALSE(other.open(bad));
    bad               = config;
    bad.rx.free_queue = {};
    EXPECT_FALSE(other.open(bad));
}

} // namespace
