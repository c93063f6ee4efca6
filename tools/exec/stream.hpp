// SPDX-License-Identifier: BSD-2-Clause
// The stream of bytes between a caller and an agent, and messages on it. No heap, no library but
// POSIX: the agent's small program is made of it, too.
#pragma once

#include "control/message.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace control {

/// Loses nothing and keeps the order, as a connected socket does.
class Stream {
public:
    /// Readable when read() may have something, after it had nothing.
    [[nodiscard]] virtual int descriptor() const = 0;
    /// Bytes, as many as there are: how many, 0 if there are none now, -1 if none will come.
    [[nodiscard]] virtual long read(std::span<std::byte> to) = 0;
    /// Hands all of it over, waiting for room. False: the stream is over.
    [[nodiscard]] virtual bool write(std::span<const std::byte> from) = 0;

protected:
    ~Stream() = default;
};

/// A connected socket, which stays the caller's to close.
class SocketStream final : public Stream {
public:
    explicit SocketStream(int socket)
        : socket_{socket}
    {
    }
    [[nodiscard]] int  descriptor() const override { return socket_; }
    [[nodiscard]] long read(std::span<std::byte> to) override;
    [[nodiscard]] bool write(std::span<const std::byte> from) override;

private:
    int socket_;
};

/// Messages on a stream.
class Conversation {
public:
    explicit Conversation(Stream& stream)
        : stream_{stream}
    {
    }
    [[nodiscard]] int descriptor() const { return stream_.descriptor(); }

    /// False: the stream is over, or the message is longer than a message can be.
    [[nodiscard]] bool send(MessageWriter& message);
    [[nodiscard]] bool send(MessageWriter&& message) { return send(message); }

    /// The next message if it is there; good until the next call. Afterwards is_over() says
    /// whether there may be more.
    [[nodiscard]] std::optional<Message> poll();
    /// Waits for the next message; nothing: there will be none.
    [[nodiscard]] std::optional<Message> wait();

    /// Nothing more comes: the other side ended the stream, or does not speak our language.
    [[nodiscard]] bool is_over() const { return over_; }
    /// Whether the other side does not speak our language.
    [[nodiscard]] bool is_broken() const { return reader_.is_broken(); }

private:
    Stream&       stream_;
    MessageReader reader_{};
    bool          over_ = false;
};

/// Writes all of it, whatever kind of file that is. False: it cannot, and errno says why.
[[nodiscard]] bool write_all(int file, std::span<const std::byte> bytes);

} // namespace control
