// SPDX-License-Identifier: BSD-2-Clause
// A TCP segment of up to 64 KiB, cut into frames that a card can send: what a driver that has
// negotiated HOST_TSO4 or HOST_TSO6 leaves to the device (virtIO 1.2, 5.1.6.2).
#pragma once

#include "virtio/chain.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

/// Nothing that the guest says of the packet is believed but where TCP's header begins and how many
/// bytes a frame takes: the headers are copied once, and the copy is checked.
class Segmenter {
public:
    enum class Version : std::uint8_t { ipv4, ipv6 };

    /// What the header in front of a frame says about it.
    struct Wish {
        Version       version;
        std::uint16_t transport; ///< where TCP's header begins
        std::uint16_t size;      ///< of the data in a frame
    };

    /// Begins with a packet, whose memory stays until it is over; `most` is what a frame may have.
    /// False: it is no TCP packet that can be cut like this.
    [[nodiscard]] bool begin(const Reader& packet, const Wish& wish, std::size_t most);

    /// Whether frames are left of a packet.
    [[nodiscard]] bool is_active() const { return active_; }

    /// Makes the next frame at the start of `buffer`, which has room for one; gives its size.
    [[nodiscard]] std::size_t next(std::span<std::byte> buffer);

private:
    /// Ethernet with a VLAN tag, an IP header with options or extensions, TCP with options.
    static constexpr std::size_t k_most_headers = 256;

    [[nodiscard]] bool          find_network_header(const Wish& wish);
    [[nodiscard]] std::uint16_t get16(std::size_t at) const;
    [[nodiscard]] std::uint16_t pseudo_sum(std::size_t tcp_bytes) const;

    Reader data_{};                                               ///< what is left of it
    alignas(16) std::array<std::byte, k_most_headers> headers_{}; ///< copied word by word
    std::size_t   header_size_ = 0;
    std::size_t   network_     = 0; ///< where IP's header begins
    std::size_t   transport_   = 0;
    std::size_t   size_        = 0; ///< of the data in a frame
    std::uint64_t whole_       = 0; ///< of the data in all of them
    std::uint32_t sequence_    = 0; ///< TCP's, of the next frame
    std::uint16_t identity_    = 0; ///< IPv4's, of the next frame
    std::uint16_t addresses_   = 0; ///< their sum
    Version       version_     = Version::ipv4;
    bool          is_first_    = false;
    bool          active_      = false;
};

} // namespace virtio
