// SPDX-License-Identifier: BSD-2-Clause
// The network card below the driver, and the stations outside.
#pragma once

#include "frame.hpp"
#include "scheduler.hpp"

#include "virtio/nic.hpp"

#include <array>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace simulation {

/// Sends when it has got around to it; keeps what it has received until somebody has a buffer.
class NetworkHardware final : public virtio::Nic {
public:
    [[nodiscard]] Info info() const override { return {.mac = {2, 0, 0, 0, 0, 0x99}}; }
    [[nodiscard]] std::span<std::byte> transmit_buffer() override
    {
        is_awaited = credits == 0;
        return is_awaited ? std::span<std::byte>{} : std::span{buffer_};
    }
    void transmit(std::size_t size) override
    {
        --credits;
        on_sent(std::span<const std::byte>{buffer_}.first(size));
    }
    void                                     flush() override {}
    [[nodiscard]] std::span<const std::byte> next_received() override
    {
        return frames.empty() ? std::span<const std::byte>{} : std::span{frames.front()};
    }
    void               release_received() override { frames.pop_front(); }
    [[nodiscard]] bool receive_done() override { return !frames.empty(); }

    std::function<void(std::span<const std::byte>)> on_sent;
    std::deque<std::vector<std::byte>>              frames; ///< received
    unsigned                                        credits    = 0;
    bool                                            is_awaited = false;

private:
    std::array<std::byte, 2048> buffer_{};
};

} // namespace simulation
