// SPDX-License-Identifier: BSD-2-Clause
// A socket of Linux that closes itself, and knows which bytes of Pattern come next in each
// direction. Errors are negative numbers, as the kernel has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <sys/socket.h>

#include <linux/vm_sockets.h>

namespace vsock_test {

/// Longer than anything takes that is not stuck, on a machine that is slow.
inline constexpr int k_patience_s = 100;

class Socket {
public:
    /// Bytes that are not those of the pattern.
    static constexpr long k_wrong_bytes = -4096;

    Socket() = default;
    explicit Socket(int number)
        : number_{number}
    {
    }
    Socket(Socket&& other) noexcept
        : number_{std::exchange(other.number_, -1)}
        , sent_{other.sent_}
        , received_{other.received_}
    {
    }
    Socket& operator=(Socket&& other) noexcept
    {
        std::swap(number_, other.number_);
        sent_     = other.sent_;
        received_ = other.received_;
        return *this;
    }
    ~Socket() { (void)close(); }

    [[nodiscard]] int  number() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }

    /// A new one, SOCK_STREAM or SOCK_SEQPACKET, with patience. Negative number(): an error.
    [[nodiscard]] static Socket make(int type);

    long bind(std::uint32_t port);
    long listen(std::uint32_t port, int backlog);
    long connect(std::uint32_t cid, std::uint32_t port);
    /// Its number(), if negative, is the error.
    [[nodiscard]] Socket accept();

    /// Sends the next bytes of the pattern; how many went.
    long send(std::size_t size, int flags = 0);
    /// send() until all have gone: `size`, or the error.
    long send_all(std::size_t size, std::size_t piece = 65536);
    /// Receives and compares; `message` gets msg_flags. The real size with MSG_TRUNC.
    long receive(std::size_t size, int flags = 0, int* message = nullptr);
    /// receive() until so many have come, or no more come.
    long receive_all(std::size_t size, std::size_t piece = 65536);
    /// These bytes, not the pattern's.
    long put(std::span<const std::byte> bytes);
    long get(std::span<std::byte> bytes);

    long shut_down(int how);
    long close();
    /// SO_VM_SOCKETS_BUFFER_SIZE, and its least and most where they are in the way.
    long set_buffer(std::uint64_t size);
    /// What is so within `milliseconds`; 0: nothing of these events.
    [[nodiscard]] long poll(short events, int milliseconds) const;
    /// SO_ERROR, which is 0 afterwards.
    [[nodiscard]] long        pending_error() const;
    long                      set_blocking(bool blocking);
    [[nodiscard]] sockaddr_vm own_address() const;
    [[nodiscard]] sockaddr_vm peer_address() const;

private:
    int           number_   = -1;
    std::uint64_t sent_     = 0;
    std::uint64_t received_ = 0;
};

} // namespace vsock_test
