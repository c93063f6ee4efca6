// SPDX-License-Identifier: BSD-2-Clause
// The Internet checksum, by large words.
#include "virtio/checksum.hpp"

#include "arch/bulk.hpp"
#include "base/checked.hpp"
#include "virtio/chain.hpp"

namespace virtio {

std::uint16_t ones_complement_sum(std::span<const std::byte> bytes, std::uint64_t whole)
{
    auto sum = whole >= k_bulk ? arch::sum_bulk(bytes.data(), bytes.size())
                               : arch::sum(bytes.data(), bytes.size());
    sum      = (sum >> 32) + (sum & 0xffff'ffff);
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

bool finish_checksum(std::span<std::byte> frame, std::size_t start, std::size_t offset,
                     std::uint64_t whole)
{
    if (!base::range_fits<std::size_t>(start + offset, 2, frame.size())) { // both have 16 bits
        return false;
    }
    auto sum = static_cast<std::uint16_t>(~ones_complement_sum(frame.subspan(start), whole));
    sum      = sum == 0 ? 0xffff : sum; // 0 means "none" in UDP, and both are the same number
    frame[start + offset]     = static_cast<std::byte>(sum);
    frame[start + offset + 1] = static_cast<std::byte>(sum >> 8);
    return true;
}

} // namespace virtio
