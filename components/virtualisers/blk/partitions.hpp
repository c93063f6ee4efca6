// SPDX-License-Identifier: BSD-2-Clause
// Partition tables: the MBR, and the GPT of UEFI 2.10, chapter 5. What the disk says is checked; a
// table may name anything.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace blk_virt {

inline constexpr std::uint64_t k_sector            = 512;
inline constexpr std::uint64_t k_block             = 4096;
inline constexpr std::uint64_t k_sectors_per_block = k_block / k_sector;

/// A part of a disk in blocks of 4096 bytes.
struct Partition {
    std::uint64_t start     = 0;
    std::uint64_t blocks    = 0; ///< whole ones
    bool          read_only = false;

    constexpr bool operator==(const Partition&) const = default;
};

/// Some of a disk's sectors, in memory.
struct Window {
    std::span<const std::byte> bytes;
    std::uint64_t              first = 0; ///< sector at their start

    /// [sector, sector + size bytes), empty where it is not in memory.
    [[nodiscard]] std::span<const std::byte> at(std::uint64_t sector, std::uint64_t size) const;
};

/// A table whose checksums are right, if it is one that has some.
class Table {
public:
    /// The table at the start of a disk of `sectors`. Errors: neither an MBR nor a valid GPT; the
    /// GPT at the end of the disk may still be valid then, if is_gpt().
    static base::Result<Table> at_start(Window window, std::uint64_t sectors);
    /// The copy of a GPT whose header is the disk's last sector.
    static base::Result<Table> at_end(Window window, std::uint64_t sectors);
    /// Whether the MBR says that there is a GPT.
    static bool is_gpt(Window window);

    /// Partition `index`, from 0. Errors: there is none, it does not begin at a block, or it is not
    /// on the disk.
    [[nodiscard]] base::Result<Partition> partition(std::uint32_t index) const;

private:
    static base::Result<Table> gpt(Window window, std::uint64_t sectors, std::uint64_t header);

    std::span<const std::byte> entries_;
    std::uint32_t              entry_size_ = 0;
    std::uint32_t              count_      = 0;
    std::uint64_t              sectors_    = 0;
    bool                       is_gpt_     = false;
};

} // namespace blk_virt
