// SPDX-License-Identifier: BSD-2-Clause
// Sockets of a program: what packets do to them, and packets that wait for room.
#include "vsock/endpoint.hpp"

#include <algorithm>
#include <utility>

namespace vsock {

using virtio::k_shutdown_both;
using virtio::k_shutdown_receive;
using virtio::k_shutdown_send;
using virtio::SocketHeader;
using virtio::SocketOp;

namespace {

std::uint8_t bit(SocketOp op) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(op)); }

} // namespace

Endpoint::Socket* Endpoint::find(const SocketHeader& packet)
{
    const auto found = std::ranges::find_if(sockets_, [&](const Socket& socket) {
        return (socket.state == State::connecting || socket.state == State::connected) &&
               socket.cid == packet.src_cid && socket.peer_port == packet.src_port &&
               socket.own_port == packet.dst_port;
    });
    return found == sockets_.end() ? nullptr : &*found;
}

void Endpoint::arrived()
{
    do {
        while (const SocketHeader* const packet = peers_.next()) {
            handle(*packet);
            peers_.release();
            if (const auto cid = std::exchange(to_disconnect_, std::nullopt)) {
                peers_.disconnect(*cid);
            }
        }
    } while (peers_.receive_done());
    flush();
}

void Endpoint::ready() { flush(); }

void Endpoint::peer_gone(std::uint32_t cid)
{
    for (Socket& socket : sockets_) {
        if (socket.cid == cid && socket.state != State::free) {
            socket.due = 0;
            end(socket);
        }
    }
    for (std::size_t i = 0; i < refused_; ++i) { // settle() may be among them: nobody has the ID 0
        refusals_[i].dst_cid = refusals_[i].dst_cid == cid ? 0 : refusals_[i].dst_cid;
    }
}

void Endpoint::handle(const SocketHeader& raw)
{
    const SocketHeader packet = virtio::tidied(raw);
    Socket* const      socket = find(packet);
    if (packet.is(SocketOp::reset)) {
        if (socket != nullptr) {
            socket->due = 0;
            end(*socket);
        }
        return;
    }
    if (socket != nullptr && !packet.is(SocketOp::request)) {
        handle_flow(*socket, packet);
        return;
    }
    if (socket != nullptr) { // whom it belongs to, the other side no longer knows
        abort(*socket);
    }
    if (packet.is(SocketOp::request) && socket == nullptr) {
        handle_request(packet);
    } else {
        refuse(packet);
    }
}

void Endpoint::handle_request(const SocketHeader& packet)
{
    const Socket* const there = listener(packet.dst_port);
    std::size_t         waits = 0;
    std::size_t         peers = 0; // sockets of this peer
    std::size_t         free  = 0;
    for (const Socket& socket : sockets_) {
        const bool taken = socket.state != State::free && socket.state != State::listening;
        waits += taken && !socket.owned && socket.own_done == 0 && there != nullptr &&
                         socket.own_port == there->own_port
                     ? 1
                     : 0;
        peers += taken && socket.cid == packet.src_cid ? 1 : 0;
        free += socket.state == State::free ? 1 : 0;
    }
    // No peer takes more sockets than it leaves to the others.
    if (there == nullptr || there->type != packet.type || waits >= there->backlog ||
        peers >= free) {
        refuse(packet);
        return;
    }
    Socket& socket    = *allocate();
    socket.state      = State::connected;
    socket.type       = packet.type;
    socket.own_port   = packet.dst_port;
    socket.cid        = packet.src_cid;
    socket.peer_port  = packet.src_port;
    socket.order      = arrivals_++;
    socket.peer_alloc = packet.buf_alloc;
    tell(socket, SocketOp::response);
}

void Endpoint::handle_flow(Socket& socket, const SocketHeader& packet)
{
    const bool connecting = socket.state == State::connecting;
    if (packet.type != socket.type || static_cast<std::int32_t>(socket.sent - packet.fwd_cnt) < 0) {
        abort(socket);
        return;
    }
    socket.peer_alloc = packet.buf_alloc;
    socket.peer_taken = packet.fwd_cnt;
    socket.asked      = false;
    switch (packet.op) {
    case SocketOp::response:
        if (!connecting) {
            abort(socket);
            return;
        }
        socket.state = State::connected;
        return;
    case SocketOp::data:
        if (connecting) {
            abort(socket);
            return;
        }
        handle_data(socket, packet);
        return;
    case SocketOp::shutdown:
        socket.peer_done = static_cast<std::uint8_t>(socket.peer_done | packet.flags);
        // 5.10.6.5: nothing goes either way any more; the answer is a reset. Two that say so at the
        // same time both answer.
        if (socket.peer_done == k_shutdown_both) {
            abort(socket);
        }
        return;
    case SocketOp::credit_request:
        tell(socket, SocketOp::credit_update);
        return;
    case SocketOp::credit_update:
        return;
    default:
        abort(socket);
        return;
    }
}

void Endpoint::handle_data(Socket& socket, const SocketHeader& packet)
{
    if ((socket.peer_done & k_shutdown_send) != 0) {
        abort(socket);
        return;
    }
    if ((socket.own_done & k_shutdown_receive) != 0) { // under way when we said so
        socket.taken += packet.len;
        return;
    }
    if (packet.len > socket.buffer.capacity() - socket.buffer.size()) {
        abort(socket); // beyond its credit
        return;
    }
    for (std::uint32_t left = packet.len; left != 0;) {
        const auto room = socket.buffer.room(left);
        peers_.read(room);
        socket.buffer.advance(static_cast<std::uint32_t>(room.size()));
        left -= static_cast<std::uint32_t>(room.size());
    }
    if ((packet.flags & virtio::k_end_of_message) != 0) {
        socket.buffer.end((packet.flags & virtio::k_end_of_record) != 0);
    }
}

/// A peer that does not take its resets loses its connections, so that what waits is bounded.
void Endpoint::refuse(const SocketHeader& packet)
{
    if (refused_ == refusals_.size()) {
        to_disconnect_ = refusals_[0].dst_cid;
        return;
    }
    refusals_[refused_++] = virtio::reset_for(packet);
    any_due_              = true;
}

void Endpoint::abort(Socket& socket)
{
    socket.due = bit(SocketOp::reset);
    any_due_   = true;
    end(socket);
}

void Endpoint::tell(Socket& socket, SocketOp op)
{
    socket.due = static_cast<std::uint8_t>(socket.due | bit(op));
    any_due_   = true;
    (void)pay(socket);
}

/// Sends what is due for a socket, in the order of this list. False: not all of it.
bool Endpoint::pay(Socket& socket)
{
    for (const SocketOp op : {SocketOp::request, SocketOp::response, SocketOp::credit_request,
                              SocketOp::credit_update, SocketOp::shutdown, SocketOp::reset}) {
        if ((socket.due & bit(op)) == 0) {
            continue;
        }
        if (peers_.reaches(socket.cid)) {
            if (!peers_.room(socket.cid, 0)) {
                return false;
            }
            const bool     last = op == SocketOp::reset;
            SocketHeader   packet{.src_cid   = peers_.own_cid(),
                                  .dst_cid   = socket.cid,
                                  .src_port  = socket.own_port,
                                  .dst_port  = socket.peer_port,
                                  .type      = socket.type,
                                  .op        = op,
                                  .flags     = op == SocketOp::shutdown ? socket.own_done : 0U,
                                  .buf_alloc = last ? 0 : socket.buffer.capacity(),
                                  .fwd_cnt   = last ? 0 : socket.taken};
            virtio::Reader nothing;
            peers_.send(packet, nothing);
            socket.told = socket.taken;
        }
        socket.due = static_cast<std::uint8_t>(socket.due & ~bit(op));
    }
    return true;
}

/// What is due for all of them.
void Endpoint::settle()
{
    if (!any_due_) {
        return;
    }
    any_due_         = false;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < refused_; ++i) {
        const SocketHeader& reply = refusals_[i];
        if (peers_.reaches(reply.dst_cid)) {
            if (peers_.room(reply.dst_cid, 0)) {
                virtio::Reader nothing;
                peers_.send(reply, nothing);
            } else {
                refusals_[kept++] = reply;
            }
        }
    }
    refused_ = kept;
    for (Socket& socket : sockets_) {
        if (socket.state != State::free && !pay(socket)) {
            any_due_ = true;
        }
        free_if_done(socket);
    }
    any_due_ = any_due_ || refused_ != 0;
}

} // namespace vsock
