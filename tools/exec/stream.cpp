// SPDX-License-Identifier: BSD-2-Clause
#include "stream.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace control {

namespace {

/// Waits until something can be done with a file, or for ever.
void wait_until(int file, short what)
{
    pollfd wish{.fd = file, .events = what, .revents = 0};
    (void)::poll(&wish, 1, -1);
}

} // namespace

long SocketStream::read(std::span<std::byte> to)
{
    const auto count = ::recv(socket_, to.data(), to.size(), MSG_DONTWAIT);
    if (count > 0) {
        return count;
    }
    const bool is_silent = count < 0 && (errno == EAGAIN || errno == EINTR);
    return is_silent ? 0 : -1;
}

bool SocketStream::write(std::span<const std::byte> from)
{
    while (!from.empty()) {
        const auto count = ::send(socket_, from.data(), from.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) {
            wait_until(socket_, POLLOUT);
        } else if (count < 0 && errno != EINTR) {
            return false;
        }
        from = from.subspan(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return true;
}

bool Conversation::send(MessageWriter& message)
{
    return message.fits() && stream_.write(message.bytes());
}

std::optional<Message> Conversation::poll()
{
    while (!over_) {
        if (auto message = reader_.next()) {
            return message;
        }
        const auto room  = reader_.room();
        const auto count = room.empty() ? -1 : stream_.read(room);
        over_            = count < 0;
        if (count <= 0) {
            break;
        }
        reader_.advance(static_cast<std::size_t>(count));
    }
    return std::nullopt;
}

std::optional<Message> Conversation::wait()
{
    while (true) {
        const auto message = poll();
        if (message || over_) {
            return message;
        }
        wait_until(stream_.descriptor(), POLLIN);
    }
}

bool write_all(int file, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const auto count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EAGAIN) {
            wait_until(file, POLLOUT);
        } else if (count < 0 && errno != EINTR) {
            return false;
        }
        bytes = bytes.subspan(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return true;
}

} // namespace control
