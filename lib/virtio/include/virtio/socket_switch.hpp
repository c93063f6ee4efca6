// SPDX-License-Identifier: BSD-2-Clause
// What a socket device stands on: a switch that carries packets between context IDs.
#pragma once

#include "virtio/chain.hpp"
#include "virtio/socket_packet.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace virtio {

/// Who is told of what happens at a switch.
class SocketClient {
public:
    /// There are packets.
    virtual void arrived() = 0;
    /// There is room again for a packet that did not find any.
    virtual void ready() = 0;
    /// A peer's connections are lost: it was restarted, it broke the transport's rules, or
    /// SocketSwitch::disconnect() was called. A packet of it that next() gave is gone. May come out
    /// of next(), room() and disconnect(); otherwise ready() follows.
    virtual void peer_gone(std::uint32_t cid) = 0;

protected:
    ~SocketClient() = default;
};

class SocketSwitch {
public:
    virtual void connect(SocketClient& client) = 0;

    /// The context ID of whoever stands on this switch.
    [[nodiscard]] virtual std::uint32_t own_cid() const = 0;

    /// Whether there is somebody with this context ID, and on-line.
    [[nodiscard]] virtual bool reaches(std::uint32_t cid) const = 0;

    /// How many bytes of payload a packet to a peer can have now, if `wanted` are there to be sent;
    /// at least one if at least one is wanted. Nothing: no packet can be sent, and
    /// SocketClient::ready() follows when one can.
    [[nodiscard]] virtual std::optional<std::uint32_t> room(std::uint32_t cid,
                                                            std::uint32_t wanted) = 0;
    /// Sends a packet for which there is room, with the next header.len bytes of `payload`.
    virtual void send(const SocketHeader& header, Reader& payload) = 0;
    /// A batch of send() is over.
    virtual void flush() = 0;

    /// The next packet, whose dst_cid is own_cid() and whose src_cid is the one that it comes from;
    /// the same one until release(). Nothing: there is none.
    [[nodiscard]] virtual const SocketHeader* next() = 0;
    /// Its next bytes of payload; not more in all than its header says.
    virtual void read(std::span<std::byte> to) = 0;
    /// Done with it, read or not.
    virtual void release() = 0;
    /// A batch of release() is over. True: there are more packets after all. Otherwise
    /// SocketClient::arrived() follows when there are.
    [[nodiscard]] virtual bool receive_done() = 0;

    /// Ends all connections with a peer, at once.
    virtual void disconnect(std::uint32_t cid) = 0;

protected:
    ~SocketSwitch() = default;
};

} // namespace virtio
