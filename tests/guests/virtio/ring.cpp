// SPDX-License-Identifier: BSD-2-Clause
#include "ring.hpp"

#include "guest/cpu.hpp"

namespace guest {
namespace {

void write(volatile Descriptor& to, const Piece& piece, std::uint16_t flags, std::uint16_t next)
{
    to.address = piece.address;
    to.size    = piece.size;
    to.flags   = static_cast<std::uint16_t>(flags | (piece.writes ? k_write : 0));
    to.next    = next;
}

} // namespace

Ring::Ring(std::uint64_t start, std::uint16_t size)
    : start_{start}
    , size_{size}
{
    auto* const words = reinterpret_cast<volatile std::uint32_t*>(start);
    for (std::uint64_t i = 0; i < bytes(size) / 4; ++i) {
        words[i] = 0;
    }
}

std::uint16_t Ring::place(std::span<const Piece> pieces)
{
    const auto head = next_;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool last  = i + 1 == pieces.size();
        const auto after = static_cast<std::uint16_t>((next_ + 1) % size_);
        write(descriptor(next_), pieces[i], last ? 0 : k_next, after);
        next_ = after;
    }
    return head;
}

std::uint16_t Ring::place_indirect(std::span<const Piece> pieces, std::uint64_t table,
                                   std::uint16_t extra_flags)
{
    auto* const entries = reinterpret_cast<volatile Descriptor*>(table);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool last = i + 1 == pieces.size();
        write(entries[i], pieces[i], last ? 0 : k_next, static_cast<std::uint16_t>(i + 1));
    }
    const auto head = next_;
    write(descriptor(head), {table, static_cast<std::uint32_t>(16 * pieces.size()), false},
          static_cast<std::uint16_t>(k_indirect | extra_flags), 0);
    next_ = static_cast<std::uint16_t>((next_ + 1) % size_);
    return head;
}

void Ring::offer(std::uint16_t head)
{
    avail(2 + offered_ % size_) = head;
    data_barrier(); // the entry and what it leads to before the index
    avail(1) = ++offered_;
    data_barrier(); // the index before the notification, and before a look at the device's wish
}

void Ring::jump(std::uint16_t by)
{
    offered_ = static_cast<std::uint16_t>(offered_ + by);
    avail(1) = offered_;
    data_barrier();
}

bool Ring::take(std::uint32_t& written, std::uint16_t& head)
{
    if (!has_used()) {
        return false;
    }
    data_barrier(); // the index before the element and the data
    const auto* const element = reinterpret_cast<const volatile std::uint32_t*>(
        device_area() + 4 + 8ULL * (taken_ % size_));
    head    = static_cast<std::uint16_t>(element[0]);
    written = element[1];
    ++taken_;
    return true;
}

} // namespace guest
