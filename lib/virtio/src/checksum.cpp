// SPDX-License-Identifier: BSD-2-Clause
// The Internet checksum, by large words.
#include "virtio/checksum.hpp"

#include "arch/bulk.hpp"
#include "base/checked.hpp"

namespace virtio {

std::uint16_t ones_complement_sum(std::span<const std::byte> bytes)
{
    const std::byte* at   = bytes.data();
    std::size_t      left = bytes.size();
    // 2^64-1 is a multiple of 2^16-1, so that words of 64 bits give the same sum in the end. Its
    // halves are added so that there is room for the carries of the rest.
    const auto words = arch::sum_words(at, left / arch::k_sum_block);
    auto       sum   = (words >> 32) + (words & 0xffff'ffff);
    at += left - left % arch::k_sum_block;
    left %= arch::k_sum_block;
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
