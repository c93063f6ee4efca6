// SPDX-License-Identifier: BSD-2-Clause
#include "socket.hpp"

#include "services.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

namespace vsock_test {
namespace {

long result_of(long result) { return result < 0 ? -errno : result; }

sockaddr_vm address(std::uint32_t cid, std::uint32_t port)
{
    sockaddr_vm to{};
    to.svm_family = AF_VSOCK;
    to.svm_cid    = cid;
    to.svm_port   = port;
    return to;
}

/// One buffer for all: nothing here runs at the same time.
std::span<std::byte> scratch(std::size_t size)
{
    static std::vector<std::byte> bytes;
    bytes.resize(std::max(bytes.size(), size));
    return std::span{bytes}.first(size);
}

} // namespace

Socket Socket::make(int type)
{
    Socket made{static_cast<int>(result_of(::socket(AF_VSOCK, type, 0)))};
    if (made.is_open()) {
        const timeval patience{.tv_sec = k_patience_s, .tv_usec = 0};
        ::setsockopt(made.number_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        ::setsockopt(made.number_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        ::setsockopt(made.number_, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience,
                     sizeof(patience));
    }
    return made;
}

long Socket::bind(std::uint32_t port)
{
    const auto own = address(VMADDR_CID_ANY, port);
    return result_of(::bind(number_, reinterpret_cast<const sockaddr*>(&own), sizeof(own)));
}

long Socket::listen(std::uint32_t port, int backlog)
{
    const long bound = bind(port);
    return bound < 0 ? bound : result_of(::listen(number_, backlog));
}

long Socket::connect(std::uint32_t cid, std::uint32_t port)
{
    const auto to = address(cid, port);
    return result_of(::connect(number_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)));
}

Socket Socket::accept()
{
    Socket accepted{static_cast<int>(result_of(::accept(number_, nullptr, nullptr)))};
    if (accepted.is_open()) {
        const timeval patience{.tv_sec = k_patience_s, .tv_usec = 0};
        ::setsockopt(accepted.number_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        ::setsockopt(accepted.number_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    }
    return accepted;
}

long Socket::send(std::size_t size, int flags)
{
    const auto bytes = scratch(size);
    Pattern::fill(sent_, bytes);
    const long done = result_of(::send(number_, bytes.data(), size, flags | MSG_NOSIGNAL));
    sent_ += done > 0 ? static_cast<std::uint64_t>(done) : 0;
    return done;
}

long Socket::send_all(std::size_t size, std::size_t piece)
{
    for (std::size_t done = 0; done < size;) {
        const long now = send(std::min(piece, size - done));
        if (now < 0) {
            return now;
        }
        done += static_cast<std::size_t>(now);
    }
    return static_cast<long>(size);
}

long Socket::receive(std::size_t size, int flags, int* message)
{
    const auto bytes = scratch(size);
    iovec      vector{.iov_base = bytes.data(), .iov_len = size};
    msghdr     header{};
    header.msg_iov    = &vector;
    header.msg_iovlen = 1;
    const long got    = result_of(::recvmsg(number_, &header, flags));
    if (message != nullptr) {
        *message = header.msg_flags;
    }
    if (got <= 0) {
        return got;
    }
    const auto here = std::min(size, static_cast<std::size_t>(got));
    if (Pattern::matches(received_, bytes.first(here)) != here) {
        return k_wrong_bytes;
    }
    received_ += (flags & MSG_PEEK) != 0 ? 0 : static_cast<std::uint64_t>(got);
    return got;
}

long Socket::receive_all(std::size_t size, std::size_t piece)
{
    std::size_t done = 0;
    while (done < size) {
        const long now = receive(std::min(piece, size - done));
        if (now < 0) {
            return now;
        }
        if (now == 0) {
            break;
        }
        done += static_cast<std::size_t>(now);
    }
    return static_cast<long>(done);
}

long Socket::put(std::span<const std::byte> bytes)
{
    for (std::size_t done = 0; done < bytes.size();) {
        const long now =
            result_of(::send(number_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL));
        if (now < 0) {
            return now;
        }
        done += static_cast<std::size_t>(now);
    }
    return static_cast<long>(bytes.size());
}

long Socket::get(std::span<std::byte> bytes)
{
    std::size_t done = 0;
    while (done < bytes.size()) {
        const long now = result_of(::recv(number_, bytes.data() + done, bytes.size() - done, 0));
        if (now < 0) {
            return now;
        }
        if (now == 0) {
            break;
        }
        done += static_cast<std::size_t>(now);
    }
    return static_cast<long>(done);
}

long Socket::shut_down(int how) { return result_of(::shutdown(number_, how)); }

long Socket::close()
{
    const int number = std::exchange(number_, -1);
    return number >= 0 ? result_of(::close(number)) : 0;
}

long Socket::set_buffer(std::uint64_t size)
{
    for (const int option : {SO_VM_SOCKETS_BUFFER_MIN_SIZE, SO_VM_SOCKETS_BUFFER_MAX_SIZE,
                             SO_VM_SOCKETS_BUFFER_SIZE}) {
        std::uint64_t now    = 0;
        socklen_t     length = sizeof(now);
        (void)::getsockopt(number_, AF_VSOCK, option, &now, &length);
        const bool fits = option == SO_VM_SOCKETS_BUFFER_MIN_SIZE   ? now <= size
                          : option == SO_VM_SOCKETS_BUFFER_MAX_SIZE ? now >= size
                                                                    : false;
        if (!fits && ::setsockopt(number_, AF_VSOCK, option, &size, sizeof(size)) != 0) {
            return -errno;
        }
    }
    return 0;
}

long Socket::poll(short events, int milliseconds) const
{
    pollfd     one{.fd = number_, .events = events, .revents = 0};
    const long ready = result_of(::poll(&one, 1, milliseconds));
    return ready < 0 ? ready : one.revents;
}

long Socket::pending_error() const
{
    int       error  = 0;
    socklen_t length = sizeof(error);
    return ::getsockopt(number_, SOL_SOCKET, SO_ERROR, &error, &length) != 0 ? -errno : error;
}

long Socket::set_blocking(bool blocking)
{
    return result_of(::fcntl(number_, F_SETFL, blocking ? 0 : O_NONBLOCK));
}

sockaddr_vm Socket::own_address() const
{
    sockaddr_vm own{};
    socklen_t   length = sizeof(own);
    (void)::getsockname(number_, reinterpret_cast<sockaddr*>(&own), &length);
    return own;
}

sockaddr_vm Socket::peer_address() const
{
    sockaddr_vm peer{};
    socklen_t   length = sizeof(peer);
    (void)::getpeername(number_, reinterpret_cast<sockaddr*>(&peer), &length);
    return peer;
}

} // namespace vsock_test
