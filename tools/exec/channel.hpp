// SPDX-License-Identifier: BSD-2-Clause
// The host's end of a control channel: the line to a running system's control program, over a
// socket of this host, and one stream on it at a time.
#pragma once

#include "control/line.hpp"
#include "stream.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace control {

using Clock = std::chrono::steady_clock;

/// Whatever comes is checked, and at most a MiB is kept of what nobody has read yet.
class Channel final : public Stream {
public:
    /// Begins a session with the control program behind the socket. The error is a sentence: nobody
    /// is there, or nobody answers until `deadline`.
    [[nodiscard]] static std::expected<std::unique_ptr<Channel>, std::string>
    connect(const std::filesystem::path& socket, Clock::time_point deadline);

    Channel(const Channel&)            = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel();

    /// Who the control program has links to.
    [[nodiscard]] const Welcome& welcome() const { return welcome_; }

    /// Ends the stream there was, and connects another one. Tries again while nobody listens, until
    /// `deadline`.
    [[nodiscard]] std::expected<void, std::string> open(Target target, Clock::time_point deadline);

    /// write() gives up then.
    void set_deadline(Clock::time_point deadline) { deadline_ = deadline; }

    // The stream.
    [[nodiscard]] int  descriptor() const override { return socket_; }
    [[nodiscard]] long read(std::span<std::byte> to) override;
    [[nodiscard]] bool write(std::span<const std::byte> from) override;

private:
    explicit Channel(int socket)
        : socket_{socket}
        , link_{socket}
    {
    }
    [[nodiscard]] bool greet(Clock::time_point deadline);
    /// Whether it is connected; false: nobody listens there, or late, or the channel is gone.
    [[nodiscard]] bool try_to_open(Target target, Clock::time_point deadline);
    [[nodiscard]] bool say(LineKind kind, std::span<const std::byte> payload);
    /// Takes what is there; false: the channel is gone.
    [[nodiscard]] bool listen();
    void               handle(const LineFrame& frame);
    /// Waits for something to come; false: it is late, or the channel is gone.
    [[nodiscard]] bool wait(Clock::time_point until);

    enum class State : std::uint8_t { closed, opening, open };

    int               socket_;
    SocketStream      link_;
    LineDecoder       decoder_{};
    Welcome           welcome_{};
    std::uint16_t     session_  = 0;
    bool              welcomed_ = false;
    bool              gone_     = false;
    State             state_    = State::closed;
    std::uint8_t      stream_   = k_streams - 1; ///< the next one is 0
    std::uint64_t     credit_   = 0;
    std::string       inbox_{};
    std::size_t       taken_    = 0; ///< of the inbox
    Clock::time_point deadline_ = Clock::time_point::max();
};

} // namespace control
