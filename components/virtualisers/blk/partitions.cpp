// SPDX-License-Identifier: BSD-2-Clause
#include "partitions.hpp"

#include "base/checked.hpp"
#include "base/crc32.hpp"
#include "base/endian.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace blk_virt {

namespace {

constexpr std::size_t   k_mbr_entries    = 446;
constexpr std::uint32_t k_mbr_entry      = 16;
constexpr std::uint32_t k_mbr_partitions = 4;
constexpr std::byte     k_mbr_protective{0xee};

constexpr std::string_view k_gpt_signature = "EFI PART";
constexpr std::uint32_t    k_gpt_header    = 92;
constexpr std::uint32_t    k_gpt_entry     = 128;
/// Entries of which the first are valid are of no use: all are covered by the checksum.
constexpr std::uint64_t k_attribute_read_only = 1ULL << 60;

std::uint32_t get32(std::span<const std::byte> bytes, std::size_t offset)
{
    return base::load_little<std::uint32_t>(bytes, offset).value_or(0);
}
std::uint64_t get64(std::span<const std::byte> bytes, std::size_t offset)
{
    return base::load_little<std::uint64_t>(bytes, offset).value_or(0);
}

/// The checksum is over the header with itself as zero.
bool is_header_intact(std::span<const std::byte> header, std::uint32_t size)
{
    constexpr std::size_t              k_checksum = 16;
    constexpr std::array<std::byte, 4> k_zero{};
    auto                               crc = base::crc32(header.first(k_checksum));
    crc                                    = base::crc32(k_zero, crc);
    crc = base::crc32(header.first(size).subspan(k_checksum + 4), crc);
    return crc == get32(header, k_checksum);
}

} // namespace

std::span<const std::byte> Window::at(std::uint64_t sector, std::uint64_t size) const
{
    const auto here = bytes.size() / k_sector;
    if (sector < first || sector - first > here ||
        !base::range_fits<std::uint64_t>((sector - first) * k_sector, size, bytes.size())) {
        return {};
    }
    return bytes.subspan((sector - first) * k_sector, size);
}

bool Table::is_gpt(Window window)
{
    const auto mbr = window.at(0, k_sector);
    return !mbr.empty() && mbr[k_mbr_entries + 4] == k_mbr_protective;
}

base::Result<Table> Table::at_start(Window window, std::uint64_t sectors)
{
    const auto mbr = window.at(0, k_sector);
    if (mbr.empty() || base::load_little<std::uint16_t>(mbr, 510) != std::uint16_t{0xaa55}) {
        return base::fail("the disk has no partition table", "make one: sfdisk or parted");
    }
    if (is_gpt(window)) {
        return gpt(window, sectors, 1);
    }
    Table table;
    table.entries_    = mbr.subspan(k_mbr_entries, std::size_t{k_mbr_entry} * k_mbr_partitions);
    table.entry_size_ = k_mbr_entry;
    table.count_      = k_mbr_partitions;
    table.sectors_    = sectors;
    return table;
}

base::Result<Table> Table::at_end(Window window, std::uint64_t sectors)
{
    return gpt(window, sectors, sectors - 1);
}

base::Result<Table> Table::gpt(Window window, std::uint64_t sectors, std::uint64_t header_sector)
{
    const auto header = window.at(header_sector, k_sector);
    const auto damage = [] {
        return base::fail("the disk's partition table (GPT) is damaged", "repair it: sgdisk -e");
    };
    if (header.empty() || !std::ranges::equal(header.first(k_gpt_signature.size()),
                                              std::as_bytes(std::span{k_gpt_signature}))) {
        return damage();
    }
    const auto size = get32(header, 12);
    if (size < k_gpt_header || size > k_sector || !is_header_intact(header, size) ||
        get64(header, 24) != header_sector) {
        return damage();
    }
    Table table;
    table.count_      = get32(header, 80);
    table.entry_size_ = get32(header, 84);
    table.sectors_    = sectors;
    table.is_gpt_     = true;
    if (table.entry_size_ < k_gpt_entry || table.entry_size_ % 8 != 0 || table.count_ == 0) {
        return damage();
    }
    table.entries_ = window.at(get64(header, 72), std::uint64_t{table.count_} * table.entry_size_);
    if (table.entries_.empty() || base::crc32(table.entries_) != get32(header, 88)) {
        return damage();
    }
    return table;
}

base::Result<Partition> Table::partition(std::uint32_t index) const
{
    const auto none = [&] {
        return base::fail("the disk has no such partition", "they are counted from 0", index);
    };
    if (index >= count_) {
        return none();
    }
    const auto    entry     = entries_.subspan(std::size_t{index} * entry_size_, entry_size_);
    std::uint64_t start     = 0;
    std::uint64_t size      = 0;
    bool          read_only = false;
    if (is_gpt_) {
        if (std::ranges::all_of(entry.first(16), [](std::byte b) { return b == std::byte{0}; })) {
            return none();
        }
        start          = get64(entry, 32);
        const auto end = get64(entry, 40); // the last sector
        read_only      = (get64(entry, 48) & k_attribute_read_only) != 0;
        if (end < start || end >= sectors_) {
            return base::fail("a partition does not lie on the disk", {}, index);
        }
        size = end - start + 1;
    } else {
        if (entry[4] == std::byte{0}) {
            return none();
        }
        start = get32(entry, 8);
        size  = get32(entry, 12);
    }
    if (start == 0 || !base::range_fits(start, size, sectors_)) {
        return base::fail("a partition does not lie on the disk", {}, index);
    }
    if (start % k_sectors_per_block != 0) {
        return base::fail("a partition does not begin at a multiple of 4096 bytes",
                          "move it to a multiple of 8 sectors", start);
    }
    return Partition{.start     = start / k_sectors_per_block,
                     .blocks    = size / k_sectors_per_block,
                     .read_only = read_only};
}

} // namespace blk_virt
