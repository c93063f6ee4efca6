// SPDX-License-Identifier: BSD-2-Clause
// The flattened device-tree format (Devicetree Specification 0.4, chapter 5), version 17.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fdt {

inline constexpr std::uint32_t k_magic                   = 0xd00d'feed;
inline constexpr std::uint32_t k_version                 = 17;
inline constexpr std::uint32_t k_last_compatible_version = 16;

/// Nodes below one another, the root included. Real trees have fewer than ten.
inline constexpr std::size_t k_max_depth = 32;

/// Where the fields of the header are (5.2), in bytes; each is a big-endian 32-bit number.
enum class HeaderField : std::size_t {
    magic                   = 0,
    total_size              = 4,
    structure_offset        = 8,
    strings_offset          = 12,
    reservations_offset     = 16,
    version                 = 20,
    last_compatible_version = 24,
    boot_cpu                = 28,
    strings_size            = 32,
    structure_size          = 36,
};
inline constexpr std::size_t k_header_size = 40;

/// What the structure block consists of (5.4.1).
enum class Token : std::uint32_t {
    begin_node = 1,
    end_node   = 2,
    property   = 3,
    nop        = 4,
    end        = 9,
};

/// A range of memory that a program must leave alone (5.3).
struct Reservation {
    std::uint64_t address;
    std::uint64_t size;

    constexpr bool operator==(const Reservation&) const = default;
};
/// Of one in a blob, in bytes.
inline constexpr std::size_t k_reservation_size = 16;

} // namespace fdt
