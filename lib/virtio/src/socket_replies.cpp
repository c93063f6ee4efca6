// SPDX-License-Identifier: BSD-2-Clause
// The socket device: the resets that it sends itself, as soon as there is room for them.
#include "virtio/socket.hpp"

namespace virtio {

bool Socket::send_to_guest(const SocketHeader& reply)
{
    if (!take_buffer()) {
        return false;
    }
    Writer writer = buffer_.writer();
    (void)writer.put(reply);
    queues_[k_receive].finish(std::move(buffer_), writer.written());
    return true;
}

bool Socket::send_to_peer(const SocketHeader& reply)
{
    if (!peers_.reaches(reply.dst_cid)) {
        return true;
    }
    if (!peers_.room(reply.dst_cid, 0)) {
        return !peers_.reaches(reply.dst_cid);
    }
    Reader nothing;
    peers_.send(reply, nothing);
    return true;
}

/// Resets that the guest is owed. False: it has no buffers for all of them.
bool Socket::pay_guest()
{
    if (delivering_) {
        return true; // not into the middle of a packet
    }
    bool paid = true;
    to_guest_.remove_if([&](const SocketHeader& reply) {
        paid = paid && send_to_guest(reply);
        return paid;
    });
    flows_.settle([&](SocketFlow& flow) {
        if (flow.owes_guest && paid) {
            paid            = send_to_guest({.src_cid  = flow.cid,
                                             .dst_cid  = static_cast<std::uint32_t>(guest_cid_),
                                             .src_port = flow.peer_port,
                                             .dst_port = flow.guest_port,
                                             .type     = flow.type,
                                             .op       = SocketOp::reset});
            flow.owes_guest = !paid;
        }
    });
    return paid;
}

/// Resets that the peers are owed, as far as there is room.
void Socket::pay_peers()
{
    to_peers_.remove_if([&](const SocketHeader& reply) { return send_to_peer(reply); });
    flows_.settle([&](SocketFlow& flow) {
        if (flow.owes_peer) {
            flow.owes_peer = !send_to_peer({.src_cid  = static_cast<std::uint32_t>(guest_cid_),
                                            .dst_cid  = flow.cid,
                                            .src_port = flow.guest_port,
                                            .dst_port = flow.peer_port,
                                            .type     = flow.type,
                                            .op       = SocketOp::reset});
        }
    });
}

} // namespace virtio
