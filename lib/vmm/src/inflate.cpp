// SPDX-License-Identifier: BSD-2-Clause
// Deflate: a fast loop while there is input and room to spare, a careful one near the ends.
#include "vmm/inflate.hpp"

#include "inflate_decoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace vmm {

namespace inflate_detail {

namespace {

/// Tables of the block at hand. They are too large for the stack of a protection domain, and one
/// decompression runs at a time.
struct Tables {
    std::array<Entry, k_literal_entries>  literals{};
    std::array<Entry, k_distance_entries> distances{};
};
constinit Tables tables;

/// Copies a match of at least 3 bytes; the output has k_output_to_spare. Source and target overlap
/// where the distance is shorter than the match, and then the bytes repeat.
inline void copy_match(std::byte* to, std::size_t distance, std::size_t size)
{
    const auto* from = to - distance;
    auto* const end  = to + size;
    do {
        // Four at a time; the bytes too many are overwritten by what comes next.
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
        to[3] = from[3];
        to += 4;
        from += 4;
    } while (to < end);
}

} // namespace

/// Lengths of the codes of a block, by symbol.
struct Decoder::Lengths {
    static constexpr std::size_t                       k_literals  = 288;
    static constexpr std::size_t                       k_distances = 32;
    std::array<std::uint8_t, k_literals + k_distances> all{};
};

Outcome Decoder::run()
{
    for (;;) {
        fill();
        if (bits_ < 3) {
            return Outcome::truncated;
        }
        const bool last    = take(1) != 0;
        const auto outcome = block();
        if (outcome != Outcome::end || last) {
            return outcome;
        }
    }
}

/// One block (3.2.3), from its type on; Outcome::end at its end.
Outcome Decoder::block()
{
    auto outcome = Outcome::damaged;
    switch (take(2)) {
    case 0:
        return stored_block();
    case 1:
        outcome = fixed_tables();
        break;
    case 2:
        outcome = dynamic_tables();
        break;
    default:
        break;
    }
    while (outcome == Outcome::more) {
        outcome = fast();
        if (outcome == Outcome::more) {
            outcome = careful_step();
        }
    }
    return outcome;
}

Outcome Decoder::stored_block()
{
    drop(bits_ % 8);
    fill();
    if (bits_ < 32) {
        return Outcome::truncated;
    }
    const auto size = take(16);
    if (take(16) != (~size & 0xffff)) {
        return Outcome::damaged;
    }
    in_ -= bits_ / 8; // the whole bytes that were read ahead
    buffer_ = 0;
    bits_   = 0;

    const auto room    = static_cast<std::size_t>(out_end_ - out_);
    const auto present = static_cast<std::size_t>(in_end_ - in_);
    const auto count   = std::min({std::size_t{size}, room, present});
    if (count != 0) {
        std::memcpy(out_, in_, count);
    }
    in_ += count;
    out_ += count;
    if (count == size) {
        return Outcome::end;
    }
    return count == room ? Outcome::full : Outcome::truncated;
}

Outcome Decoder::fixed_tables()
{
    // 3.2.6
    Lengths    lengths;
    const auto literals = std::span{lengths.all}.first<Lengths::k_literals>();
    std::ranges::fill(literals.subspan(0, 144), std::uint8_t{8});
    std::ranges::fill(literals.subspan(144, 112), std::uint8_t{9});
    std::ranges::fill(literals.subspan(256, 24), std::uint8_t{7});
    std::ranges::fill(literals.subspan(280, 8), std::uint8_t{8});
    const auto distances = std::span{lengths.all}.subspan(Lengths::k_literals);
    std::ranges::fill(distances, std::uint8_t{5});
    const bool sound =
        build_table(tables.literals, k_literal_bits, literals, literal_alphabet()) &&
        build_table(tables.distances, k_distance_bits, distances, distance_alphabet());
    return sound ? Outcome::more : Outcome::damaged;
}

/// 3.2.7: the lengths of the codes, themselves compressed.
Outcome Decoder::dynamic_tables()
{
    fill();
    if (bits_ < 14) {
        return Outcome::truncated;
    }
    const auto literals  = 257 + take(5);
    const auto distances = 1 + take(5);
    const auto codes     = 4 + take(4);
    if (literals > 286 || distances > 30) {
        return Outcome::damaged;
    }

    constexpr std::array<std::uint8_t, 19>   k_order{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::array<std::uint8_t, k_order.size()> code_lengths{};
    for (unsigned i = 0; i < codes; ++i) {
        fill();
        if (bits_ < 3) {
            return Outcome::truncated;
        }
        code_lengths[k_order[i]] = static_cast<std::uint8_t>(take(3));
    }
    // The distance table serves for them first; their codes have at most 7 bits.
    if (!build_table(tables.distances, k_distance_bits, code_lengths, code_length_alphabet())) {
        return Outcome::damaged;
    }
    Lengths lengths;
    if (const auto outcome = read_lengths(lengths, literals + distances);
        outcome != Outcome::more) {
        return outcome;
    }
    const auto all = std::span<const std::uint8_t>{lengths.all};
    if (all[256] == 0) {
        return Outcome::damaged; // the block could never end
    }
    const bool sound =
        build_table(tables.literals, k_literal_bits, all.first(literals), literal_alphabet()) &&
        build_table(tables.distances, k_distance_bits, all.subspan(literals, distances),
                    distance_alphabet());
    return sound ? Outcome::more : Outcome::damaged;
}

Outcome Decoder::read_lengths(Lengths& lengths, unsigned count)
{
    for (unsigned done = 0; done < count;) {
        fill();
        const auto entry = look_up(tables.distances, k_distance_bits);
        const auto size  = entry.get<Entry::size>();
        if (entry.get<Entry::kind>() != Kind::literal) {
            return bits_ < k_longest_code ? Outcome::truncated : Outcome::damaged;
        }
        const auto symbol = entry.get<Entry::value>();
        const auto extra  = symbol == 16 ? 2U : symbol == 17 ? 3U : symbol == 18 ? 7U : 0U;
        if (bits_ < size + extra) {
            return Outcome::truncated;
        }
        drop(size);
        std::uint8_t value  = 0;
        unsigned     repeat = 1;
        if (symbol < 16) {
            value = static_cast<std::uint8_t>(symbol);
        } else if (symbol == 16) {
            if (done == 0) {
                return Outcome::damaged;
            }
            value  = lengths.all[done - 1];
            repeat = 3 + take(2);
        } else {
            repeat = symbol == 17 ? 3 + take(3) : 11 + take(7);
        }
        if (repeat > count - done) {
            return Outcome::damaged;
        }
        std::fill_n(lengths.all.begin() + done, repeat, value);
        done += repeat;
    }
    return Outcome::more;
}

/// One symbol with every check; Outcome::more if the block goes on.
Outcome Decoder::careful_step()
{
    fill();
    const auto literal = look_up(tables.literals, k_literal_bits);
    const auto size    = literal.get<Entry::size>();
    switch (literal.get<Entry::kind>()) {
    case Kind::literal:
        if (bits_ < size) {
            return Outcome::truncated;
        }
        if (out_ == out_end_) {
            return Outcome::full;
        }
        drop(size);
        *out_++ = static_cast<std::byte>(literal.get<Entry::value>());
        return Outcome::more;
    case Kind::end:
        if (bits_ < size) {
            return Outcome::truncated;
        }
        drop(size);
        return Outcome::end;
    case Kind::match:
        break;
    default:
        return bits_ < k_longest_code ? Outcome::truncated : Outcome::damaged;
    }

    if (bits_ < size + std::size_t{literal.get<Entry::extra>()}) {
        return Outcome::truncated;
    }
    drop(size);
    const std::size_t length = literal.get<Entry::value>() + take(literal.get<Entry::extra>());
    fill();
    const auto entry = look_up(tables.distances, k_distance_bits);
    if (entry.get<Entry::kind>() != Kind::match) {
        return bits_ < k_longest_code ? Outcome::truncated : Outcome::damaged;
    }
    const auto extra = entry.get<Entry::extra>();
    if (bits_ < std::size_t{entry.get<Entry::size>()} + extra) {
        return Outcome::truncated;
    }
    drop(entry.get<Entry::size>());
    const std::size_t distance = entry.get<Entry::value>() + take(extra);
    if (distance > produced()) {
        return Outcome::damaged;
    }
    const auto room = static_cast<std::size_t>(out_end_ - out_);
    for (auto left = std::min(length, room); left != 0; --left) {
        *out_ = *(out_ - distance);
        ++out_;
    }
    return length > room ? Outcome::full : Outcome::more;
}

Outcome Decoder::fast()
{
    // Words are read at multiples of their size, so the buffer takes single bytes up to the first.
    while (bits_ <= 56 && in_ != in_end_ && reinterpret_cast<std::uintptr_t>(in_) % 4 != 0) {
        buffer_ |= std::uint64_t{static_cast<std::uint8_t>(*in_++)} << bits_;
        bits_ += 8;
    }
    if (reinterpret_cast<std::uintptr_t>(in_) % 4 != 0) {
        return Outcome::more;
    }
    // In an object of its own, which no byte of the output can be part of, everything that the
    // loop needs stays in the processor's registers. Hence the loop is inlined.
    auto       local   = *this;
    const auto outcome = local.fast_loop();
    *this              = local;
    return outcome;
}

[[gnu::always_inline]] inline Outcome Decoder::fast_loop()
{
    while (in_end_ - in_ >= k_input_to_spare && out_end_ - out_ >= k_output_to_spare) {
        fill_fast();
        auto entry = look_up(tables.literals, k_literal_bits);
        if (entry.get<Entry::kind>() == Kind::literal) {
            drop(entry.get<Entry::size>());
            *out_++ = static_cast<std::byte>(entry.get<Entry::value>());
            // 17 bits are left at least, and no code is longer than 15.
            entry = look_up(tables.literals, k_literal_bits);
            if (entry.get<Entry::kind>() == Kind::literal) {
                drop(entry.get<Entry::size>());
                *out_++ = static_cast<std::byte>(entry.get<Entry::value>());
                continue;
            }
            fill_fast();
        }
        drop(entry.get<Entry::size>());
        if (entry.get<Entry::kind>() != Kind::match) {
            return entry.get<Entry::kind>() == Kind::end ? Outcome::end : Outcome::damaged;
        }
        const std::size_t length = entry.get<Entry::value>() + take(entry.get<Entry::extra>());
        fill_fast();
        entry = look_up(tables.distances, k_distance_bits);
        if (entry.get<Entry::kind>() != Kind::match) {
            return Outcome::damaged;
        }
        drop(entry.get<Entry::size>());
        const std::size_t distance = entry.get<Entry::value>() + take(entry.get<Entry::extra>());
        if (distance > produced()) {
            return Outcome::damaged;
        }
        copy_match(out_, distance, length);
        out_ += length;
    }
    return Outcome::more;
}

base::Result<Inflated> result_of(const Decoder& decoder, Outcome outcome, std::size_t input)
{
    switch (outcome) {
    case Outcome::end:
        return Inflated{input - decoder.unused(), decoder.produced()};
    case Outcome::truncated:
        return base::fail("the compressed data is cut off", k_hint);
    case Outcome::full:
        return base::fail("the compressed data unpacks to more than there is room for",
                          "give the guest more memory", decoder.produced());
    default:
        return base::fail("the compressed data is damaged", k_hint, decoder.produced());
    }
}

} // namespace inflate_detail

base::Result<Inflated> inflate(std::span<const std::byte> input, std::span<std::byte> output)
{
    inflate_detail::Decoder decoder{input, output};
    const auto              outcome = decoder.run();
    return inflate_detail::result_of(decoder, outcome, input.size());
}

} // namespace vmm
