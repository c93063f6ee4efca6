// SPDX-License-Identifier: BSD-2-Clause
// A device that finishes every request and writes down what happens, and a driver in front of it.
#pragma once

#include "kit/fake_driver.hpp"
#include "virtio/device.hpp"
#include "virtio/mmio.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace device_test {

using kit::FakeDriver;
using kit::Mmio;
using virtio::Fault;

constexpr std::uint64_t k_one   = 1;
constexpr std::uint64_t k_two   = 2; ///< needs k_one
constexpr std::uint64_t k_three = 4; ///< not offered

/// Finishes every request of any queue, and writes down what happens.
class Model final : public virtio::Device {
public:
    Model()
        : Device{virtio::DeviceId::entropy, k_one | k_two, queues_}
    {
        queues_[0].limit(64);
        queues_[1].limit(8);
    }

    void change(std::uint8_t value)
    {
        config[0] = std::byte{value};
        configuration_changed();
    }
    void                                refuse() { fail(Fault::request); }
    void                                finish_reset() { reset_finished(); }
    void                                finish_queue_reset() { queue_reset_finished(queues_[1]); }
    [[nodiscard]] bool                  running() const { return is_running(); }
    std::array<std::byte, 12>           config{};
    std::vector<unsigned>               served;
    std::vector<std::vector<std::byte>> writes;
    unsigned                            resets = 0;
    unsigned                            starts = 0;
    bool                                quiet  = true;

private:
    [[nodiscard]] std::span<const std::byte> configuration() const override { return config; }
    void on_configuration_write(std::uint32_t offset, std::span<const std::byte> from) override
    {
        std::ranges::copy(from, config.begin() + offset);
        writes.emplace_back(from.begin(), from.end());
    }
    [[nodiscard]] bool accepts(std::uint64_t features) const override
    {
        return (features & k_two) == 0 || (features & k_one) != 0;
    }
    void on_start() override { ++starts; }
    void on_notify(unsigned index) override
    {
        do {
            while (virtio::Chain chain = take(queues_[index], room_)) {
                served.push_back(index);
                queues_[index].finish(std::move(chain), 0);
            }
            publish(queues_[index]);
        } while (queues_[index].rest());
    }
    bool on_reset() override
    {
        ++resets;
        return quiet;
    }
    bool on_queue_reset(unsigned) override { return quiet; }

    std::array<virtio::Queue, 2>    queues_{};
    std::array<virtio::Segment, 16> room_{};
};

class VirtioDevice : public testing::Test {
protected:
    void bring_up(std::uint64_t features = ~0ULL)
    {
        ASSERT_TRUE(driver.negotiate(features));
        ring = &driver.set_up(0);
        driver.go();
    }
    void add() { ring->add({kit::to_device(buffer, 4)}); }

    kit::GuestRam  ram;
    Model          model;
    FakeDriver     driver{ram, model};
    kit::FakeRing* ring   = nullptr;
    std::uint64_t  buffer = ram.allocate(64);
};

} // namespace device_test
