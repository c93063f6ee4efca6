// SPDX-License-Identifier: BSD-2-Clause
// The Internet checksum, by 32-bit words.
#include "virtio/checksum.hpp"

#include "base/checked.hpp"

#include <cstring>

namespace virtio {

std::uint16_t ones_complement_sum(std::span<const std::byte> bytes)
{
    // Sums of 32-bit words in 64 bits: no carry is lost in less than 16 GiB. memcpy, because frames
    // begin anywhere; where the address is aligned it is one load.
    std::uint64_t    sum  = 0;
    const std::byte* at   = bytes.data();
    std::size_t      left = bytes.size();
    if ((reinterpret_cast<std::uintptr_t>(at) & 3) == 0) {
        for (; left >= 4; at += 4, left -= 4) {
            std::uint32_t word = 0;
            std::memcpy(&word, __builtin_assume_aligned(at, 4), 4);
            sum += word;
        }
    }
    for (; left >= 2; at += 2, left -= 2) {
        sum += std::to_integer<std::uint32_t>(at[0]) | std::to_integer<std::uint32_t>(at[1]) << 8;
    }
    if (left != 0) {
        sum += std::to_integer<std::uint32_t>(*at);
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

bool finish_checksum(std::span<std::byte> frame, std::size_t start, std::size_t offset)
{
    if (!base::range_fits<std::size_t>(start + offset, 2, frame.size())) { // both have 16 bits
        return false;
    }
    auto sum = static_cast<std::uint16_t>(~ones_complement_sum(frame.subspan(start)));
    sum      = sum == 0 ? 0xffff : sum; // 0 means "none" in UDP, and both are the same number
    frame[start + offset]     = static_cast<std::byte>(sum);
    frame[start + offset + 1] = static_cast<std::byte>(sum >> 8);
    return true;
}

} // namespace virtio
