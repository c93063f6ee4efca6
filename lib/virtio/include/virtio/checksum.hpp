// SPDX-License-Identifier: BSD-2-Clause
// The Internet checksum (RFC 1071) of a frame that a guest left half done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace virtio {

/// Ones' complement sum of 16-bit words in the order of memory, folded; an odd last byte counts as
/// if a zero followed. The order of the bytes does not matter as long as it is the same everywhere.
/// `whole`: as for Reader::read().
[[nodiscard]] std::uint16_t ones_complement_sum(std::span<const std::byte> bytes,
                                                std::uint64_t              whole = 0);

/// Finishes a checksum: the sum from `start` to the end, where the field at `start + offset` holds
/// what the guest had so far, complemented, goes to that field. False, and nothing changed, where
/// the field is not in the frame.
[[nodiscard]] bool finish_checksum(std::span<std::byte> frame, std::size_t start,
                                   std::size_t offset, std::uint64_t whole = 0);

} // namespace virtio
