// SPDX-License-Identifier: BSD-2-Clause
// What a caller and the agent in a guest say to each other, over any stream of bytes that loses
// nothing: requests to run a command and to move a file, one after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace control {

inline constexpr std::uint32_t k_version    = 1;
inline constexpr std::uint32_t k_agent_port = 30317; ///< where an agent listens
inline constexpr std::uint32_t k_host_cid   = 2;     ///< whom an agent serves without being told

/// In brackets: the payload, numbers in little-endian order.
enum class Kind : std::uint8_t {
    hello  = 1, ///< the caller's first message, and the answer [u32 version]
    run    = 2, ///< caller [u32 flags, u32 how many, as many strings: the words]
    input  = 3, ///< caller: bytes for the command's input, no more than were taken + k_window
    eof    = 4, ///< caller: the input is over
    signal = 5, ///< caller: a signal for the command [u32 number]
    put    = 6, ///< caller: a file for the guest [u32 mode, string path]; data and data_end follow
    get    = 7, ///< caller: a file from the guest [string path]
    data   = 8, ///< both: bytes of the file
    data_end = 9,  ///< both: that was all of it [u64 size, u32 CRC-32]
    output   = 10, ///< agent: what the command wrote to its standard output
    errors   = 11, ///< agent: … and to its standard error
    taken    = 12, ///< agent: the command's input has room for that many more bytes [u32]
    exited   = 13, ///< agent: the end of a request to run [u32 code; 128 + n after signal n]
    file     = 14, ///< agent: the answer to get [u32 mode]; data and data_end follow
    done     = 15, ///< agent: the end of a request to put
    failed   = 16, ///< agent: the end of any request [u32 errno, string what failed]
};

/// Flags of Kind::run.
inline constexpr std::uint32_t k_run_with_input = 1;

inline constexpr std::size_t k_most_payload = 16 * 1024;
inline constexpr std::size_t k_header       = 8; ///< u32 size of the payload, u8 kind, three zeroes
inline constexpr std::size_t k_window       = 32 * 1024;

struct Message {
    Kind                       kind = Kind::hello;
    std::span<const std::byte> payload{};
};

/// Puts messages together from bytes that come in any pieces.
class MessageReader {
public:
    /// Where the next bytes go; at least one unless a message is complete or is_broken().
    [[nodiscard]] std::span<std::byte> room();
    /// So many of them came.
    void advance(std::size_t size);
    /// The message that is complete; its payload is good until the next call of anything here.
    [[nodiscard]] std::optional<Message> next();
    /// Whether what came is no message; nothing gets it going again.
    [[nodiscard]] bool is_broken() const { return broken_; }

private:
    [[nodiscard]] std::size_t needed() const;

    std::array<std::byte, k_header + k_most_payload> bytes_{};
    std::size_t                                      size_   = 0;
    bool                                             broken_ = false;
};

/// Fills in the payload of a message.
class MessageWriter {
public:
    explicit MessageWriter(Kind kind);

    MessageWriter& u32(std::uint32_t value);
    MessageWriter& u64(std::uint64_t value);
    MessageWriter& string(std::string_view text);
    /// The rest of a message.
    MessageWriter& raw(std::span<const std::byte> bytes);

    /// Whether all of it had room.
    [[nodiscard]] bool fits() const { return fits_; }
    /// Header and payload.
    [[nodiscard]] std::span<const std::byte> bytes();

private:
    std::array<std::byte, k_header + k_most_payload> bytes_;
    std::size_t                                      size_ = k_header;
    bool                                             fits_ = true;
};

/// Reads a payload from its beginning on. What is not there makes it wrong, and reads as zero.
class Fields {
public:
    explicit Fields(std::span<const std::byte> bytes)
        : bytes_{bytes}
    {
    }
    [[nodiscard]] std::uint32_t    u32();
    [[nodiscard]] std::uint64_t    u64();
    [[nodiscard]] std::string_view string();

    /// Whether all was there, and nothing is left.
    [[nodiscard]] bool are_right() const { return right_ && bytes_.empty(); }

private:
    [[nodiscard]] std::span<const std::byte> take(std::size_t size);

    std::span<const std::byte> bytes_;
    bool                       right_ = true;
};

} // namespace control
