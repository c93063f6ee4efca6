// SPDX-License-Identifier: BSD-2-Clause
// IPv4: RFC 791. IPv6: RFC 8200. TCP: RFC 9293; its congestion flags: RFC 3168.
#include "virtio/segmenter.hpp"

#include "arch/bulk.hpp"
#include "virtio/checksum.hpp"

#include <algorithm>
#include <cstring>

namespace virtio {
namespace {

constexpr std::size_t   k_ethernet = 14, k_type = 12, k_tag = 4;
constexpr std::uint16_t k_tagged = 0x8100, k_type_ipv4 = 0x0800, k_type_ipv6 = 0x86dd;

constexpr std::size_t k_ipv4_length = 2, k_ipv4_identity = 4, k_ipv4_fragment = 6,
                      k_ipv4_protocol = 9;
constexpr std::size_t k_ipv4_checksum = 10, k_ipv4_addresses = 12, k_ipv4_least = 20;
/// More fragments, or an offset: a part of a packet, of which TCP's checksum cannot be known.
constexpr unsigned    k_ipv4_is_fragment = 0x3fff;
constexpr std::size_t k_ipv6_length = 4, k_ipv6_addresses = 8, k_ipv6 = 40;
constexpr std::size_t k_most_packet = 65'535;

constexpr std::size_t   k_tcp_sequence = 4, k_tcp_words = 12, k_tcp_flags = 13;
constexpr std::uint16_t k_tcp_checksum = 16;
constexpr std::size_t   k_tcp_least    = 20;
constexpr std::byte     k_tcp{6};
constexpr std::uint32_t k_tcp_word = 0x0600; ///< a zero and the protocol, in the order of memory
/// FIN and PSH belong to the last frame alone, CWR to the first.
constexpr std::byte k_fin_psh{0x09}, k_cwr{0x80};

void put16(std::span<std::byte> bytes, std::size_t at, std::size_t value)
{
    bytes[at]     = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}

} // namespace

std::uint16_t Segmenter::get16(std::size_t at) const
{
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(headers_[at]) << 8 |
                                      std::to_integer<unsigned>(headers_[at + 1]));
}

/// Whether there is the right one before TCP's header.
bool Segmenter::find_network_header(const Wish& wish)
{
    const bool is_tagged = get16(k_type) == k_tagged;
    network_             = k_ethernet + (is_tagged ? k_tag : 0);
    const auto type      = get16(network_ - 2);
    const auto version   = std::to_integer<unsigned>(headers_[network_] >> 4);
    if (wish.version == Version::ipv4) {
        const auto size = 4 * std::to_integer<std::size_t>(headers_[network_] & std::byte{0xf});
        return type == k_type_ipv4 && version == 4 && size >= k_ipv4_least &&
               network_ + size == transport_ && headers_[network_ + k_ipv4_protocol] == k_tcp &&
               (get16(network_ + k_ipv4_fragment) & k_ipv4_is_fragment) == 0;
    }
    // What comes between the two are extensions, which each frame gets as they are.
    return type == k_type_ipv6 && version == 6 && network_ + k_ipv6 <= transport_;
}

bool Segmenter::begin(const Reader& packet, const Wish& wish, std::size_t most)
{
    active_    = false;
    data_      = packet;
    version_   = wish.version;
    transport_ = wish.transport;
    size_      = wish.size;
    const std::span headers{headers_};
    if (size_ == 0 || transport_ < k_ethernet + k_ipv4_least ||
        transport_ + k_tcp_least > headers.size() || packet.left() > k_most_packet + k_ethernet ||
        !data_.read(headers.first(transport_ + k_tcp_least)) || !find_network_header(wish)) {
        return false;
    }
    const auto tcp = 4 * std::to_integer<std::size_t>(headers_[transport_ + k_tcp_words] >> 4);
    header_size_   = transport_ + tcp;
    if (tcp < k_tcp_least || header_size_ > headers.size() || header_size_ + size_ > most ||
        !data_.read(headers.subspan(transport_ + k_tcp_least, tcp - k_tcp_least)) ||
        data_.left() == 0) {
        return false;
    }
    const bool ipv4 = version_ == Version::ipv4;
    addresses_      = ones_complement_sum(
             headers.subspan(network_ + (ipv4 ? k_ipv4_addresses : k_ipv6_addresses), ipv4 ? 8 : 32));
    identity_ = ipv4 ? get16(network_ + k_ipv4_identity) : std::uint16_t{0};
    sequence_ = std::uint32_t{get16(transport_ + k_tcp_sequence)} << 16 |
                get16(transport_ + k_tcp_sequence + 2);
    whole_    = data_.left();
    is_first_ = true;
    active_   = true;
    return true;
}

/// Addresses, protocol and length, which belong to TCP's checksum; in the order of memory.
std::uint16_t Segmenter::pseudo_sum(std::size_t tcp_bytes) const
{
    const auto size = static_cast<std::uint16_t>(tcp_bytes << 8 | tcp_bytes >> 8); // in its order
    auto       sum  = std::uint32_t{addresses_} + k_tcp_word + size;
    sum             = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

std::size_t Segmenter::next(std::span<std::byte> buffer)
{
    const auto size    = static_cast<std::size_t>(std::min<std::uint64_t>(size_, data_.left()));
    const auto frame   = buffer.first(header_size_ + size);
    const bool is_last = size == data_.left();
    arch::copy(frame.data(), headers_.data(), header_size_);
    (void)data_.read(frame.subspan(header_size_), whole_);

    if (version_ == Version::ipv4) {
        const auto header = frame.subspan(network_, transport_ - network_);
        put16(header, k_ipv4_length, frame.size() - network_);
        put16(header, k_ipv4_identity, identity_++);
        put16(header, k_ipv4_checksum, 0);
        (void)finish_checksum(header, 0, k_ipv4_checksum);
    } else {
        put16(frame, network_ + k_ipv6_length, frame.size() - network_ - k_ipv6);
    }
    const auto tcp = frame.subspan(transport_);
    put16(tcp, k_tcp_sequence, sequence_ >> 16);
    put16(tcp, k_tcp_sequence + 2, sequence_ & 0xffff);
    tcp[k_tcp_flags] &= is_last ? std::byte{0xff} : ~k_fin_psh;
    tcp[k_tcp_flags] &= is_first_ ? std::byte{0xff} : ~k_cwr;
    const auto pseudo = pseudo_sum(tcp.size());
    std::memcpy(&tcp[k_tcp_checksum], &pseudo, sizeof(pseudo));
    (void)finish_checksum(frame, transport_, k_tcp_checksum, whole_);

    sequence_ += static_cast<std::uint32_t>(size);
    is_first_ = false;
    active_   = !is_last;
    return frame.size();
}

} // namespace virtio
