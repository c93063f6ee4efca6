// SPDX-License-Identifier: BSD-2-Clause
// Frames of a TCP connection, as a peer sends them.
#pragma once

#include "virtio/segmenter.hpp"

#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace tcp_frames {

using Version = virtio::Segmenter::Version;

constexpr std::size_t k_ethernet = 14;

inline std::size_t network_size(Version version) { return version == Version::ipv4 ? 20 : 40; }
inline std::size_t tcp_at(Version version) { return k_ethernet + network_size(version); }

inline void put16(std::string& text, std::size_t at, std::size_t value)
{
    text[at]     = static_cast<char>(value >> 8);
    text[at + 1] = static_cast<char>(value);
}
inline void put32(std::string& text, std::size_t at, std::size_t value)
{
    put16(text, at, value >> 16 & 0xffff);
    put16(text, at + 2, value & 0xffff);
}
inline std::size_t get16(const std::string& text, std::size_t at)
{
    return static_cast<std::size_t>(static_cast<unsigned char>(text[at])) << 8 |
           static_cast<unsigned char>(text[at + 1]);
}
inline std::size_t get32(const std::string& text, std::size_t at)
{
    return get16(text, at) << 16 | get16(text, at + 2);
}

/// The Internet's sum of big-endian words, folded.
inline std::size_t sum_of(const std::string& text, std::size_t sum = 0)
{
    for (std::size_t i = 0; i < text.size(); i += 2) {
        sum += static_cast<std::size_t>(static_cast<unsigned char>(text[i])) << 8;
        sum += i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

/// What TCP's checksum has besides TCP's bytes; folded.
inline std::size_t pseudo_sum(const std::string& frame, Version version, std::size_t tcp_bytes)
{
    const auto addresses = version == Version::ipv4 ? frame.substr(k_ethernet + 12, 8)
                                                    : frame.substr(k_ethernet + 8, 32);
    return sum_of(addresses, 6 + tcp_bytes);
}

/// Sets the checksums of a frame without padding.
inline std::string sealed(std::string frame, Version version)
{
    const auto tcp = tcp_at(version);
    if (version == Version::ipv4) {
        put16(frame, k_ethernet + 10, 0);
        put16(frame, k_ethernet + 10, ~sum_of(frame.substr(k_ethernet, 20)) & 0xffff);
    }
    put16(frame, tcp + 16, 0);
    const auto bytes = frame.substr(tcp);
    put16(frame, tcp + 16, ~sum_of(bytes, pseudo_sum(frame, version, bytes.size())) & 0xffff);
    return frame;
}

/// Numbers of a frame.
struct Place {
    std::uint32_t sequence     = 0xffff'ff00;
    std::uint32_t acknowledged = 0x7fff'fff0;
    std::size_t   options      = 0;
    char          flags        = 0x10;
};

/// A frame, or a packet that is too large for one.
inline std::string frame_of(Version version, const std::string& data, const Place& place = {})
{
    std::string frame("\x02\0\0\0\0\x01\x02\0\0\0\0\x09", 12);
    if (version == Version::ipv4) {
        frame +=
            std::string("\x08\0\x45\x04\0\0\xff\xfe\x40\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2", 22);
        put16(frame, k_ethernet + 2, 40 + place.options + data.size());
    } else {
        frame += std::string("\x86\xdd\x60\0\0\x07\0\0\x06\x40", 10);
        for (int i = 0; i < 32; ++i) {
            frame += static_cast<char>(i * 7 + 1);
        }
        put16(frame, k_ethernet + 4, 20 + place.options + data.size());
    }
    std::string tcp("\x10\0\x20\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0", 20);
    put32(tcp, 4, place.sequence);
    put32(tcp, 8, place.acknowledged);
    tcp[12] = static_cast<char>((5 + place.options / 4) << 4);
    tcp[13] = place.flags;
    frame += tcp + std::string(place.options, '\1') + data;
    return sealed(std::move(frame), version);
}

inline std::string data_of(std::size_t size)
{
    std::string data(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        data[i] = static_cast<char>(i * 31 + i / 256);
    }
    return data;
}

/// A packet in the frames that Segmenter makes of it.
inline std::vector<std::string> cut(std::string packet, Version version, std::size_t size)
{
    const std::array         segments{virtio::Segment{reinterpret_cast<std::byte*>(packet.data()),
                                              static_cast<std::uint32_t>(packet.size())}};
    virtio::Segmenter        segmenter;
    std::vector<std::string> frames;
    std::array<std::byte, 9'000> buffer{};
    if (segmenter.begin({segments, packet.size()},
                        {version, static_cast<std::uint16_t>(tcp_at(version)),
                         static_cast<std::uint16_t>(size)},
                        buffer.size())) {
        while (segmenter.is_active()) {
            const auto bytes = segmenter.next(buffer);
            frames.emplace_back(reinterpret_cast<const char*>(buffer.data()), bytes);
        }
    }
    return frames;
}

} // namespace tcp_frames
