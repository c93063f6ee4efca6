// SPDX-License-Identifier: BSD-2-Clause
// Copying, clearing and summing of normal memory: megabytes, such as a guest's kernel at every
// boot, and frames. (memcpy() also works on device memory, and keeps to aligned accesses for that.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__aarch64__)
extern "C" {
void          arch_copy_blocks(void* to, const void* from, std::size_t blocks);
void          arch_clear_blocks(void* to, std::size_t blocks);
void          arch_copy_bytes(void* to, const void* from, std::size_t size);
std::uint64_t arch_sum_bytes(const void* from, std::size_t size);
std::uint64_t arch_sum_blocks(const void* from, std::size_t blocks);
}
#endif

namespace arch {

/// memcpy in about one instruction for six bytes, whatever the alignment. They do not overlap.
inline void copy(void* to, const void* from, std::size_t size)
{
#if defined(__aarch64__)
    constexpr std::size_t k_worth_a_call = 64;
    if (size >= k_worth_a_call) {
        arch_copy_bytes(to, from, size);
        return;
    }
#endif
    std::memcpy(to, from, size);
}

/// A number that is, modulo 2^16-1, the sum of the 16-bit words (little-endian, as if a zero
/// followed an odd last byte); 0 only where all of them are. About one instruction for four bytes,
/// whatever the alignment.
inline std::uint64_t sum(const void* from, std::size_t size)
{
#if defined(__aarch64__)
    return arch_sum_bytes(from, size);
#else
    const auto*   bytes = static_cast<const unsigned char*>(from);
    std::uint64_t sum   = 0;
    for (std::size_t i = 0; i < size; ++i) {
        sum += std::uint64_t{bytes[i]} << (i % 2 == 0 ? 0 : 8);
    }
    return sum;
#endif
}

/// memcpy in about one instruction for 28 bytes. Uses the SIMD registers, so that the kernel may
/// have to switch them: not for a few bytes.
inline void copy_bulk(void* to, const void* from, std::size_t size)
{
    std::size_t done = 0;
#if defined(__aarch64__)
    constexpr std::size_t k_block = 384;
    if (size >= k_block) {
        arch_copy_blocks(to, from, size / k_block);
        done = size - size % k_block;
    }
#endif
    copy(static_cast<char*>(to) + done, static_cast<const char*>(from) + done, size - done);
}

/// Zeroes in about one instruction for 50 bytes, likewise.
inline void clear_bulk(void* to, std::size_t size)
{
    std::size_t done = 0;
#if defined(__aarch64__)
    constexpr std::size_t k_block = 512;
    if (size >= k_block) {
        arch_clear_blocks(to, size / k_block);
        done = size - size % k_block;
    }
#endif
    std::memset(static_cast<char*>(to) + done, 0, size - done);
}

/// sum() in about one instruction for nine bytes, likewise; at most 512 KiB.
inline std::uint64_t sum_bulk(const void* from, std::size_t size)
{
    std::size_t   done  = 0;
    std::uint64_t words = 0;
#if defined(__aarch64__)
    constexpr std::size_t k_block = 64;
    if (size >= k_block) {
        words = arch_sum_blocks(from, size / k_block);
        done  = size - size % k_block;
    }
#endif
    const auto rest = sum(static_cast<const char*>(from) + done, size - done);
    return words + (rest >> 32) + (rest & 0xffff'ffff);
}

} // namespace arch
