// SPDX-License-Identifier: BSD-2-Clause
// Sockets for a program of our own: listen, connect, accept, send, receive, shut down. Nothing
// blocks and nothing is allocated: call again after the next notification.
#pragma once

#include "virtio/socket_switch.hpp"
#include "vsock/receive_buffer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vsock {

using virtio::SocketType;

/// A connection; good until close(), and never mistaken for a later one.
struct Handle {
    std::uint16_t index                           = 0xffff;
    std::uint16_t serial                          = 0;
    bool          operator==(const Handle&) const = default;
};

/// What send() is to say about the end of its bytes; for sockets of type seqpacket.
enum class End : std::uint8_t { none, message, record };

struct Received {
    std::uint32_t size           = 0;
    bool          end_of_message = false; ///< with the last byte
    bool          end_of_record  = false;
    bool          is_over        = false; ///< nothing is left, and nothing more will come
};

class Endpoint final : private virtio::SocketClient {
public:
    /// One connection, or a port that is listened on. The endpoint's own business; here so that a
    /// program can give the memory for it.
    struct Socket {
        enum class State : std::uint8_t { free, listening, connecting, connected, closed };

        State         state     = State::free;
        SocketType    type      = SocketType::stream;
        bool          owned     = false; ///< the program has a handle
        std::uint16_t serial    = 0;
        std::uint16_t backlog   = 0; ///< of a listening one: connections not yet accepted, at most
        std::uint32_t own_port  = 0;
        std::uint32_t cid       = 0;
        std::uint32_t peer_port = 0;
        std::uint32_t order     = 0; ///< of arrival, for accept()
        std::uint8_t  own_done  = 0; ///< shutdowns
        std::uint8_t  peer_done = 0;
        std::uint8_t  due       = 0;     ///< packets to be sent, a bit for each
        bool          asked     = false; ///< for credit, without an answer so far
        // Credit (5.10.6.3): of the peer, and what we last told it.
        std::uint32_t peer_alloc = 0;
        std::uint32_t peer_taken = 0;
        std::uint32_t sent       = 0;
        std::uint32_t taken      = 0;
        std::uint32_t told       = 0;
        ReceiveBuffer buffer{};
    };

    /// `Sockets` in all, each with `Bytes` for what it receives.
    template <std::size_t Sockets, std::size_t Bytes>
    struct Storage {
        static_assert(Bytes % 64 == 0 && Sockets < 0xffff);
        std::array<Socket, Sockets>                                               sockets{};
        std::array<std::array<std::byte, Bytes>, Sockets>                         bytes{};
        std::array<std::array<std::array<std::uint64_t, Bytes / 64>, 2>, Sockets> bits{};
    };

    template <std::size_t Sockets, std::size_t Bytes>
    Endpoint(virtio::SocketSwitch& peers, Storage<Sockets, Bytes>& storage)
        : Endpoint{peers, storage.sockets}
    {
        for (std::size_t i = 0; i < Sockets; ++i) {
            storage.sockets[i].buffer = {storage.bytes[i], storage.bits[i][0], storage.bits[i][1]};
        }
    }

    /// Takes connections to a port from now on; up to `backlog` of them wait for accept(). False:
    /// no socket is left, or somebody listens there.
    bool listen(std::uint32_t port, SocketType type = SocketType::stream,
                std::uint16_t backlog = 4);
    /// The next connection to a port that is listened on. Nothing: there is none.
    [[nodiscard]] std::optional<Handle> accept(std::uint32_t port);
    /// Asks for a connection; see is_connected(). Nothing: no socket is left, or nobody is there.
    [[nodiscard]] std::optional<Handle> connect(std::uint32_t cid, std::uint32_t port,
                                                SocketType type = SocketType::stream);

    /// Whether send() and receive() make sense.
    [[nodiscard]] bool is_connected(Handle handle) const;
    /// Whether the connection is over, for whatever reason (refused, reset, the peer gone). What
    /// was received can still be read.
    [[nodiscard]] bool is_closed(Handle handle) const;

    /// Sends as much as the peer and the switch have room for; how much that was. The end is said
    /// with the last byte, when all were sent.
    std::uint32_t send(Handle handle, std::span<const std::byte> bytes, End end = End::none);
    /// Bytes that the peer has room for now.
    [[nodiscard]] std::uint32_t can_send(Handle handle) const;
    /// Gives what was received, up to the end of a message.
    Received receive(Handle handle, std::span<std::byte> to);

    /// Half close: virtio::k_shutdown_send, k_shutdown_receive, or both.
    void shutdown(Handle handle, std::uint32_t flags);
    /// Ends a connection and gives its socket back. What was sent still arrives.
    void close(Handle handle);

    /// The batch is over: lets the peers see what was sent. After a round of calls.
    void flush();

    /// Sockets in use, for tests of bounds.
    [[nodiscard]] std::size_t in_use() const;

private:
    using State = Socket::State;

    Endpoint(virtio::SocketSwitch& peers, std::span<Socket> sockets);

    void arrived() override;
    void ready() override;
    void peer_gone(std::uint32_t cid) override;

    [[nodiscard]] Socket*       at(Handle handle);
    [[nodiscard]] const Socket* at(Handle handle) const;
    [[nodiscard]] Handle        handle_of(const Socket& socket) const;
    [[nodiscard]] Socket*       find(const virtio::SocketHeader& packet);
    [[nodiscard]] Socket*       listener(std::uint32_t port);
    [[nodiscard]] Socket*       allocate();
    void                        end(Socket& socket);
    static void                 free_if_done(Socket& socket);

    // endpoint_packets.cpp
    void               handle(const virtio::SocketHeader& packet);
    void               handle_request(const virtio::SocketHeader& packet);
    void               handle_flow(Socket& socket, const virtio::SocketHeader& packet);
    void               handle_data(Socket& socket, const virtio::SocketHeader& packet);
    void               refuse(const virtio::SocketHeader& packet);
    void               abort(Socket& socket);
    void               tell(Socket& socket, virtio::SocketOp op);
    [[nodiscard]] bool pay(Socket& socket);
    void               settle();

    virtio::SocketSwitch&          peers_;
    std::span<Socket>              sockets_;
    std::uint32_t                  next_port_   = k_first_port;
    std::uint32_t                  arrivals_    = 0;
    bool                           any_due_     = false;
    static constexpr std::uint32_t k_first_port = 0x8000'0000; ///< for those that connect

    /// Resets for packets that belong to nothing, as far as there is place.
    static constexpr std::size_t                      k_most_refusals = 32;
    std::array<virtio::SocketHeader, k_most_refusals> refusals_{};
    std::size_t                                       refused_ = 0;
    std::optional<std::uint32_t>                      to_disconnect_{};
};

} // namespace vsock
