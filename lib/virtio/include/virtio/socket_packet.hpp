// SPDX-License-Identifier: BSD-2-Clause
// Packets of the socket device (virtIO 1.2, section 5.10.6): the header, and what its words mean.
#pragma once

#include <cstddef>
#include <cstdint>

namespace virtio {

enum class SocketOp : std::uint16_t {
    invalid        = 0,
    request        = 1,
    response       = 2,
    reset          = 3,
    shutdown       = 4,
    data           = 5, ///< VIRTIO_VSOCK_OP_RW
    credit_update  = 6,
    credit_request = 7,
};

enum class SocketType : std::uint16_t {
    stream    = 1,
    seqpacket = 2,
};

/// Context IDs (5.10.4): 0, 1 and all ones are reserved.
inline constexpr std::uint32_t k_host_cid = 2;
[[nodiscard]] constexpr bool   is_guest_cid(std::uint32_t cid)
{
    return cid > k_host_cid && cid != 0xffff'ffff;
}

/// Flags of a shutdown: what its sender will do no more. They add up, and never go away.
inline constexpr std::uint32_t k_shutdown_receive = 1;
inline constexpr std::uint32_t k_shutdown_send    = 2;
inline constexpr std::uint32_t k_shutdown_both    = 3;
/// Flags of data of a seqpacket socket: the last packet of a message, and of a record.
inline constexpr std::uint32_t k_end_of_message = 1;
inline constexpr std::uint32_t k_end_of_record  = 2;

/// struct virtio_vsock_hdr; `len` bytes of payload follow it. The upper halves of the context IDs
/// are reserved, so that they stand here by themselves.
struct SocketHeader {
    std::uint32_t src_cid      = 0;
    std::uint32_t src_cid_high = 0;
    std::uint32_t dst_cid      = 0;
    std::uint32_t dst_cid_high = 0;
    std::uint32_t src_port     = 0;
    std::uint32_t dst_port     = 0;
    std::uint32_t len          = 0;
    SocketType    type         = SocketType::stream;
    SocketOp      op           = SocketOp::invalid;
    std::uint32_t flags        = 0;
    std::uint32_t buf_alloc    = 0; ///< the sender's space for what it receives, in bytes
    std::uint32_t fwd_cnt      = 0; ///< bytes that it has taken out of there, ever

    [[nodiscard]] constexpr bool is(SocketOp what) const { return op == what; }
};
static_assert(sizeof(SocketHeader) == 44 && alignof(SocketHeader) == 4);
static_assert(offsetof(SocketHeader, len) == 24 && offsetof(SocketHeader, op) == 30);
static_assert(offsetof(SocketHeader, fwd_cnt) == 40);

/// The reset that answers a packet.
[[nodiscard]] constexpr SocketHeader reset_for(const SocketHeader& packet)
{
    return {.src_cid  = packet.dst_cid,
            .dst_cid  = packet.src_cid,
            .src_port = packet.dst_port,
            .dst_port = packet.src_port,
            .type     = packet.type,
            .op       = SocketOp::reset};
}

/// The same packet with what its operation has no use for made zero: payload of all but data, and
/// flags without a meaning.
[[nodiscard]] constexpr SocketHeader tidied(SocketHeader packet)
{
    const bool data = packet.is(SocketOp::data);
    const bool has_flags =
        packet.is(SocketOp::shutdown) || (data && packet.type == SocketType::seqpacket);
    packet.flags = has_flags ? packet.flags & 3 : 0;
    packet.len   = data ? packet.len : 0;
    return packet;
}

/// A piece of a data packet: `size` bytes, which are its last ones or not. Ends of messages are
/// with the last piece.
[[nodiscard]] constexpr SocketHeader piece_of(SocketHeader packet, std::uint32_t size, bool last)
{
    packet.len   = size;
    packet.flags = last ? packet.flags : 0;
    return packet;
}

/// Buffer space in one direction of a connection (5.10.6.3): what the receiver announced and what
/// was sent. What it once announced it must be able to hold, even if it announces less later,
/// because the sender may not know of that yet.
class SocketCredit {
public:
    static constexpr std::uint32_t k_most = 1U << 30; ///< of space that counts

    /// Whether the receiver can have taken that much: not more than was sent.
    [[nodiscard]] bool can_announce(std::uint32_t fwd_cnt) const
    {
        return static_cast<std::int32_t>(sent_ - fwd_cnt) >= 0;
    }
    void announce(std::uint32_t buf_alloc, std::uint32_t fwd_cnt)
    {
        const std::uint32_t edge = fwd_cnt + (buf_alloc < k_most ? buf_alloc : k_most);
        if (static_cast<std::int32_t>(edge - edge_) > 0) {
            edge_ = edge;
        }
    }
    /// Bytes that may be sent now.
    [[nodiscard]] std::uint32_t room() const { return edge_ - sent_; }
    void                        spend(std::uint32_t bytes) { sent_ += bytes; }

private:
    std::uint32_t edge_ = 0; ///< how many bytes may ever be sent; free-running, as sent_ is
    std::uint32_t sent_ = 0;
};

} // namespace virtio
