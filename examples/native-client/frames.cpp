// SPDX-License-Identifier: BSD-2-Clause
#include "frames.hpp"

#include "base/endian.hpp"

#include <algorithm>

namespace native {

namespace {

using Bytes      = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

// Offsets of fields in a frame.
constexpr std::size_t k_destination = 0;
constexpr std::size_t k_source      = 6;
constexpr std::size_t k_type        = 12;
constexpr std::size_t k_payload     = 14;
constexpr std::size_t k_ip_source   = k_payload + 12;
constexpr std::size_t k_ip_target   = k_payload + 16;
constexpr std::size_t k_ip_header   = 20; ///< without options, which nobody sends
constexpr std::size_t k_ip_end      = k_payload + k_ip_header;
constexpr std::size_t k_udp_header  = 8;
constexpr std::size_t k_arp_end     = k_payload + 28;

constexpr std::uint16_t k_type_ip   = 0x0800;
constexpr std::uint16_t k_type_arp  = 0x0806;
constexpr std::uint8_t  k_icmp      = 1;
constexpr std::uint8_t  k_udp       = 17;
constexpr std::uint8_t  k_echo      = 8;
constexpr std::uint8_t  k_echo_back = 0;

std::uint16_t u16(ConstBytes bytes, std::size_t at)
{
    return base::load_big<std::uint16_t>(bytes, at).value_or(0);
}
std::uint32_t u32(ConstBytes bytes, std::size_t at)
{
    return base::load_big<std::uint32_t>(bytes, at).value_or(0);
}
std::uint8_t u8(ConstBytes bytes, std::size_t at)
{
    return std::to_integer<std::uint8_t>(bytes[at]);
}

template <class T>
void put(Bytes bytes, std::size_t at, T value)
{
    (void)base::store_big<T>(bytes, at, value);
}
void put_mac(Bytes bytes, std::size_t at, const Mac& mac)
{
    std::ranges::copy(std::as_bytes(std::span{mac}), bytes.subspan(at).begin());
}
Mac mac_at(ConstBytes bytes, std::size_t at)
{
    Mac mac{};
    std::ranges::copy(bytes.subspan(at, mac.size()),
                      std::as_writable_bytes(std::span{mac}).begin());
    return mac;
}

/// The Internet checksum (RFC 1071) of `bytes`, going on from `sum`. Of bytes that hold their own
/// checksum it is 0.
std::uint16_t checksum(ConstBytes bytes, std::uint32_t sum = 0)
{
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        sum += u16(bytes, i);
    }
    if (bytes.size() % 2 != 0) {
        sum += std::uint32_t{u8(bytes, bytes.size() - 1)} << 8;
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

/// What of the IP header goes into UDP's checksum.
std::uint32_t pseudo_header(ConstBytes frame, std::size_t length)
{
    std::uint32_t sum = k_udp + static_cast<std::uint32_t>(length);
    for (std::size_t at = k_ip_source; at < k_ip_end; at += 2) {
        sum += u16(frame, at);
    }
    return sum;
}

/// A whole IPv4 packet for us, or nothing.
template <class Frame>
std::optional<Frame> ip_packet(const Station& station, Frame frame, std::uint8_t protocol)
{
    constexpr std::uint8_t  k_version_and_length = 0x45;
    constexpr std::uint16_t k_fragment           = 0x3fff; // more fragments, or not the first
    if (frame.size() < k_ip_end || u16(frame, k_type) != k_type_ip ||
        u8(frame, k_payload) != k_version_and_length || u8(frame, k_payload + 9) != protocol ||
        u32(frame, k_ip_target) != station.ip || (u16(frame, k_payload + 6) & k_fragment) != 0 ||
        checksum(frame.subspan(k_payload, k_ip_header)) != 0) {
        return std::nullopt;
    }
    const std::size_t length = u16(frame, k_payload + 2);
    if (length < k_ip_header || length > frame.size() - k_payload) {
        return std::nullopt;
    }
    return frame.first(k_payload + length); // short frames are padded
}

void send_back(const Station& station, Bytes frame)
{
    put_mac(frame, k_destination, mac_at(frame, k_source));
    put_mac(frame, k_source, station.mac);
}

std::optional<std::size_t> answer_arp(const Station& station, Bytes frame)
{
    // Ethernet, IPv4, address lengths 6 and 4, request.
    constexpr std::uint64_t k_request = 0x0001'0800'0604'0001;
    constexpr std::uint16_t k_reply   = 2;
    constexpr std::size_t   k_sender  = k_payload + 8;
    constexpr std::size_t   k_target  = k_payload + 18;
    if (frame.size() < k_arp_end || u16(frame, k_type) != k_type_arp ||
        base::load_big<std::uint64_t>(frame, k_payload) != k_request ||
        u32(frame, k_target + 6) != station.ip) {
        return std::nullopt;
    }
    put(frame, k_payload + 6, k_reply);
    put_mac(frame, k_target, mac_at(frame, k_sender));
    put(frame, k_target + 6, u32(frame, k_sender + 6));
    put_mac(frame, k_sender, station.mac);
    put(frame, k_sender + 6, station.ip);
    send_back(station, frame);
    return k_arp_end;
}

std::optional<std::size_t> answer_echo(const Station& station, Bytes frame)
{
    const auto packet = ip_packet(station, frame, k_icmp);
    if (!packet || packet->size() < k_ip_end + 8 || u8(*packet, k_ip_end) != k_echo ||
        checksum(packet->subspan(k_ip_end)) != 0) {
        return std::nullopt;
    }
    put(*packet, k_ip_target, u32(*packet, k_ip_source));
    put(*packet, k_ip_source, station.ip);
    put(*packet, k_ip_end, k_echo_back);
    put<std::uint16_t>(*packet, k_ip_end + 2, 0);
    put(*packet, k_ip_end + 2, checksum(packet->subspan(k_ip_end)));
    send_back(station, *packet);
    return packet->size();
}

} // namespace

std::optional<std::size_t> answer(const Station& station, std::span<std::byte> frame)
{
    if (const auto length = answer_arp(station, frame)) {
        return length;
    }
    return answer_echo(station, frame);
}

std::optional<Datagram> udp_in(const Station& station, std::uint16_t port,
                               std::span<const std::byte> frame)
{
    const auto packet = ip_packet(station, frame, k_udp);
    if (!packet || packet->size() < k_udp_headers || u16(*packet, k_ip_end + 2) != port) {
        return std::nullopt;
    }
    const std::size_t length = u16(*packet, k_ip_end + 4);
    if (length < k_udp_header || length > packet->size() - k_ip_end) {
        return std::nullopt;
    }
    const auto datagram = packet->subspan(k_ip_end, length);
    // 0 says that there is no checksum.
    if (u16(datagram, 6) != 0 && checksum(datagram, pseudo_header(*packet, length)) != 0) {
        return std::nullopt;
    }
    return Datagram{.peer    = {.mac  = mac_at(frame, k_source),
                                .ip   = u32(frame, k_ip_source),
                                .port = u16(datagram, 0)},
                    .payload = datagram.subspan(k_udp_header)};
}

std::size_t udp_out(const Station& station, std::uint16_t port, const Peer& peer,
                    std::span<const std::byte> payload, std::span<std::byte> frame)
{
    constexpr std::size_t k_most = 1472; // what an Ethernet frame has room for
    if (payload.size() > k_most || frame.size() < k_udp_headers + payload.size()) {
        return 0;
    }
    const auto length = static_cast<std::uint16_t>(k_udp_header + payload.size());
    const auto header = frame.first(k_udp_headers);
    std::ranges::fill(header, std::byte{0});
    put_mac(frame, k_destination, peer.mac);
    put_mac(frame, k_source, station.mac);
    put(frame, k_type, k_type_ip);
    put<std::uint16_t>(frame, k_payload, 0x4500);
    put(frame, k_payload + 2, static_cast<std::uint16_t>(k_ip_header + length));
    put<std::uint16_t>(frame, k_payload + 6, 0x4000); // not to be fragmented
    put<std::uint8_t>(frame, k_payload + 8, 64);      // time to live
    put(frame, k_payload + 9, k_udp);
    put(frame, k_ip_source, station.ip);
    put(frame, k_ip_target, peer.ip);
    put(frame, k_payload + 10, checksum(frame.subspan(k_payload, k_ip_header)));

    put(frame, k_ip_end, port);
    put(frame, k_ip_end + 2, peer.port);
    put(frame, k_ip_end + 4, length);
    std::ranges::copy(payload, frame.subspan(k_udp_headers).begin());
    const auto sum = checksum(frame.subspan(k_ip_end, length), pseudo_header(frame, length));
    put<std::uint16_t>(frame, k_ip_end + 6, sum == 0 ? 0xffff : sum);
    return k_udp_headers + payload.size();
}

} // namespace native
