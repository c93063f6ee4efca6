// SPDX-License-Identifier: BSD-2-Clause
// Deflate's decoder (RFC 1951): where it is in its input and output, and how it takes bits.
#pragma once

#include "inflate_table.hpp"
#include "vmm/inflate.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace vmm::inflate_detail {

inline constexpr std::string_view k_hint = "copy the file again, or check it with gzip -t";

enum class Outcome : std::uint8_t {
    more,      ///< not done yet
    end,       ///< the stream ended well
    full,      ///< the output is full and the stream goes on
    truncated, ///< the input ended first
    damaged,   ///< the stream cannot be
};

/// One decompression. It keeps the tables of the block at hand in static memory, so there is one at
/// a time.
class Decoder {
public:
    Decoder(std::span<const std::byte> input, std::span<std::byte> output)
        : in_{input.data()}
        , in_end_{input.data() + input.size()}
        , out_start_{output.data()}
        , out_{output.data()}
        , out_end_{output.data() + output.size()}
    {
    }

    /// Blocks, to the end of the last one or to what ends it before.
    Outcome run();

    /// Bytes of output so far.
    [[nodiscard]] std::size_t produced() const
    {
        return static_cast<std::size_t>(out_ - out_start_);
    }
    /// Bytes of input that are not used, those included that wait in the bit buffer.
    [[nodiscard]] std::size_t unused() const
    {
        return static_cast<std::size_t>(in_end_ - in_) + bits_ / 8;
    }

private:
    using Kind = Entry::Kind;
    struct Lengths; // of the codes of a block

    static constexpr unsigned k_longest_match = 258;

    // One round of the fast loop reads at most 12 bytes and writes at most one match and two
    // literals; a copy may write 7 bytes more than the match is long.
    static constexpr std::ptrdiff_t k_input_to_spare  = 16;
    static constexpr std::ptrdiff_t k_output_to_spare = k_longest_match + 16;

    Outcome block();
    Outcome stored_block();
    Outcome fixed_tables();
    Outcome dynamic_tables();
    Outcome read_lengths(Lengths& lengths, unsigned count);
    Outcome careful_step();
    Outcome fast();
    Outcome fast_loop();

    /// At least 32 bits in the buffer, from an input that has 4 bytes to spare and is aligned.
    void fill_fast()
    {
        if (bits_ < 32) {
            std::uint32_t word = 0;
            __builtin_memcpy(&word, std::assume_aligned<4>(in_), sizeof(word));
            if constexpr (std::endian::native == std::endian::big) {
                word = __builtin_bswap32(word);
            }
            buffer_ |= std::uint64_t{word} << bits_;
            in_ += 4;
            bits_ += 32;
        }
    }
    /// As many bytes as fit and there are.
    void fill()
    {
        while (bits_ <= 56 && in_ != in_end_) {
            buffer_ |= std::uint64_t{static_cast<std::uint8_t>(*in_++)} << bits_;
            bits_ += 8;
        }
    }
    /// The next bits, which stay; beyond the end of the input they are zero.
    [[nodiscard]] unsigned peek(unsigned count) const
    {
        return static_cast<unsigned>(buffer_ & ((std::uint64_t{1} << count) - 1));
    }
    void drop(unsigned count)
    {
        buffer_ >>= count;
        bits_ -= count;
    }
    unsigned take(unsigned count)
    {
        const auto value = peek(count);
        drop(count);
        return value;
    }

    /// What the buffer begins with; the code itself is not dropped yet.
    [[nodiscard]] Entry look_up(std::span<const Entry> table, unsigned bits) const
    {
        const auto entry = table[peek(bits)];
        if (entry.get<Entry::kind>() != Kind::subtable) [[likely]] {
            return entry;
        }
        const auto index =
            static_cast<unsigned>(buffer_ >> bits) & ((1U << entry.get<Entry::extra>()) - 1);
        return table[entry.get<Entry::value>() + index];
    }

    const std::byte* in_;
    const std::byte* in_end_;
    std::byte*       out_start_;
    std::byte*       out_;
    std::byte*       out_end_;
    std::uint64_t    buffer_ = 0;
    unsigned         bits_   = 0; ///< that are valid in the buffer; above them it is zero
};

/// What a decoder that ended so, with an input of so many bytes, has to show for it.
[[nodiscard]] base::Result<Inflated> result_of(const Decoder& decoder, Outcome outcome,
                                               std::size_t input);

} // namespace vmm::inflate_detail
