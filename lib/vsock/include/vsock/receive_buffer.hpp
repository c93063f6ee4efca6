// SPDX-License-Identifier: BSD-2-Clause
// Bytes that were received and not yet asked for, and where messages end among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vsock {

/// A ring of bytes with two bits beside each: a message ends with it; a record does.
class ReceiveBuffer {
public:
    constexpr ReceiveBuffer() = default;
    /// `ends` and `records` have a bit for each byte, at least.
    ReceiveBuffer(std::span<std::byte> bytes, std::span<std::uint64_t> ends,
                  std::span<std::uint64_t> records)
        : bytes_{bytes}
        , ends_{ends}
        , records_{records}
    {
    }

    void clear() { first_ = size_ = 0; }

    [[nodiscard]] std::uint32_t capacity() const
    {
        return static_cast<std::uint32_t>(bytes_.size());
    }
    [[nodiscard]] std::uint32_t size() const { return size_; }

    /// The next free bytes in one piece, at most `most`: to be filled, then counted by advance().
    [[nodiscard]] std::span<std::byte> room(std::uint32_t most);
    void                               advance(std::uint32_t size);

    /// The message ends with the last byte, and the record, too.
    void end(bool record);

    struct Taken {
        std::uint32_t size          = 0;
        bool          end_of_record = false;
        bool          end           = false; ///< of the message, with the last byte taken
    };
    /// Takes as many bytes as there are, up to the end of a message.
    Taken take(std::span<std::byte> to);

private:
    [[nodiscard]] std::uint32_t place(std::uint32_t offset) const;
    [[nodiscard]] std::uint32_t distance_to_end(std::uint32_t most) const;
    static void                 set(std::span<std::uint64_t> bits, std::uint32_t at, bool value);
    [[nodiscard]] static bool   test(std::span<const std::uint64_t> bits, std::uint32_t at);

    std::span<std::byte>     bytes_{};
    std::span<std::uint64_t> ends_{};
    std::span<std::uint64_t> records_{};
    std::uint32_t            first_ = 0;
    std::uint32_t            size_  = 0;
};

} // namespace vsock
