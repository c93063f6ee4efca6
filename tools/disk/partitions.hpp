// SPDX-License-Identifier: BSD-2-Clause
// A disk image with a partition table, made of files and of empty space.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace disk {

template <class T = void>
using Result = std::expected<T, std::string>;

/// Partitions begin and end at multiples of this.
inline constexpr std::uint64_t k_alignment = 1024 * 1024;
/// What an MBR has room for.
inline constexpr std::size_t k_most_partitions = 4;

struct Partition {
    std::filesystem::path file;     ///< its content; empty: zeroes
    std::uint64_t         size = 0; ///< bytes; at least the file's length
};

/// "16M" is so much empty space, anything else the path of a file, which must exist.
[[nodiscard]] Result<Partition> parse_partition(const std::string& text);

/// The first sector (512 bytes) of a disk with these partitions, one behind the other, each rounded
/// up to k_alignment. The first begins at k_alignment.
[[nodiscard]] Result<std::string> master_boot_record(const std::vector<Partition>& partitions);

/// Writes the image. Zeroes take no space in the file. On failure nothing is left.
[[nodiscard]] Result<> write_image(const std::filesystem::path&  image,
                                   const std::vector<Partition>& partitions);

} // namespace disk
