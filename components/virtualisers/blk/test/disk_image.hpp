// SPDX-License-Identifier: BSD-2-Clause
// A disk in memory with a partition table.
#pragma once

#include "../partitions.hpp"

#include <cstring>
#include <string_view>
#include <vector>

namespace blk_virt::test {

struct Range {
    std::uint64_t start; ///< sectors
    std::uint64_t size;
    std::uint64_t attributes = 0;
};

inline std::uint32_t checksum(const std::byte* bytes, std::size_t size)
{
    std::uint32_t crc = ~0U;
    for (std::size_t i = 0; i < size; ++i) {
        crc ^= std::to_integer<std::uint32_t>(bytes[i]);
        for (unsigned bit = 0; bit < 8; ++bit) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
        }
    }
    return ~crc;
}

class DiskImage {
public:
    explicit DiskImage(std::uint64_t blocks)
        : bytes(blocks * k_block)
    {
    }

    std::vector<std::byte> bytes;

    [[nodiscard]] std::uint64_t sectors() const { return bytes.size() / k_sector; }
    template <class T>
    void put(std::uint64_t offset, T value)
    {
        std::memcpy(&bytes[offset], &value, sizeof value);
    }

    void make_mbr(const std::vector<Range>& partitions, std::uint8_t type = 0x83)
    {
        put<std::uint16_t>(510, 0xaa55);
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            put<std::uint8_t>(446 + 16 * i + 4, type);
            put(446 + 16 * i + 8, static_cast<std::uint32_t>(partitions[i].start));
            put(446 + 16 * i + 12, static_cast<std::uint32_t>(partitions[i].size));
        }
    }
    void make_gpt(const std::vector<Range>& partitions)
    {
        make_mbr({{1, sectors() - 1}}, 0xee);
        make_copy(1, 2, partitions);
        make_copy(sectors() - 1, sectors() - 33, partitions);
    }

private:
    void make_copy(std::uint64_t header, std::uint64_t entries,
                   const std::vector<Range>& partitions)
    {
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            const auto at = entries * k_sector + 128 * i;
            put<std::uint64_t>(at, 0x1234); // any type
            put(at + 32, partitions[i].start);
            put(at + 40, partitions[i].start + partitions[i].size - 1);
            put(at + 48, partitions[i].attributes);
        }
        const auto at = header * k_sector;
        std::memcpy(&bytes[at], "EFI PART", 8);
        put<std::uint32_t>(at + 8, 0x10000);
        put<std::uint32_t>(at + 12, 92);
        put(at + 24, header);
        put(at + 72, entries);
        put<std::uint32_t>(at + 80, 128);
        put<std::uint32_t>(at + 84, 128);
        put(at + 88, checksum(&bytes[entries * k_sector], 128 * 128));
        put<std::uint32_t>(at + 16, 0);
        put(at + 16, checksum(&bytes[at], 92));
    }
};

} // namespace blk_virt::test
