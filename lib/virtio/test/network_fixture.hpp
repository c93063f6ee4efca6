// SPDX-License-Identifier: BSD-2-Clause
// A network device with a card that a test fills and empties, and a driver in front of it.
#pragma once

#include "kit/fake_driver.hpp"
#include "virtio/network.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace network_test {

using kit::from_device;
using kit::to_device;
using virtio::Network;

class Card final : public virtio::Nic {
public:
    [[nodiscard]] Info                 info() const override { return what; }
    [[nodiscard]] std::span<std::byte> transmit_buffer() override
    {
        return buffers == 0 ? std::span<std::byte>{} : std::span{buffer};
    }
    void transmit(std::size_t size) override
    {
        --buffers;
        sent.emplace_back(reinterpret_cast<const char*>(buffer.data()), size);
    }
    void                                     flush() override { ++flushes; }
    [[nodiscard]] std::span<const std::byte> next_received() override
    {
        return frames.empty() ? std::span<const std::byte>{} : std::as_bytes(std::span{frames[0]});
    }
    void               release_received() override { frames.pop_front(); }
    [[nodiscard]] bool receive_done() override { return !frames.empty(); }

    Info                        what{.mac = {2, 0, 0, 0, 0, 1}};
    std::array<std::byte, 2048> buffer{};
    unsigned                    buffers = 1000;
    unsigned                    flushes = 0;
    std::vector<std::string>    sent;
    std::deque<std::string>     frames;
};

/// An Ethernet frame to an address.
inline std::string frame_to(virtio::MacAddress to, std::size_t size = 60, char fill = 'x')
{
    std::string frame(to.begin(), to.end());
    frame += std::string("\x02\0\0\0\0\x09\x08\0", 8);
    return frame + std::string(size - frame.size(), fill);
}

constexpr virtio::MacAddress k_own{2, 0, 0, 0, 0, 1};
constexpr virtio::MacAddress k_other{2, 0, 0, 0, 0, 2};
constexpr virtio::MacAddress k_group{1, 0, 0x5e, 0, 0, 1};
constexpr virtio::MacAddress k_broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

class VirtioNetwork : public testing::Test {
protected:
    void start(std::uint64_t features = ~std::uint64_t{0})
    {
        ASSERT_TRUE(driver.negotiate(features | virtio::k_common_features));
        rx      = &driver.set_up(0, 64);
        tx      = &driver.set_up(1);
        control = &driver.set_up(2);
        driver.go();
    }
    void send(const std::string& frame, std::uint8_t flags = 0, std::uint16_t start = 0,
              std::uint16_t offset = 0, std::uint8_t gso = 0, std::uint16_t gso_size = 0)
    {
        const auto header = ram.allocate(12);
        ram.store(header, flags);
        ram.store(header + 1, gso);
        ram.store(header + 4, gso_size);
        ram.store(header + 6, start);
        ram.store(header + 8, offset);
        tx->add({to_device(header, 12),
                 to_device(ram.put(frame), static_cast<std::uint32_t>(frame.size()))});
        driver.notify(1);
    }
    std::uint64_t offer(std::uint32_t size)
    {
        const auto at = ram.allocate(size);
        rx->add({from_device(at, size)});
        if (rx->must_notify()) {
            driver.notify(0);
        }
        return at;
    }
    void arrive(const std::string& frame)
    {
        card.frames.push_back(frame);
        device.received();
    }
    /// Runs a control command; the answer.
    std::uint8_t command(std::string_view bytes)
    {
        const auto ack = ram.allocate(1);
        ram.store<std::uint8_t>(ack, 0xee);
        control->add({to_device(ram.put(bytes), static_cast<std::uint32_t>(bytes.size())),
                      from_device(ack, 1)});
        driver.notify(2);
        (void)control->used();
        return ram.load<std::uint8_t>(ack);
    }
    std::uint8_t mode(char number, bool on)
    {
        return command(std::string{'\0', number, static_cast<char>(on)});
    }
    /// Whether a frame to this address gets through.
    bool passes(virtio::MacAddress to)
    {
        offer(200);
        arrive(frame_to(to));
        const bool passed = rx->used().has_value();
        return passed;
    }

    kit::GuestRam   ram;
    Card            card;
    Network         device{card};
    kit::FakeDriver driver{ram, device};
    kit::FakeRing*  rx      = nullptr;
    kit::FakeRing*  tx      = nullptr;
    kit::FakeRing*  control = nullptr;
};

} // namespace network_test
