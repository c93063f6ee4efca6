// SPDX-License-Identifier: BSD-2-Clause
// The checksum of gzip, Ethernet and GPT: CRC-32 (RFC 1952, section 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm {

/// The checksum of bytes that follow others with the checksum `previous`.
[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous = 0);

} // namespace vmm
