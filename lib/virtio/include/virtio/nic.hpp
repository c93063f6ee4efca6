// SPDX-License-Identifier: BSD-2-Clause
// What a network device stands on: a card that sends and receives Ethernet frames, in buffers of
// its own, so that a frame is copied once on its way to or from guest memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

using MacAddress = std::array<std::uint8_t, 6>;

class Nic {
public:
    struct Info {
        MacAddress    mac{};
        std::uint16_t mtu     = 1500;
        bool          link_up = true;
        /// Frames come with checksums that somebody has verified.
        bool verifies = false;
    };
    [[nodiscard]] virtual Info info() const = 0;

    /// A buffer for the next frame to send; the same one until transmit(). Empty: there is none,
    /// and Network::transmit_ready() follows when there is.
    [[nodiscard]] virtual std::span<std::byte> transmit_buffer() = 0;
    /// Sends the first `size` bytes of it.
    virtual void transmit(std::size_t size) = 0;
    /// A batch of transmit() is over.
    virtual void flush() = 0;

    /// The next frame received; the same one until release_received(). Empty: there is none, and
    /// Network::received() follows when there is.
    [[nodiscard]] virtual std::span<const std::byte> next_received()    = 0;
    virtual void                                     release_received() = 0;
    /// A batch of release_received() is over. True: there are more frames after all.
    [[nodiscard]] virtual bool receive_done() = 0;

protected:
    ~Nic() = default;
};

} // namespace virtio
