// SPDX-License-Identifier: BSD-2-Clause
// The checksum of Ethernet, gzip and GPT, for what is short or seldom: CRC-32 of IEEE 802.3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace base {

/// The checksum of bytes that follow others with the checksum `previous`.
[[nodiscard]] constexpr std::uint32_t crc32(std::span<const std::byte> bytes,
                                            std::uint32_t              previous = 0)
{
    // What four bits at the end of the register do to the rest of it.
    constexpr auto k_table = [] {
        std::array<std::uint32_t, 16> table{};
        for (std::uint32_t bits = 0; bits < table.size(); ++bits) {
            std::uint32_t value = bits;
            for (unsigned bit = 0; bit < 4; ++bit) {
                value = value >> 1 ^ ((value & 1) != 0 ? 0xedb8'8320U : 0U);
            }
            table[bits] = value;
        }
        return table;
    }();
    std::uint32_t crc = ~previous;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        crc = crc >> 4 ^ k_table[crc & 15];
        crc = crc >> 4 ^ k_table[crc & 15];
    }
    return ~crc;
}

} // namespace base
