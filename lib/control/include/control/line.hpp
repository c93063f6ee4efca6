// SPDX-License-Identifier: BSD-2-Clause
// The line between a control program and the host: frames over a serial port.
//
// Bytes may be lost where a side starts or ends in the middle, never be wrong: a frame stands
// between two flags, with a checksum, so that a side finds the next one whatever came before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace control {

inline constexpr std::uint8_t k_line_version = 1;

enum class LineKind : std::uint8_t {
    hello   = 1, ///< host: a new session begins; all streams of an older one are closed
    welcome = 2, ///< program: the answer; a Welcome
    open    = 3, ///< host: connect this stream; a Target
    opened  = 4, ///< program: it is connected; data says that as well
    data    = 5, ///< both: bytes of the stream. Of the host's no more than it has credit for
    credit  = 6, ///< program: a word, how many more bytes the host may send
    close   = 7, ///< both: the stream is over. Of the program's: a word, a CloseReason
};

enum class CloseReason : std::uint32_t {
    ended       = 0, ///< the other side ended the connection
    unreachable = 1, ///< there is nobody with this context ID, or nobody listens
    busy        = 2, ///< the program has no more sockets, or the stream is in use
    overrun     = 3, ///< more bytes than there was credit for
};

struct LineFrame {
    LineKind                   kind    = LineKind::hello;
    std::uint8_t               stream  = 0;
    std::uint16_t              session = 0;
    std::span<const std::byte> payload{};
};

inline constexpr unsigned    k_streams      = 4;    ///< numbered from 0
inline constexpr std::size_t k_line_payload = 1024; ///< of a frame, at most
/// Credit that a stream begins with. All of it, escaped, fits into sDDF's ring of 64 KiB, where
/// what has no room would be lost.
inline constexpr std::size_t k_stream_window = 7 * 1024;
static_assert(k_streams * (2 * k_stream_window + 1024) < 64 * 1024);

/// The longest that a frame with this payload can become: each byte may need an escape.
[[nodiscard]] constexpr std::size_t encoded_bytes(std::size_t payload)
{
    return 2 * (4 + payload + 4) + 2;
}
inline constexpr std::size_t k_most_encoded = encoded_bytes(k_line_payload);

/// Writes a frame with at most k_line_payload bytes of payload; gives the part of `to` that it
/// takes up, which is empty if `to` is too short.
[[nodiscard]] std::span<const std::byte> encode(const LineFrame& frame, std::span<std::byte> to);

/// Finds the frames among bytes that come in any pieces.
class LineDecoder {
public:
    /// The next byte. A frame when it is the last one of a good frame; its payload is good until
    /// the next call.
    [[nodiscard]] std::optional<LineFrame> feed(std::byte byte);
    /// Frames that were dropped: too long, too short, or with a wrong checksum.
    [[nodiscard]] std::uint32_t damaged() const { return damaged_; }

private:
    [[nodiscard]] std::optional<LineFrame> end_of_frame();

    std::array<std::byte, 4 + k_line_payload + 4> bytes_{};
    std::size_t                                   size_     = 0;
    bool                                          escaped_  = false;
    bool                                          too_long_ = false;
    std::uint32_t                                 damaged_  = 0;
};

// Payloads.

/// Of LineKind::open.
struct Target {
    std::uint32_t cid  = 0;
    std::uint32_t port = 0;

    static constexpr std::size_t k_size = 8;
    void                         write(std::span<std::byte, k_size> to) const;
    static std::optional<Target> read(std::span<const std::byte> from);
};

/// Of LineKind::welcome.
struct Welcome {
    static constexpr std::size_t k_most_peers = 16;

    std::uint8_t                            version = k_line_version;
    std::uint32_t                           own_cid = 0;
    std::uint8_t                            count   = 0;
    std::array<std::uint32_t, k_most_peers> peers{}; ///< whom the program has links to

    static constexpr std::size_t  k_size = 8 + 4 * k_most_peers;
    void                          write(std::span<std::byte, k_size> to) const;
    static std::optional<Welcome> read(std::span<const std::byte> from);
};

/// Of LineKind::credit and of the program's LineKind::close.
struct Word {
    std::uint32_t value = 0;

    static constexpr std::size_t k_size = 4;
    void                         write(std::span<std::byte, k_size> to) const;
    static std::optional<Word>   read(std::span<const std::byte> from);
};

} // namespace control
