// SPDX-License-Identifier: BSD-2-Clause
// Decoding tables of deflate's Huffman codes (RFC 1951, 3.2.2): one look-up for short codes, two
// for long ones.
#pragma once

#include "base/reg.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm::inflate_detail {

inline constexpr unsigned k_longest_code = 15;

/// What the next bits of the input mean.
struct Entry : base::Register<Entry, std::uint32_t> {
    using Register::Register;

    enum class Kind : std::uint8_t {
        invalid, ///< no code begins like this
        literal, ///< value: the byte
        match,   ///< value: a length or distance, to which `extra` bits of the input are added
        end,     ///< end of the block
        subtable ///< value: index of a table for the `extra` bits that follow the first look-up
    };

    using size  = base::Field<4, 0, std::uint8_t>;  ///< bits of the code, all of it
    using kind  = base::Field<7, 5, Kind>;          ///< what it is
    using extra = base::Field<11, 8, std::uint8_t>; ///< further bits that belong to it
    using value = base::Field<31, 16, std::uint16_t>;
};

/// A literal/length table that is looked up by 10 bits, or a distance table by 8. The sizes are
/// the most entries that any valid code needs, second-level tables included.
inline constexpr unsigned    k_literal_bits     = 10;
inline constexpr unsigned    k_distance_bits    = 8;
inline constexpr std::size_t k_literal_entries  = 1334;
inline constexpr std::size_t k_distance_entries = 402;

/// The entry of symbol number i without its size: what the alphabet means.
using Alphabet = std::span<const Entry>;

[[nodiscard]] Alphabet literal_alphabet();     ///< 288 literals and lengths (3.2.5)
[[nodiscard]] Alphabet distance_alphabet();    ///< 32 distances (3.2.5)
[[nodiscard]] Alphabet code_length_alphabet(); ///< 19 numbers, as literals (3.2.7)

/// Builds the table of a code that is given by the length of each symbol's code (0: not used).
/// False if the lengths form no prefix code: too many short codes, or codes left over (only a
/// single code of one bit, or none at all, may leave some over).
[[nodiscard]] bool build_table(std::span<Entry> table, unsigned bits,
                               std::span<const std::uint8_t> lengths, Alphabet alphabet);

} // namespace vmm::inflate_detail
