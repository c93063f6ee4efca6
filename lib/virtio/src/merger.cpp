// SPDX-License-Identifier: BSD-2-Clause
// IPv4: RFC 791. IPv6: RFC 8200. TCP: RFC 9293.
#include "virtio/merger.hpp"

#include "arch/bulk.hpp"
#include "virtio/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace virtio {
namespace {

constexpr std::size_t   k_type = 12, k_network = 14;
constexpr std::uint16_t k_type_ipv4 = 0x0800, k_type_ipv6 = 0x86dd;

constexpr std::size_t k_ipv4 = 20, k_ipv4_length = k_network + 2, k_ipv4_identity = k_network + 4,
                      k_ipv4_fragment = k_network + 6, k_ipv4_checksum = 10,
                      k_ipv4_addresses = k_network + 12;
constexpr std::byte   k_ipv4_plain{0x45}; ///< version 4, no options
constexpr unsigned    k_ipv4_dont = 0x4000;
constexpr std::size_t k_ipv6 = 40, k_ipv6_length = k_network + 4, k_ipv6_next = k_network + 6,
                      k_ipv6_addresses = k_network + 8;
constexpr std::size_t k_most_packet    = 65'535; ///< of IP; less its header, where that is IPv6

constexpr std::size_t k_tcp = 20, k_tcp_sequence = 4, k_tcp_acknowledged = 8, k_tcp_words = 12,
                      k_tcp_flags = 13, k_tcp_window = 14, k_tcp_checksum = 16;
constexpr std::byte k_protocol{6}, k_ack{0x10}, k_psh{0x08};

/// Words of 64 bits that headers take.
constexpr std::size_t k_words = 16;

constexpr std::uint16_t k_right = 0xffff; ///< sum of what has its checksum in it

std::uint16_t get16(std::span<const std::byte> bytes, std::size_t at)
{
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                      std::to_integer<unsigned>(bytes[at + 1]));
}

std::uint32_t get32(std::span<const std::byte> bytes, std::size_t at)
{
    return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}

void put16(std::span<std::byte> bytes, std::size_t at, std::size_t value)
{
    bytes[at]     = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}

std::uint16_t folded(std::uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

/// What TCP's checksum has besides the addresses and its own bytes: protocol and length, in the
/// order of memory.
std::uint32_t protocol_sum(std::size_t tcp_bytes)
{
    constexpr std::uint32_t k_word = 0x0600; // a zero and the protocol
    return k_word + static_cast<std::uint16_t>(tcp_bytes << 8 | tcp_bytes >> 8);
}

/// Ones where frames of one connection do not differ, word by word; behind TCP's own header all.
using Mask = std::array<std::uint64_t, k_words>;

constexpr Mask mask_of(bool ipv4, bool data)
{
    std::array<std::byte, k_words * sizeof(std::uint64_t)> bytes{};
    bytes.fill(std::byte{0xff});
    const auto may_differ = [&](std::size_t at, std::size_t size) {
        for (std::size_t i = at; i < at + size; ++i) {
            bytes[i] = std::byte{0};
        }
    };
    may_differ(ipv4 ? k_ipv4_length : k_ipv6_length, 2);
    const auto tcp = k_network + (ipv4 ? k_ipv4 : k_ipv6);
    if (ipv4) {
        may_differ(k_ipv4_identity, 2);
        may_differ(k_network + k_ipv4_checksum, 2);
    }
    may_differ(tcp + k_tcp_sequence, 4); // is_next() looks at it
    may_differ(tcp + k_tcp_flags, 1);    // parse() has
    may_differ(tcp + k_tcp_checksum, 2);
    if (!data) {
        may_differ(tcp + k_tcp_acknowledged, 4);
        may_differ(tcp + k_tcp_window, 2);
    }
    return std::bit_cast<Mask>(bytes);
}

constexpr std::array<Mask, 4> k_masks{mask_of(false, false), mask_of(false, true),
                                      mask_of(true, false), mask_of(true, true)};

} // namespace

std::optional<Merger::Layout> Merger::parse(std::span<const std::byte> frame, Headers& to) const
{
    if (frame.size() < k_network + k_ipv4 + k_tcp) {
        return std::nullopt;
    }
    arch::copy(to.data(), frame.data(), std::min(frame.size(), to.size()));
    const auto  type = get16(to, k_type);
    Layout      layout;
    std::size_t end = 0;
    if (type == k_type_ipv4 && enabled_[0]) {
        layout.transport = k_network + k_ipv4;
        end              = k_network + get16(to, k_ipv4_length);
        if (to[k_network] != k_ipv4_plain || to[k_network + 9] != k_protocol ||
            (get16(to, k_ipv4_fragment) & ~k_ipv4_dont) != 0 ||
            ones_complement_sum(std::span{to}.subspan(k_network, k_ipv4)) != k_right) {
            return std::nullopt;
        }
    } else if (type == k_type_ipv6 && enabled_[1]) {
        layout.version   = Version::ipv6;
        layout.transport = k_network + k_ipv6;
        end              = layout.transport + get16(to, k_ipv6_length);
        if ((to[k_network] >> 4) != std::byte{6} || to[k_ipv6_next] != k_protocol) {
            return std::nullopt;
        }
    } else {
        return std::nullopt;
    }
    if (end > frame.size() || end < layout.transport + k_tcp) {
        return std::nullopt;
    }
    const auto words = std::to_integer<std::size_t>(to[layout.transport + k_tcp_words] >> 4);
    layout.data      = layout.transport + 4 * words;
    layout.end       = end;
    if (4 * words < k_tcp || layout.data > end) {
        return std::nullopt;
    }
    const auto psh = layout.data == end ? std::byte{0} : k_psh;
    if ((to[layout.transport + k_tcp_flags] & ~psh) != k_ack ||
        (to[layout.transport + k_tcp_words] & std::byte{0xf}) != std::byte{0}) {
        return std::nullopt;
    }
    return layout;
}

/// TCP's checksum, over the frame itself; one of many bytes, where the packet has them.
bool Merger::is_right(std::span<const std::byte> frame, const Layout& layout) const
{
    const auto size = layout.end - layout.transport;
    const auto sum  = ones_complement_sum(frame.subspan(layout.transport, size), end_);
    return folded(addresses_ + protocol_sum(size) + sum) == k_right;
}

bool Merger::begin(std::span<const std::byte> frame)
{
    open_             = false;
    end_              = 0;
    const auto layout = parse(frame, headers_);
    if (!layout || (headers_[layout->transport + k_tcp_flags] & k_psh) != std::byte{0}) {
        return false;
    }
    const bool ipv4 = layout->version == Version::ipv4;
    addresses_      = ones_complement_sum(
             std::as_bytes(std::span{headers_})
                 .subspan(ipv4 ? k_ipv4_addresses : k_ipv6_addresses, ipv4 ? 8 : 32));
    if (!is_right(frame, *layout)) {
        return false;
    }
    layout_ = *layout;
    size_   = layout->end - layout->data;
    data_   = {.at = layout->data, .size = size_};
    end_    = layout->end;
    frames_ = size_ == 0 ? 0 : 1;
    sequence_ =
        get32(headers_, layout->transport + k_tcp_sequence) + static_cast<std::uint32_t>(size_);
    full_ = false;
    open_ = true;
    return true;
}

bool Merger::is_same_connection() const
{
    const bool    ipv4   = layout_.version == Version::ipv4;
    const Mask&   mask   = k_masks[(ipv4 ? 2U : 0U) + (size_ != 0 ? 1U : 0U)];
    const auto    ours   = std::bit_cast<Mask>(headers_);
    const auto    next   = std::bit_cast<Mask>(next_headers_);
    std::uint64_t differ = 0;
    std::size_t   i      = 0;
    for (; i < layout_.data / sizeof(std::uint64_t); ++i) {
        differ |= (ours[i] ^ next[i]) & mask[i];
    }
    // Headers end in the middle of a word.
    const auto rest = 8 * (layout_.data % sizeof(std::uint64_t));
    if (rest != 0) {
        differ |= (ours[i] ^ next[i]) & mask[i] & ((std::uint64_t{1} << rest) - 1);
    }
    return differ == 0;
}

/// Whether a frame of the same connection goes on.
bool Merger::is_next(const Layout& layout) const
{
    const auto tcp  = layout.transport;
    const auto size = layout.end - layout.data;
    if (get32(next_headers_, tcp + k_tcp_sequence) != sequence_) {
        return false;
    }
    if (size_ == 0) {
        const auto more = get32(next_headers_, tcp + k_tcp_acknowledged) -
                          get32(headers_, tcp + k_tcp_acknowledged);
        return size == 0 && more != 0 && more <= 0x7fff'ffff;
    }
    if (size == 0 || size > size_ || end_ + size > k_network + k_most_packet) {
        return false;
    }
    // Who forwards the packet counts on, frame by frame; that matters where it may be cut further.
    return layout.version == Version::ipv6 ||
           (get16(headers_, k_ipv4_fragment) & k_ipv4_dont) != 0 ||
           get16(next_headers_, k_ipv4_identity) ==
               static_cast<std::uint16_t>(get16(headers_, k_ipv4_identity) + frames_);
}

bool Merger::follows(std::span<const std::byte> frame)
{
    if (!open_ || full_) {
        return false;
    }
    const auto layout = parse(frame, next_headers_);
    if (!layout || layout->version != layout_.version || layout->data != layout_.data ||
        !is_same_connection() || !is_next(*layout) || !is_right(frame, *layout)) {
        return false;
    }
    next_ = *layout;
    data_ = {.at = next_.data, .size = next_.end - next_.data};
    return true;
}

void Merger::add()
{
    const auto size = next_.end - next_.data;
    if (size == 0) {
        headers_ = next_headers_;
        return;
    }
    const auto flags = layout_.transport + k_tcp_flags;
    headers_[flags] |= next_headers_[flags];
    end_ += size;
    sequence_ += static_cast<std::uint32_t>(size);
    ++frames_;
    full_ = size < size_ || (headers_[flags] & k_psh) != std::byte{0};
}

Merger::Result Merger::finish()
{
    open_           = false;
    const auto tcp  = layout_.transport;
    const bool ipv4 = layout_.version == Version::ipv4;
    if (frames_ > 1) {
        if (ipv4) {
            const auto header = std::span{headers_}.subspan(k_network, k_ipv4);
            put16(headers_, k_ipv4_length, end_ - k_network);
            put16(header, k_ipv4_checksum, 0);
            (void)finish_checksum(header, 0, k_ipv4_checksum);
        } else {
            put16(headers_, k_ipv6_length, end_ - tcp);
        }
        const auto sum = folded(addresses_ + protocol_sum(end_ - tcp));
        std::memcpy(&headers_[tcp + k_tcp_checksum], &sum, sizeof(sum));
    }
    return {.version   = layout_.version,
            .frames    = frames_,
            .transport = static_cast<std::uint16_t>(tcp),
            .size      = static_cast<std::uint16_t>(size_)};
}

} // namespace virtio
