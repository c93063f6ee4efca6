// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_peer.hpp"

#include "base/result.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace bench {
namespace {

struct Listener {
    qemu::Descriptor socket;
    std::uint16_t    port = 0;
};

Result<Listener> listen_on_loopback()
{
    qemu::Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in      address{};
    address.sin_family      = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size          = sizeof(address);
    auto*     generic       = reinterpret_cast<sockaddr*>(&address);
    if (!socket.is_open() || ::bind(socket.number(), generic, size) != 0 ||
        ::listen(socket.number(), 8) != 0 || ::getsockname(socket.number(), generic, &size) != 0) {
        return std::unexpected(
            fmt::format("cannot listen on the loopback: {}", std::strerror(errno)));
    }
    return Listener{std::move(socket), ntohs(address.sin_port)};
}

void drain(int connection)
{
    std::array<char, 65536> bytes{};
    while (::recv(connection, bytes.data(), bytes.size(), 0) > 0) {
    }
}

void fill(int connection)
{
    std::array<char, 65536> bytes{};
    for (std::size_t sent = 0; sent < TcpPeer::k_bytes;) {
        const auto size = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size <= 0) {
            return;
        }
        sent += static_cast<std::size_t>(size);
    }
}

/// One connection after the other, until asked to stop.
void serve(const std::stop_token& stop, const qemu::Descriptor& socket, void (*talk)(int))
{
    constexpr int k_look_again = 200; // ms
    while (!stop.stop_requested()) {
        pollfd ready{.fd = socket.number(), .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, k_look_again) <= 0) {
            continue;
        }
        const qemu::Descriptor connection{
            ::accept4(socket.number(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (connection.is_open()) {
            talk(connection.number());
        }
    }
}

} // namespace

Result<TcpPeer> TcpPeer::create()
{
    TcpPeer peer;
    auto    sink   = TRY(listen_on_loopback());
    auto    source = TRY(listen_on_loopback());
    peer.sink_     = sink.port;
    peer.source_   = source.port;
    peer.sinks_    = std::jthread{[socket = std::move(sink.socket)](const std::stop_token& stop) {
        serve(stop, socket, drain);
    }};
    peer.sources_  = std::jthread{[socket = std::move(source.socket)](const std::stop_token& stop) {
        serve(stop, socket, fill);
    }};
    return peer;
}

} // namespace bench
