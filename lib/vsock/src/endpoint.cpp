// SPDX-License-Identifier: BSD-2-Clause
// Sockets of a program: what the program calls. Packets are in endpoint_packets.cpp.
#include "vsock/endpoint.hpp"

#include <algorithm>

namespace vsock {

using virtio::k_shutdown_both;
using virtio::k_shutdown_receive;
using virtio::k_shutdown_send;
using virtio::SocketOp;

Endpoint::Endpoint(virtio::SocketSwitch& peers, std::span<Socket> sockets)
    : peers_{peers}
    , sockets_{sockets}
{
    for (Socket& socket : sockets_) { // a program that is restarted finds its last life's
        socket = {};
    }
    peers_.connect(*this);
}

Endpoint::Socket* Endpoint::at(Handle handle)
{
    return const_cast<Socket*>(static_cast<const Endpoint*>(this)->at(handle));
}

const Endpoint::Socket* Endpoint::at(Handle handle) const
{
    if (handle.index >= sockets_.size()) {
        return nullptr;
    }
    const Socket& socket = sockets_[handle.index];
    return socket.owned && socket.serial == handle.serial ? &socket : nullptr;
}

Handle Endpoint::handle_of(const Socket& socket) const
{
    return {.index  = static_cast<std::uint16_t>(&socket - sockets_.data()),
            .serial = socket.serial};
}

Endpoint::Socket* Endpoint::listener(std::uint32_t port)
{
    const auto found = std::ranges::find_if(sockets_, [&](const Socket& socket) {
        return socket.state == State::listening && socket.own_port == port;
    });
    return found == sockets_.end() ? nullptr : &*found;
}

Endpoint::Socket* Endpoint::allocate()
{
    for (Socket& socket : sockets_) {
        if (socket.state == State::free) {
            const auto buffer = socket.buffer;
            const auto serial = static_cast<std::uint16_t>(socket.serial + 1);
            socket            = {};
            socket.buffer     = buffer;
            socket.serial     = serial;
            socket.buffer.clear();
            return &socket;
        }
    }
    return nullptr;
}

bool Endpoint::listen(std::uint32_t port, SocketType type, std::uint16_t backlog)
{
    Socket* const socket = listener(port) == nullptr ? allocate() : nullptr;
    if (socket == nullptr) {
        return false;
    }
    socket->state    = State::listening;
    socket->type     = type;
    socket->backlog  = backlog;
    socket->own_port = port;
    return true;
}

std::optional<Handle> Endpoint::accept(std::uint32_t port)
{
    Socket* first = nullptr;
    for (Socket& socket : sockets_) {
        const bool waits = !socket.owned && socket.own_done == 0 && socket.own_port == port &&
                           (socket.state == State::connected ||
                            (socket.state == State::closed && socket.buffer.size() != 0));
        // The one that came first, though the counter may have wrapped.
        if (waits && (first == nullptr || socket.order - first->order >= 1U << 31)) {
            first = &socket;
        }
    }
    if (first == nullptr) {
        return std::nullopt;
    }
    first->owned = true;
    return handle_of(*first);
}

std::optional<Handle> Endpoint::connect(std::uint32_t cid, std::uint32_t port, SocketType type)
{
    Socket* const socket = peers_.reaches(cid) ? allocate() : nullptr;
    if (socket == nullptr) {
        return std::nullopt;
    }
    socket->state     = State::connecting;
    socket->type      = type;
    socket->owned     = true;
    socket->own_port  = next_port_;
    socket->cid       = cid;
    socket->peer_port = port;
    next_port_        = next_port_ == 0xffff'fffe ? k_first_port : next_port_ + 1;
    tell(*socket, SocketOp::request);
    return handle_of(*socket);
}

bool Endpoint::is_connected(Handle handle) const
{
    const Socket* const socket = at(handle);
    return socket != nullptr && socket->state == State::connected;
}

bool Endpoint::is_closed(Handle handle) const
{
    const Socket* const socket = at(handle);
    return socket == nullptr || socket->state == State::closed;
}

std::uint32_t Endpoint::can_send(Handle handle) const
{
    const Socket* const socket = at(handle);
    if (socket == nullptr || socket->state != State::connected ||
        (socket->own_done & k_shutdown_send) != 0 ||
        (socket->peer_done & k_shutdown_receive) != 0) {
        return 0;
    }
    // The peer may have announced less space than it has bytes of ours.
    const std::uint32_t under_way = socket->sent - socket->peer_taken;
    return socket->peer_alloc > under_way ? socket->peer_alloc - under_way : 0;
}

std::uint32_t Endpoint::send(Handle handle, std::span<const std::byte> bytes, End end)
{
    Socket* const socket = at(handle);
    if (socket == nullptr || bytes.empty()) {
        return 0;
    }
    const std::uint32_t flags = socket->type != SocketType::seqpacket || end == End::none ? 0
                                : end == End::message
                                    ? virtio::k_end_of_message
                                    : virtio::k_end_of_message | virtio::k_end_of_record;
    std::uint32_t       done  = 0;
    while (done < bytes.size()) {
        const auto wanted = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(bytes.size() - done, can_send(handle)));
        if (wanted == 0) {
            if (is_connected(handle) && !socket->asked && socket->due == 0) {
                socket->asked = true;
                tell(*socket, SocketOp::credit_request);
            }
            break;
        }
        if (!pay(*socket)) { // what is due comes first
            break;
        }
        const auto room = peers_.room(socket->cid, wanted);
        if (!room || socket->state != State::connected) {
            break;
        }
        const std::uint32_t size = std::min(wanted, *room);
        // A Reader only reads.
        const virtio::Segment segment{const_cast<std::byte*>(bytes.data() + done), size};
        virtio::Reader        payload{{&segment, 1}, size};
        const bool            last = done + size == bytes.size();
        peers_.send({.src_cid   = peers_.own_cid(),
                     .dst_cid   = socket->cid,
                     .src_port  = socket->own_port,
                     .dst_port  = socket->peer_port,
                     .len       = size,
                     .type      = socket->type,
                     .op        = SocketOp::data,
                     .flags     = last ? flags : 0,
                     .buf_alloc = socket->buffer.capacity(),
                     .fwd_cnt   = socket->taken},
                    payload);
        socket->told = socket->taken;
        socket->sent += size;
        done += size;
    }
    return done;
}

Received Endpoint::receive(Handle handle, std::span<std::byte> to)
{
    Socket* const socket = at(handle);
    if (socket == nullptr) {
        return {.is_over = true};
    }
    const auto taken = socket->buffer.take(to);
    socket->taken += taken.size;
    // The peer hears of it before it has used up what it knows of.
    if (socket->state == State::connected &&
        socket->taken - socket->told >= socket->buffer.capacity() / 2) {
        tell(*socket, SocketOp::credit_update);
    }
    const bool no_more = socket->state == State::closed ||
                         (socket->peer_done & k_shutdown_send) != 0 ||
                         (socket->own_done & k_shutdown_receive) != 0;
    return {.size           = taken.size,
            .end_of_message = taken.end,
            .end_of_record  = taken.end_of_record,
            .is_over        = no_more && socket->buffer.size() == 0};
}

void Endpoint::shutdown(Handle handle, std::uint32_t flags)
{
    Socket* const socket = at(handle);
    if (socket == nullptr || socket->state != State::connected ||
        (socket->own_done & flags) == flags) {
        return;
    }
    socket->own_done = static_cast<std::uint8_t>(socket->own_done | (flags & k_shutdown_both));
    tell(*socket, SocketOp::shutdown);
}

void Endpoint::close(Handle handle)
{
    Socket* const socket = at(handle);
    if (socket == nullptr) {
        return;
    }
    socket->owned = false;
    socket->buffer.clear();
    if (socket->state == State::connected) {
        // The addresses stay in use until the peer has answered by a reset (5.10.6.5).
        socket->own_done = k_shutdown_both;
        tell(*socket, SocketOp::shutdown);
    } else if (socket->state == State::connecting) {
        abort(*socket);
    } else {
        free_if_done(*socket);
    }
}

void Endpoint::end(Socket& socket)
{
    socket.state = State::closed;
    free_if_done(socket);
}

/// A socket that nobody has a handle of, nor can get one, and that has nothing more to say is free.
void Endpoint::free_if_done(Socket& socket)
{
    if (socket.state == State::closed && !socket.owned && socket.due == 0 &&
        (socket.buffer.size() == 0 || socket.own_done != 0)) {
        socket.state = State::free;
    }
}

void Endpoint::flush()
{
    settle();
    peers_.flush();
}

std::size_t Endpoint::in_use() const
{
    return static_cast<std::size_t>(std::ranges::count_if(
        sockets_, [](const Socket& socket) { return socket.state != State::free; }));
}

} // namespace vsock
