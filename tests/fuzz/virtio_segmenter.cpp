// SPDX-License-Identifier: BSD-2-Clause
// Any packet, cut into frames: each fits, none is a fragment, and together they are the packet.
#include "virtio/checksum.hpp"
#include "virtio/segmenter.hpp"

#include "virtio.hpp"

#include <algorithm>
#include <array>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using virtio::Segmenter;
    constexpr std::size_t k_most = 1518;
    fuzz::Input           input{data, size};
    const auto            flags = input.take(1);
    const Segmenter::Wish wish{
        (flags & 1) != 0 ? Segmenter::Version::ipv6 : Segmenter::Version::ipv4,
        static_cast<std::uint16_t>(input.take(2)), static_cast<std::uint16_t>(input.take(2))};
    const std::size_t      begin = std::min<std::size_t>(5, size);
    std::vector<std::byte> packet(size - begin);
    std::transform(data + begin, data + size, packet.begin(),
                   [](std::uint8_t byte) { return std::byte{byte}; });
    // With a good beginning, so that more than the checks is tried.
    if ((flags & 2) != 0 && packet.size() > 60) {
        packet[12] = std::byte{0x08};
        packet[13] = std::byte{0};
        packet[14] = std::byte{0x45};
        packet[23] = std::byte{6};
    }
    const std::array segments{
        virtio::Segment{packet.data(), static_cast<std::uint32_t>(packet.size())}};
    Segmenter segmenter;
    if (packet.empty() || !segmenter.begin(virtio::Reader{segments, packet.size()}, wish, k_most)) {
        fuzz::require(!segmenter.is_active());
        return 0;
    }
    std::array<std::byte, k_most> buffer{};
    std::size_t                   together = 0;
    std::size_t                   headers  = 0;
    while (segmenter.is_active()) {
        const auto frame = segmenter.next(buffer);
        const auto tcp   = std::size_t{wish.transport} +
                         4 * std::to_integer<std::size_t>(buffer[wish.transport + 12U] >> 4);
        fuzz::require(frame <= k_most && frame > tcp && frame - tcp <= wish.size);
        fuzz::require(std::equal(buffer.begin() + static_cast<std::ptrdiff_t>(tcp),
                                 buffer.begin() + static_cast<std::ptrdiff_t>(frame),
                                 packet.begin() + static_cast<std::ptrdiff_t>(tcp + together)));
        const auto ip = std::size_t{buffer[12] == std::byte{0x81} ? 18U : 14U};
        fuzz::require(wish.version == Segmenter::Version::ipv6 ||
                      ((buffer[ip + 6] & std::byte{0x3f}) | buffer[ip + 7]) == std::byte{0});
        headers = tcp;
        together += frame - tcp;
    }
    fuzz::require(together == packet.size() - headers);
    return 0;
}
