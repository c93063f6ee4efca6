// SPDX-License-Identifier: BSD-2-Clause
#include "control/message.hpp"

#include "base/endian.hpp"

#include <algorithm>

namespace control {

std::size_t MessageReader::needed() const
{
    if (size_ < k_header) {
        return k_header;
    }
    return k_header + *base::load_little<std::uint32_t>(bytes_, 0);
}

std::span<std::byte> MessageReader::room()
{
    return broken_ ? std::span<std::byte>{} : std::span{bytes_}.subspan(size_, needed() - size_);
}

void MessageReader::advance(std::size_t size)
{
    size_ += std::min(size, room().size());
    if (size_ >= k_header) {
        const auto payload = *base::load_little<std::uint32_t>(bytes_, 0);
        const auto zeroes  = bytes_[5] | bytes_[6] | bytes_[7];
        broken_            = payload > k_most_payload || zeroes != std::byte{0};
    }
}

std::optional<Message> MessageReader::next()
{
    if (broken_ || size_ < k_header || size_ < needed()) {
        return std::nullopt;
    }
    const auto size = size_;
    size_           = 0;
    return Message{.kind = static_cast<Kind>(bytes_[4]),
                   .payload =
                       std::span<const std::byte>{bytes_}.subspan(k_header, size - k_header)};
}

// The payload is not cleared: what counts of it is written.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
MessageWriter::MessageWriter(Kind kind)
{
    std::fill_n(bytes_.begin(), k_header, std::byte{0});
    bytes_[4] = static_cast<std::byte>(kind);
}

MessageWriter& MessageWriter::u32(std::uint32_t value)
{
    fits_ = fits_ && base::store_little(std::span{bytes_}, size_, value);
    size_ += fits_ ? sizeof(value) : 0;
    return *this;
}

MessageWriter& MessageWriter::u64(std::uint64_t value)
{
    return u32(static_cast<std::uint32_t>(value)).u32(static_cast<std::uint32_t>(value >> 32));
}

MessageWriter& MessageWriter::string(std::string_view text)
{
    return u32(static_cast<std::uint32_t>(text.size())).raw(std::as_bytes(std::span{text}));
}

MessageWriter& MessageWriter::raw(std::span<const std::byte> bytes)
{
    fits_ = fits_ && bytes.size() <= bytes_.size() - size_;
    if (fits_) {
        std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += bytes.size();
    }
    return *this;
}

std::span<const std::byte> MessageWriter::bytes()
{
    (void)base::store_little(std::span{bytes_}, 0, static_cast<std::uint32_t>(size_ - k_header));
    return std::span<const std::byte>{bytes_}.first(size_);
}

std::span<const std::byte> Fields::take(std::size_t size)
{
    right_           = right_ && size <= bytes_.size();
    const auto taken = bytes_.first(right_ ? size : 0);
    bytes_           = bytes_.subspan(taken.size());
    return taken;
}

std::uint32_t Fields::u32()
{
    return base::load_little<std::uint32_t>(take(sizeof(std::uint32_t))).value_or(0);
}

std::uint64_t Fields::u64()
{
    const std::uint64_t low = u32();
    return low | std::uint64_t{u32()} << 32;
}

std::string_view Fields::string()
{
    const auto bytes = take(u32());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace control
