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

/// Bytes that sum_words() adds at a time.
inline constexpr std::size_t k_sum_block = 64;

/// Sum of the 64-bit words of `blocks` blocks, the carries added again: what remains modulo 2^64-1.
/// About one instruction for four bytes, whatever the alignment.
inline std::uint64_t sum_words(const void* from, std::size_t blocks)
{
    if (blocks == 0) {
        return 0;
    }
#if defined(__aarch64__)
    return arch_sum_blocks(from, blocks);
#else
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < blocks * k_sum_block; i += sizeof(sum)) {
        std::uint64_t word = 0;
        std::memcpy(&word, static_cast<const char*>(from) + i, sizeof(word));
        sum += word;
        sum += sum < word ? 1 : 0;
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

} // namespace arch
