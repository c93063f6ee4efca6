// SPDX-License-Identifier: BSD-2-Clause
// The far end of a test: it does what it is told over a connection of its own, so that each
// situation is written down in one place, on one side.
#pragma once

#include "socket.hpp"

#include <cstddef>
#include <cstdint>

namespace vsock_test {

enum class Do : std::uint32_t {
    listen,      ///< type, port, size (the backlog): a handle
    accept,      ///< handle of a listening one: a handle
    connect,     ///< cid, port, type: a handle
    send,        ///< size, flags
    send_all,    ///< size, piece
    receive,     ///< size, flags; Report::flags has what the message's were
    receive_all, ///< size, piece
    shut_down,   ///< flags
    close,       ///< a handle
    set_buffer,  ///< size
    poll,        ///< flags (events), size (milliseconds): what is so
    die,         ///< by a signal, with all that is open
};

/// What the puppet is told. Handles are numbers that it gave out.
struct Order {
    Do            what   = Do::die;
    std::int32_t  handle = -1;
    std::uint32_t type   = SOCK_STREAM;
    std::uint32_t flags  = 0;
    std::uint32_t cid    = 0;
    std::uint32_t port   = 0;
    std::uint64_t size   = 0;
    std::uint64_t piece  = 65536;
};
static_assert(sizeof(Order) == 40);

/// What it says to each.
struct Report {
    std::int64_t result = 0; ///< negative: an error
    std::int32_t flags  = 0;
    std::int32_t zero   = 0;
};

/// Does as it is told until the connection ends.
void be_puppet(Socket control);

/// Who tells it: a puppet of its own in another guest, for as long as this lives.
class Peer {
public:
    explicit Peer(std::uint32_t cid);

    [[nodiscard]] std::uint32_t cid() const { return cid_; }

    /// Says what to do, and waits for the answer.
    long tell(const Order& order, int* flags = nullptr);
    /// Only says it: for what is to happen while this side does something, too.
    void begin(const Order& order);
    long result(int* flags = nullptr);

    /// The orders that are given often. Handles are never negative where something is amiss: that
    /// is a failed expectation.
    int  listen(std::uint32_t port, int type = SOCK_STREAM, unsigned backlog = 8);
    int  accept(int listener);
    long close(int handle) { return tell({.what = Do::close, .handle = handle}); }
    long send(int handle, std::uint64_t size, std::uint32_t flags = 0)
    {
        return tell({.what = Do::send, .handle = handle, .flags = flags, .size = size});
    }
    long send_all(int handle, std::uint64_t size)
    {
        return tell({.what = Do::send_all, .handle = handle, .size = size});
    }
    long receive(int handle, std::uint64_t size, std::uint32_t flags = 0, int* message = nullptr)
    {
        return tell({.what = Do::receive, .handle = handle, .flags = flags, .size = size}, message);
    }
    long receive_all(int handle, std::uint64_t size)
    {
        return tell({.what = Do::receive_all, .handle = handle, .size = size});
    }
    long shut_down(int handle, int how)
    {
        return tell({.what = Do::shut_down, .handle = handle, .flags = static_cast<unsigned>(how)});
    }
    long set_buffer(int handle, std::uint64_t size)
    {
        return tell({.what = Do::set_buffer, .handle = handle, .size = size});
    }
    long poll(int handle, unsigned events, unsigned milliseconds)
    {
        return tell({.what = Do::poll, .handle = handle, .flags = events, .size = milliseconds});
    }

private:
    std::uint32_t cid_;
    Socket        control_;
};

} // namespace vsock_test
