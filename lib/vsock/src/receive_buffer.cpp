// SPDX-License-Identifier: BSD-2-Clause
// The ring of received bytes.
#include "vsock/receive_buffer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace vsock {

std::uint32_t ReceiveBuffer::place(std::uint32_t offset) const
{
    const std::uint64_t at = std::uint64_t{first_} + offset;
    return static_cast<std::uint32_t>(at < capacity() ? at : at - capacity());
}

void ReceiveBuffer::set(std::span<std::uint64_t> bits, std::uint32_t at, bool value)
{
    const std::uint64_t bit = std::uint64_t{1} << (at % 64);
    bits[at / 64]           = value ? bits[at / 64] | bit : bits[at / 64] & ~bit;
}

bool ReceiveBuffer::test(std::span<const std::uint64_t> bits, std::uint32_t at)
{
    return (bits[at / 64] >> (at % 64) & 1) != 0;
}

std::span<std::byte> ReceiveBuffer::room(std::uint32_t most)
{
    if (size_ == capacity()) {
        return {};
    }
    const std::uint32_t at   = place(size_);
    const std::uint32_t free = capacity() - size_;
    return bytes_.subspan(at, std::min({most, free, capacity() - at}));
}

void ReceiveBuffer::advance(std::uint32_t size)
{
    // Bits are cleared by whole words where possible.
    for (std::uint32_t i = 0; i < size;) {
        const std::uint32_t at = place(size_ + i);
        if (at % 64 == 0 && size - i >= 64 && capacity() - at >= 64) {
            ends_[at / 64] = 0;
            i += 64;
        } else {
            set(ends_, at, false);
            ++i;
        }
    }
    size_ += size;
}

void ReceiveBuffer::end(bool record)
{
    if (size_ != 0) { // an empty message leaves no trace
        set(ends_, place(size_ - 1), true);
        set(records_, place(size_ - 1), record);
    }
}

/// Bytes up to the end of the message, that one included; at most `most`.
std::uint32_t ReceiveBuffer::distance_to_end(std::uint32_t most) const
{
    for (std::uint32_t i = 0; i < most;) {
        const std::uint32_t at   = place(i);
        const std::uint64_t bits = ends_[at / 64] >> (at % 64);
        if (bits != 0) {
            const auto end = i + static_cast<std::uint32_t>(std::countr_zero(bits)) + 1;
            // Bits behind the last byte of the ring do not exist, those behind the last byte in it
            // may be old.
            if (at + (end - i) <= capacity()) {
                return std::min(end, most);
            }
        }
        i += std::min(64 - at % 64, capacity() - at);
    }
    return most;
}

ReceiveBuffer::Taken ReceiveBuffer::take(std::span<std::byte> to)
{
    const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(to.size(), size_));
    if (most == 0) {
        return {};
    }
    const std::uint32_t size  = distance_to_end(most);
    const std::uint32_t piece = std::min(size, capacity() - first_);
    std::memcpy(to.data(), bytes_.data() + first_, piece);
    std::memcpy(to.data() + piece, bytes_.data(), size - piece);
    const std::uint32_t last = place(size - 1);
    Taken               taken{.size = size, .end = test(ends_, last)};
    taken.end_of_record = taken.end && test(records_, last);
    first_              = place(size);
    size_ -= size;
    return taken;
}

} // namespace vsock
