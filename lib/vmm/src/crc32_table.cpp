// SPDX-License-Identifier: BSD-2-Clause
// CRC-32 by tables, for machines without an instruction for it: four bytes a step.
#include "vmm/crc32.hpp"

#include "base/endian.hpp"

#include <array>

namespace vmm {

namespace {

constexpr std::uint32_t k_polynomial = 0xedb8'8320; // reflected
constexpr std::size_t   k_step       = 4;

using Table = std::array<std::uint32_t, 256>;

/// tables[k][b]: what byte b does to the checksum when k more bytes follow it.
constexpr auto k_tables = [] {
    std::array<Table, k_step> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        auto crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? k_polynomial : 0);
        }
        tables[0][byte] = crc;
    }
    for (std::size_t more = 1; more < k_step; ++more) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const auto before  = tables[more - 1][byte];
            tables[more][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
    }
    return tables;
}();

} // namespace

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t previous)
{
    auto crc = ~previous;
    while (bytes.size() >= k_step) {
        crc ^= *base::load_little<std::uint32_t>(bytes);
        crc = k_tables[3][crc & 0xff] ^ k_tables[2][(crc >> 8) & 0xff] ^
              k_tables[1][(crc >> 16) & 0xff] ^ k_tables[0][crc >> 24];
        bytes = bytes.subspan(k_step);
    }
    for (const auto byte : bytes) {
        crc = (crc >> 8) ^ k_tables[0][(crc ^ static_cast<std::uint32_t>(byte)) & 0xff];
    }
    return ~crc;
}

} // namespace vmm
