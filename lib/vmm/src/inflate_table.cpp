// SPDX-License-Identifier: BSD-2-Clause
// Canonical Huffman codes become tables that are indexed by the input's next bits.
#include "inflate_table.hpp"

#include <algorithm>

namespace vmm::inflate_detail {

namespace {

using Kind = Entry::Kind;

constexpr Entry entry_of(Kind kind, unsigned value, unsigned extra = 0)
{
    return Entry{}
        .with<Entry::kind>(kind)
        .with<Entry::value>(static_cast<std::uint16_t>(value))
        .with<Entry::extra>(static_cast<std::uint8_t>(extra));
}

constexpr unsigned k_symbols = 288;

constexpr auto k_literals = [] {
    std::array<Entry, k_symbols> symbols{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        symbols[byte] = entry_of(Kind::literal, byte);
    }
    symbols[256] = entry_of(Kind::end, 0);
    // Lengths from 3 on: eight symbols of one length each, then four for each number of extra bits.
    unsigned length = 3;
    for (unsigned i = 0; i < 28; ++i) {
        const unsigned extra = i < 8 ? 0 : i / 4 - 1;
        symbols[257 + i]     = entry_of(Kind::match, length, extra);
        length += 1U << extra;
    }
    symbols[285] = entry_of(Kind::match, 258); // out of order: the longest needs no extra bits
    return symbols;                            // 286 and 287 stay invalid
}();

constexpr auto k_distances = [] {
    std::array<Entry, 32> symbols{};
    unsigned              distance = 1;
    for (unsigned i = 0; i < 30; ++i) {
        const unsigned extra = i < 4 ? 0 : i / 2 - 1;
        symbols[i]           = entry_of(Kind::match, distance, extra);
        distance += 1U << extra;
    }
    return symbols;
}();

constexpr auto k_code_lengths = [] {
    std::array<Entry, 19> symbols{};
    for (unsigned i = 0; i < symbols.size(); ++i) {
        symbols[i] = entry_of(Kind::literal, i);
    }
    return symbols;
}();

/// The first bit of a code is the lowest bit of the input, so codes are counted upwards with their
/// bits in reverse: the code of `size` bits that follows `code`.
constexpr unsigned next_reversed(unsigned code, unsigned size)
{
    unsigned bit = 1U << (size - 1);
    while ((code & bit) != 0) {
        code ^= bit;
        bit >>= 1;
    }
    return code | bit;
}

/// Bits that a second-level table needs which begins with a code of `size` bits: as many as fill
/// it exactly with the codes that are left.
unsigned subtable_bits(std::span<const std::uint16_t> left, unsigned size, unsigned bits)
{
    unsigned width = size - bits;
    unsigned free  = 1U << width;
    while (size < k_longest_code && left[size] < free) {
        free = (free - left[size]) * 2;
        ++size;
        ++width;
    }
    return width;
}

} // namespace

Alphabet literal_alphabet() { return k_literals; }
Alphabet distance_alphabet() { return k_distances; }
Alphabet code_length_alphabet() { return k_code_lengths; }

bool build_table(std::span<Entry> table, unsigned bits, std::span<const std::uint8_t> lengths,
                 Alphabet alphabet)
{
    // How many codes there are of each size, and the symbols in the order of their codes.
    std::array<std::uint16_t, k_longest_code + 1> left{};
    for (const auto length : lengths) {
        ++left[length];
    }
    left[0] = 0;
    std::array<std::uint16_t, k_longest_code + 2> place{};
    unsigned                                      room = 1; // codes that can still be given
    for (unsigned size = 1; size <= k_longest_code; ++size) {
        room *= 2;
        if (left[size] > room) {
            return false;
        }
        room -= left[size];
        place[size + 1] = static_cast<std::uint16_t>(place[size] + left[size]);
    }
    const unsigned used = place[k_longest_code + 1];
    if (room != 0 && (used > 1 || used != left[1])) {
        return false;
    }
    std::array<std::uint16_t, k_symbols> sorted{};
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
        if (lengths[symbol] != 0) {
            sorted[place[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
        }
    }

    const auto first_level = table.first(std::size_t{1} << bits);
    std::ranges::fill(first_level, Entry{});
    auto        second_level = table.subspan(first_level.size());
    std::size_t second_start = first_level.size();
    unsigned    code         = 0;
    unsigned    prefix       = ~0U;
    unsigned    width        = 0;
    for (const auto symbol : std::span{sorted}.first(used)) {
        const unsigned size  = lengths[symbol];
        const auto     entry = alphabet[symbol].with<Entry::size>(static_cast<std::uint8_t>(size));
        if (size <= bits) {
            for (std::size_t i = code; i < first_level.size(); i += std::size_t{1} << size) {
                first_level[i] = entry;
            }
        } else {
            if (const auto begins = code & ((1U << bits) - 1); begins != prefix) {
                // The previous second-level table is full; the next starts behind it.
                const auto behind = prefix == ~0U ? 0 : std::size_t{1} << width;
                second_level      = second_level.subspan(behind);
                second_start += behind;
                prefix = begins;
                width  = subtable_bits(left, size, bits);
                if (second_level.size() < std::size_t{1} << width) {
                    return false; // cannot be, by the sizes of the tables
                }
                first_level[prefix] =
                    entry_of(Kind::subtable, static_cast<unsigned>(second_start), width)
                        .with<Entry::size>(static_cast<std::uint8_t>(bits));
            }
            for (std::size_t i = code >> bits; i < std::size_t{1} << width;
                 i += std::size_t{1} << (size - bits)) {
                second_level[i] = entry;
            }
        }
        --left[size];
        code = next_reversed(code, size);
    }
    return true;
}

} // namespace vmm::inflate_detail
