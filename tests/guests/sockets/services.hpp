// SPDX-License-Identifier: BSD-2-Clause
// What both ends of the socket tests agree on: ports, bytes, sums. For Linux programs and for
// protection domains.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vsock_test {

/// Who offers what where. All but the puppet are simple enough for a program without Linux.
inline constexpr std::uint32_t k_puppet_port = 5000; ///< does what Order says (puppet.hpp)
inline constexpr std::uint32_t k_echo_port   = 5001; ///< sends back what comes, until half close
inline constexpr std::uint32_t k_packet_port = 5002; ///< the same for messages (seqpacket)
inline constexpr std::uint32_t k_sink_port   = 5003; ///< until half close; answers with a Sink
inline constexpr std::uint32_t k_source_port = 5004; ///< reads a count, sends that much of Pattern
inline constexpr std::uint32_t k_greet_port  = 5005; ///< sends k_greeting and closes
inline constexpr std::uint32_t k_greeting    = 0x6f6c'6c65;

/// A word at an address that is a multiple of 8, as all of them are but at the ends of pieces.
/// Where unaligned access is not allowed, memcpy() would be a call for each word.
[[nodiscard]] inline bool is_aligned(const std::byte* at)
{
    return reinterpret_cast<std::uintptr_t>(at) % 8 == 0;
}
inline void copy_aligned(void* to, const void* from)
{
    __builtin_memcpy(__builtin_assume_aligned(to, 8), __builtin_assume_aligned(from, 8), 8);
}

/// Bytes that depend on their position, so that nothing lost, doubled or moved goes unnoticed.
class Pattern {
public:
    /// The bytes from `position` on.
    static void fill(std::uint64_t position, std::span<std::byte> to)
    {
        for (std::size_t i = 0; i < to.size();) {
            const auto word   = word_at(position + i);
            const auto within = (position + i) % 8;
            if (within == 0 && to.size() - i >= 8 && is_aligned(to.data() + i)) {
                copy_aligned(to.data() + i, &word);
                i += 8;
                continue;
            }
            const auto size = to.size() - i < 8 - within ? to.size() - i : 8 - within;
            __builtin_memcpy(to.data() + i, reinterpret_cast<const char*>(&word) + within, size);
            i += size;
        }
    }
    /// How many bytes from the first on are the ones at `position`.
    [[nodiscard]] static std::size_t matches(std::uint64_t              position,
                                             std::span<const std::byte> bytes)
    {
        for (std::size_t i = 0; i < bytes.size();) {
            const auto word   = word_at(position + i);
            const auto within = (position + i) % 8;
            if (within == 0 && bytes.size() - i >= 8 && is_aligned(bytes.data() + i)) {
                std::uint64_t there = 0;
                copy_aligned(&there, bytes.data() + i);
                if (there == word) {
                    i += 8;
                    continue;
                }
            }
            const auto size = bytes.size() - i < 8 - within ? bytes.size() - i : 8 - within;
            if (__builtin_memcmp(bytes.data() + i, reinterpret_cast<const char*>(&word) + within,
                                 size) != 0) {
                return i;
            }
            i += size;
        }
        return bytes.size();
    }

private:
    [[nodiscard]] static constexpr std::uint64_t word_at(std::uint64_t position)
    {
        const std::uint64_t mixed = (position / 8 + 1) * 0x9e37'79b9'7f4a'7c15ULL;
        return mixed ^ mixed >> 31;
    }
};

/// A sum of bytes in their order.
class Checksum {
public:
    void add(std::span<const std::byte> bytes)
    {
        std::size_t i = 0;
        for (; i < bytes.size() && count_ % 8 != 0; ++i) {
            put(bytes[i]);
        }
        for (; bytes.size() - i >= 8 && is_aligned(bytes.data() + i); i += 8) {
            copy_aligned(&word_, bytes.data() + i);
            count_ += 8;
            take();
        }
        for (; i < bytes.size(); ++i) {
            put(bytes[i]);
        }
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t value() const { return sums_ ^ (sum_ << 1) ^ word_; }

private:
    void put(std::byte byte)
    {
        word_ |= static_cast<std::uint64_t>(byte) << count_ % 8 * 8;
        if (++count_ % 8 == 0) {
            take();
        }
    }
    void take()
    {
        sum_ += word_;
        sums_ += sum_;
        word_ = 0;
    }

    std::uint64_t count_ = 0;
    std::uint64_t word_  = 0;
    std::uint64_t sum_   = 0;
    std::uint64_t sums_  = 0;
};

/// What the sink has received.
struct Sink {
    std::uint64_t count = 0;
    std::uint64_t sum   = 0;
};

} // namespace vsock_test
