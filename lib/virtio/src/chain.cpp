// SPDX-License-Identifier: BSD-2-Clause
// Requests as streams: walking over the segments of a snapshot.
#include "virtio/chain.hpp"

#include "arch/bulk.hpp"

#include <algorithm>
#include <cstring>

namespace virtio {
namespace {

/// The bytes at `offset` of the first segment, at most `most`; moves on by them.
std::span<std::byte> advance(std::span<const Segment>& segments, std::uint32_t& offset,
                             std::uint64_t most)
{
    const Segment& segment = segments.front();
    const auto     size =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(most, segment.size - offset));
    const std::span bytes{segment.at + offset, size};
    offset += size;
    if (offset == segment.size) {
        segments = segments.subspan(1);
        offset   = 0;
    }
    return bytes;
}

/// One piece of a copy of `whole` bytes: scattered pages are copied as fast as one piece.
void copy_piece(std::byte* to, const std::byte* from, std::size_t size, std::uint64_t whole)
{
    if (whole >= k_bulk) {
        arch::copy_bulk(to, from, size);
    } else {
        arch::copy(to, from, size);
    }
}

} // namespace

std::span<const std::byte> Reader::next(std::uint64_t most)
{
    most = std::min(most, left_);
    if (most == 0) {
        return {};
    }
    const auto bytes = advance(segments_, offset_, most);
    left_ -= bytes.size();
    return bytes;
}

bool Reader::read(std::span<std::byte> to, std::uint64_t whole)
{
    if (to.size() > left_) {
        return false;
    }
    whole = std::max<std::uint64_t>(whole, to.size());
    while (!to.empty()) {
        const auto bytes = next(to.size());
        copy_piece(to.data(), bytes.data(), bytes.size(), whole);
        to = to.subspan(bytes.size());
    }
    return true;
}

void Reader::skip(std::uint64_t size)
{
    while (size != 0 && left_ != 0) {
        size -= next(size).size();
    }
}

std::span<std::byte> Writer::next(std::uint64_t most)
{
    most = std::min(most, room_);
    if (most == 0) {
        return {};
    }
    const auto bytes = advance(segments_, offset_, most);
    room_ -= bytes.size();
    written_ += bytes.size();
    return bytes;
}

bool Writer::write(std::span<const std::byte> from, std::uint64_t whole)
{
    if (from.size() > room_) {
        return false;
    }
    whole = std::max<std::uint64_t>(whole, from.size());
    while (!from.empty()) {
        const auto bytes = next(from.size());
        copy_piece(bytes.data(), from.data(), bytes.size(), whole);
        from = from.subspan(bytes.size());
    }
    return true;
}

void Writer::zero(std::uint64_t size)
{
    while (size != 0 && room_ != 0) {
        const auto bytes = next(size);
        std::memset(bytes.data(), 0, bytes.size());
        size -= bytes.size();
    }
}

void Writer::skip(std::uint64_t size)
{
    while (size != 0 && room_ != 0) {
        size -= next(size).size();
    }
}

} // namespace virtio
