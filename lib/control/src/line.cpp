// SPDX-License-Identifier: BSD-2-Clause
#include "control/line.hpp"

#include "base/crc32.hpp"
#include "base/endian.hpp"

#include <algorithm>

namespace control {

namespace {

constexpr std::byte   k_flag{0x7e};
constexpr std::byte   k_escape{0x7d};
constexpr std::byte   k_flip{0x20};
constexpr std::size_t k_header   = 4;
constexpr std::size_t k_checksum = 4;

/// Bytes into a span, with escapes.
class Stuffer {
public:
    explicit Stuffer(std::span<std::byte> to)
        : to_{to}
    {
    }
    void flag() { raw(k_flag); }
    void put(std::span<const std::byte> bytes)
    {
        crc_ = base::crc32(bytes, crc_);
        for (const std::byte byte : bytes) {
            if (byte == k_flag || byte == k_escape) {
                raw(k_escape);
                raw(byte ^ k_flip);
            } else {
                raw(byte);
            }
        }
    }
    [[nodiscard]] std::uint32_t              crc() const { return crc_; }
    [[nodiscard]] std::span<const std::byte> result() const
    {
        return size_ <= to_.size() ? to_.first(size_) : to_.first(0);
    }

private:
    void raw(std::byte byte)
    {
        if (size_ < to_.size()) {
            to_[size_] = byte;
        }
        ++size_;
    }
    std::span<std::byte> to_;
    std::size_t          size_ = 0;
    std::uint32_t        crc_  = 0;
};

std::uint32_t get(std::span<const std::byte> from, std::size_t offset)
{
    return base::load_little<std::uint32_t>(from, offset).value_or(0);
}
void set(std::span<std::byte> to, std::size_t offset, std::uint32_t value)
{
    (void)base::store_little(to, offset, value);
}

} // namespace

std::span<const std::byte> encode(const LineFrame& frame, std::span<std::byte> to)
{
    const std::array header{
        static_cast<std::byte>(frame.kind), static_cast<std::byte>(frame.stream),
        static_cast<std::byte>(frame.session), static_cast<std::byte>(frame.session >> 8)};
    Stuffer stuffer{to};
    stuffer.flag();
    stuffer.put(header);
    stuffer.put(frame.payload.first(std::min(frame.payload.size(), k_line_payload)));
    std::array<std::byte, k_checksum> checksum{};
    set(checksum, 0, stuffer.crc());
    stuffer.put(checksum);
    stuffer.flag();
    return stuffer.result();
}

std::optional<LineFrame> LineDecoder::feed(std::byte byte)
{
    if (byte == k_flag) {
        return end_of_frame();
    }
    if (byte == k_escape) {
        escaped_ = true;
        return std::nullopt;
    }
    if (escaped_) {
        byte ^= k_flip;
        escaped_ = false;
    }
    if (size_ == bytes_.size()) {
        too_long_ = true;
    } else {
        bytes_[size_++] = byte;
    }
    return std::nullopt;
}

std::optional<LineFrame> LineDecoder::end_of_frame()
{
    const auto bytes = std::span<const std::byte>{bytes_}.first(size_);
    const bool empty = size_ == 0; // between the end of a frame and the beginning of the next
    const bool good =
        !escaped_ && !too_long_ && size_ >= k_header + k_checksum &&
        base::crc32(bytes.first(size_ - k_checksum)) == get(bytes, size_ - k_checksum);
    size_     = 0;
    escaped_  = false;
    too_long_ = false;
    if (!good) {
        damaged_ += empty ? 0 : 1;
        return std::nullopt;
    }
    return LineFrame{.kind    = static_cast<LineKind>(bytes[0]),
                     .stream  = static_cast<std::uint8_t>(bytes[1]),
                     .session = *base::load_little<std::uint16_t>(bytes, 2),
                     .payload = bytes.subspan(k_header, bytes.size() - k_header - k_checksum)};
}

void Target::write(std::span<std::byte, k_size> to) const
{
    set(to, 0, cid);
    set(to, 4, port);
}

std::optional<Target> Target::read(std::span<const std::byte> from)
{
    if (from.size() != k_size) {
        return std::nullopt;
    }
    return Target{.cid = get(from, 0), .port = get(from, 4)};
}

void Welcome::write(std::span<std::byte, k_size> to) const
{
    to[0] = static_cast<std::byte>(version);
    to[1] = static_cast<std::byte>(count);
    to[2] = to[3] = std::byte{0};
    set(to, 4, own_cid);
    for (std::size_t i = 0; i < peers.size(); ++i) {
        set(to, 8 + 4 * i, peers[i]);
    }
}

std::optional<Welcome> Welcome::read(std::span<const std::byte> from)
{
    if (from.size() != k_size || std::to_integer<std::size_t>(from[1]) > k_most_peers) {
        return std::nullopt;
    }
    Welcome welcome{.version = std::to_integer<std::uint8_t>(from[0]),
                    .own_cid = get(from, 4),
                    .count   = std::to_integer<std::uint8_t>(from[1]),
                    .peers   = {}};
    for (std::size_t i = 0; i < welcome.peers.size(); ++i) {
        welcome.peers[i] = get(from, 8 + 4 * i);
    }
    return welcome;
}

void Word::write(std::span<std::byte, k_size> to) const { set(to, 0, value); }

std::optional<Word> Word::read(std::span<const std::byte> from)
{
    if (from.size() != k_size) {
        return std::nullopt;
    }
    return Word{get(from, 0)};
}

} // namespace control
