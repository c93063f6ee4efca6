// SPDX-License-Identifier: BSD-2-Clause
// What two ends of a link share: see docs/decisions/0007-vsock-transport.md.
#pragma once

#include "virtio/socket_packet.hpp"

#include <cstddef>
#include <cstdint>

namespace vsock {

/// A link is two regions, one for each side. A side writes its own and only reads the other's,
/// which may be mapped without the right to write. A region begins with these words; the ring of
/// the packets that its owner sends is behind them. Fresh memory is all zero.
struct Half {
    std::uint32_t magic;   ///< k_magic once the owner has begun
    std::uint32_t session; ///< of the owner: another one at each start; 0 while that goes on
    std::uint32_t seen;    ///< the other's session that the owner has taken up
    std::uint32_t reserved;
    // Bytes since both sides took each other up; free-running, and never wrap.
    std::uint64_t tail;       ///< written into this ring
    std::uint64_t head;       ///< read from the other's ring
    std::uint64_t data_event; ///< notify the owner when your tail passes this
    std::uint64_t room_event; ///< notify the owner when your head passes this
    std::uint64_t unused[2];
};
static_assert(sizeof(Half) == 64 && offsetof(Half, tail) == 16);
static_assert(offsetof(Half, data_event) == 32 && offsetof(Half, room_event) == 40);

inline constexpr std::uint32_t k_magic = 0x314b'5356; ///< "VSK1"

/// A packet in a ring: the header of virtIO, four bytes of nothing, the payload, and again nothing
/// up to a multiple of eight. What is at the ring's end goes on at its beginning.
inline constexpr std::uint64_t        k_record_header = 48;
[[nodiscard]] constexpr std::uint64_t record_bytes(std::uint32_t payload)
{
    return k_record_header + ((std::uint64_t{payload} + 7) & ~std::uint64_t{7});
}

/// Size of a region's ring. A region needs room for at least one good packet.
[[nodiscard]] constexpr std::uint64_t ring_bytes(std::uint64_t region)
{
    return region < sizeof(Half) ? 0 : (region - sizeof(Half)) & ~std::uint64_t{7};
}
inline constexpr std::uint64_t k_least_ring = 1024;

static_assert(sizeof(virtio::SocketHeader) <= k_record_header);

} // namespace vsock
