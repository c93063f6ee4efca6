// SPDX-License-Identifier: BSD-2-Clause
// The little of Ethernet, ARP, IPv4, ICMP and UDP that answering needs (RFC 826, 791, 792, 768).
// A frame is answered in place: the answer goes back to where the question came from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace native {

using Mac = std::array<std::uint8_t, 6>;

/// Who we are.
struct Station {
    Mac           mac{};
    std::uint32_t ip = 0;
};

/// Who sent a datagram, and where the answer goes.
struct Peer {
    Mac           mac{};
    std::uint32_t ip                            = 0;
    std::uint16_t port                          = 0;
    bool          operator==(const Peer&) const = default;
};

/// Bytes before a UDP datagram's payload.
inline constexpr std::size_t k_udp_headers = 14 + 20 + 8;

/// Makes an ARP request for our address, or an ICMP echo request to it, into its answer. Gives the
/// answer's length; nothing for any other frame, which is left as it is.
[[nodiscard]] std::optional<std::size_t> answer(const Station& station, std::span<std::byte> frame);

struct Datagram {
    Peer                       peer;
    std::span<const std::byte> payload;
};

/// The UDP datagram to `port` of ours in the frame, if there is one and its checksums are right.
/// Not a fragment of one.
[[nodiscard]] std::optional<Datagram> udp_in(const Station& station, std::uint16_t port,
                                             std::span<const std::byte> frame);

/// Writes a datagram from our `port` into `frame`. Gives the frame's length; 0 if it does not fit.
[[nodiscard]] std::size_t udp_out(const Station& station, std::uint16_t port, const Peer& peer,
                                  std::span<const std::byte> payload, std::span<std::byte> frame);

} // namespace native
