// SPDX-License-Identifier: BSD-2-Clause
// Any frames, put together: cut again, a packet gives the frames that it was made of.
#include "virtio/checksum.hpp"
#include "virtio/merger.hpp"
#include "virtio/segmenter.hpp"

#include "virtio.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t k_network = 14, k_tcp = k_network + 20, k_data = k_tcp + 20;

void put16(Bytes& frame, std::size_t at, std::size_t value)
{
    frame[at]     = static_cast<std::byte>(value >> 8);
    frame[at + 1] = static_cast<std::byte>(value);
}

/// Gives IPv4 and TCP of a frame their lengths and checksums, so that more than those is tried.
void seal(Bytes& frame)
{
    put16(frame, k_network + 2, frame.size() - k_network);
    put16(frame, k_network + 10, 0);
    (void)virtio::finish_checksum(std::span{frame}.subspan(k_network, 20), 0, 10);
    Bytes pseudo(frame.begin() + k_network + 12, frame.begin() + k_network + 20);
    pseudo.resize(12);
    pseudo[9] = std::byte{6};
    put16(pseudo, 10, frame.size() - k_tcp);
    const auto sum = virtio::ones_complement_sum(pseudo);
    std::memcpy(&frame[k_tcp + 16], &sum, sizeof(sum));
    (void)virtio::finish_checksum(frame, k_tcp, 16);
}

/// The frame that would follow the one before it, changed in some bytes.
Bytes next_frame(fuzz::Input& input, const Bytes& before, std::uint32_t& sequence)
{
    const auto what = input.take(1);
    const auto size = (what & 1) != 0 ? input.take(2) % 1460 : before.size() - k_data;
    Bytes      frame(before.begin(), before.begin() + k_data);
    frame.resize(k_data + size, static_cast<std::byte>(what));
    put16(frame, k_tcp + 4, sequence >> 16);
    put16(frame, k_tcp + 6, sequence & 0xffff);
    sequence += static_cast<std::uint32_t>(size);
    for (auto changes = (what >> 1) % 4; (what & 0x80) != 0 && changes != 0; --changes) {
        frame[input.take(1) % k_data] = static_cast<std::byte>(input.take(1));
    }
    if ((what & 0x40) == 0) {
        seal(frame);
    }
    return frame;
}

struct Open {
    std::vector<Bytes> frames;
    Bytes              data;
};

void check(virtio::Merger& merger, Open& open)
{
    const auto result = merger.finish();
    fuzz::require(!merger.is_open());
    Bytes packet(merger.headers().begin(), merger.headers().end());
    packet.insert(packet.end(), open.data.begin(), open.data.end());
    fuzz::require(packet.size() <= k_network + 65'535);
    if (result.frames <= 1) {
        const auto& last = open.frames.back(); // padding is left out
        fuzz::require(packet.size() <= last.size() &&
                      std::equal(packet.begin(), packet.end(), last.begin()));
        return;
    }
    fuzz::require(result.frames == open.frames.size());
    const std::array segments{
        virtio::Segment{packet.data(), static_cast<std::uint32_t>(packet.size())}};
    const auto        version = result.version == virtio::Merger::Version::ipv4
                                    ? virtio::Segmenter::Version::ipv4
                                    : virtio::Segmenter::Version::ipv6;
    virtio::Segmenter segmenter;
    fuzz::require(
        segmenter.begin({segments, packet.size()}, {version, result.transport, result.size}, 1518));
    Bytes buffer(1518);
    for (auto& frame : open.frames) {
        fuzz::require(segmenter.is_active());
        const auto size = segmenter.next(buffer);
        fuzz::require(size <= frame.size());
        // A checksum of 0 is the same number as 0xffff.
        const auto at = result.transport + std::size_t{16};
        if ((frame[at] | frame[at + 1]) == std::byte{0}) {
            frame[at] = frame[at + 1] = std::byte{0xff};
        }
        // Its identity counts on from the first one's, whatever the others had.
        if (version == virtio::Segmenter::Version::ipv4) {
            std::copy_n(buffer.begin() + k_network + 4, 2, frame.begin() + k_network + 4);
            std::copy_n(buffer.begin() + k_network + 10, 2, frame.begin() + k_network + 10);
        }
        fuzz::require(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size),
                                 frame.begin()));
    }
    fuzz::require(!segmenter.is_active());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::array<std::uint8_t, k_data> k_first{
        2, 0, 0, 0,  0, 1, 2, 0, 0, 0, 0, 9, 8, 0, 0x45, 0, 0, 0, 0, 1,    0x40, 0, 64, 6, 0, 0, 10,
        0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 0, 0, 0, 0,    0, 0, 0, 1, 0x50, 0x10, 1, 0,  0, 0, 0, 0};
    fuzz::Input    input{data, size};
    virtio::Merger merger;
    const auto     versions = input.take(1);
    merger.enable((versions & 1) == 0, (versions & 2) == 0);
    Bytes         frame(k_data + input.take(2) % 1460);
    std::uint32_t sequence = 0xffff'0000;
    std::transform(k_first.begin(), k_first.end(), frame.begin(),
                   [](std::uint8_t byte) { return std::byte{byte}; });
    Open open;
    while (!input.ended()) {
        frame              = next_frame(input, frame, sequence);
        const bool follows = merger.is_open() && merger.follows(frame);
        if (!follows) {
            if (merger.is_open()) {
                check(merger, open);
            }
            open = {};
            if (!merger.begin(frame)) {
                continue;
            }
        }
        const auto [at, bytes] = merger.data();
        fuzz::require(at + bytes <= frame.size());
        const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(at);
        open.data.insert(open.data.end(), begin, begin + static_cast<std::ptrdiff_t>(bytes));
        open.frames.push_back(frame);
        if (follows) {
            merger.add();
        }
    }
    if (merger.is_open()) {
        check(merger, open);
    }
    return 0;
}
