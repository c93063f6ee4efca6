// SPDX-License-Identifier: BSD-2-Clause
// Frames to nobody, and echo requests (RFC 792) to QEMU's user network, which answers them itself
// and at once. It learns who we are from an ARP request (RFC 826).
#include "measures.hpp"

#include "guest/console.hpp"

#include "base/endian.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace bench {
namespace {

constexpr unsigned    k_receive = 0, k_transmit = 1;
constexpr std::size_t k_header  = 12; // virtio_net_hdr
constexpr std::size_t k_buffers = 16;
constexpr std::size_t k_small = 64, k_large = 1514;

using Bytes = std::array<std::uint8_t, 2048>;
using Mac   = std::array<std::uint8_t, 6>;
using Ip    = std::array<std::uint8_t, 4>;

constexpr Ip k_own_ip{10, 0, 2, 15}, k_gateway{10, 0, 2, 2};

alignas(64) constinit std::array<Bytes, k_buffers> incoming{};
alignas(64) constinit Bytes outgoing{}; // header, frame
alignas(64) constinit Mac own_mac{};

/// Writes a frame field by field.
class Writer {
public:
    explicit Writer(Bytes& bytes)
        : bytes_{bytes}
    {
        bytes_.fill(0);
    }
    template <std::size_t N>
    Writer& put(const std::array<std::uint8_t, N>& value)
    {
        std::ranges::copy(value, bytes_.begin() + at_);
        at_ += N;
        return *this;
    }
    Writer& put8(std::uint8_t value) { return put(std::array{value}); }
    Writer& put16(std::uint16_t value)
    {
        return put8(static_cast<std::uint8_t>(value >> 8)).put8(static_cast<std::uint8_t>(value));
    }

private:
    Bytes&      bytes_;
    std::size_t at_ = k_header;
};

/// RFC 1071, of [from, to) of the frame, which has an even size.
std::uint16_t checksum(std::size_t from, std::size_t to)
{
    std::uint32_t sum = 0;
    for (auto i = k_header + from; i < k_header + to; i += 2) {
        sum += static_cast<std::uint32_t>(outgoing[i] << 8 | outgoing[i + 1]);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~(sum + (sum >> 16)));
}

void put16_at(std::size_t at, std::uint16_t value)
{
    outgoing[k_header + at]     = static_cast<std::uint8_t>(value >> 8);
    outgoing[k_header + at + 1] = static_cast<std::uint8_t>(value);
}

constexpr Mac k_everybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void make_arp_request()
{
    Writer{outgoing}
        .put(k_everybody)
        .put(own_mac)
        .put16(0x0806)
        .put16(1)
        .put16(0x0800)
        .put8(6)
        .put8(4)
        .put16(1)
        .put(own_mac)
        .put(k_own_ip)
        .put(Mac{})
        .put(k_gateway);
}

/// A frame of `size` bytes.
void make_echo_request(const Mac& to, std::size_t size)
{
    constexpr std::size_t k_ethernet = 14, k_ip = 20;
    Writer{outgoing}
        .put(to)
        .put(own_mac)
        .put16(0x0800)
        .put16(0x4500)
        .put16(static_cast<std::uint16_t>(size - k_ethernet))
        .put16(0)
        .put16(0)
        .put8(64)
        .put8(1)
        .put16(0)
        .put(k_own_ip)
        .put(k_gateway)
        .put16(0x0800)
        .put16(0)
        .put16(1)
        .put16(1);
    put16_at(k_ethernet + 10, checksum(k_ethernet, k_ethernet + k_ip));
    put16_at(k_ethernet + k_ip + 2, checksum(k_ethernet + k_ip, size));
}

/// Of a protocol that nobody knows.
void make_frame_for_nobody() { Writer{outgoing}.put(k_everybody).put(own_mac).put16(0x88b5); }

void offer(Device& network, std::size_t index)
{
    network.add(k_receive, {{address_of(&incoming[index]), sizeof(Bytes), true}});
    network.notify(k_receive);
}

/// The frame in `outgoing`, until its memory is free again.
void send(Device& network, std::size_t size)
{
    network.add(k_transmit, {{address_of(outgoing.data()),
                              static_cast<std::uint32_t>(k_header + size), false}});
    network.notify(k_transmit);
    (void)network.wait(k_transmit);
}

/// Takes one frame; its buffer goes back.
Bytes& receive(Device& network)
{
    // One buffer a chain, offered in order: its token is its number.
    const auto index = network.wait(k_receive).token % k_buffers;
    offer(network, index);
    return incoming[index];
}

void measure_size(Device& network, const Mac& gateway, std::string_view out,
                  std::string_view there_and_back, std::size_t size)
{
    make_frame_for_nobody();
    measure(out, [&] { return count([&] { send(network, size); }); });
    make_echo_request(gateway, size);
    measure(there_and_back, [&] {
        return count([&] {
            send(network, size);
            (void)receive(network);
        });
    });
}

} // namespace

void measure_network(Device& network)
{
    for (unsigned i = 0; i < own_mac.size(); ++i) {
        own_mac[i] = network.transport().config8(i);
    }
    for (std::size_t i = 0; i < k_buffers; ++i) {
        network.add(k_receive, {{address_of(&incoming[i]), sizeof(Bytes), true}});
    }
    network.notify(k_receive);
    make_arp_request();
    send(network, k_small);
    const auto& answer = receive(network);
    Mac         gateway{};
    std::copy_n(answer.begin() + k_header + 6, gateway.size(), gateway.begin());
    measure_size(network, gateway, "net_send_64", "net_echo_64", k_small);
    measure_size(network, gateway, "net_send_1514", "net_echo_1514", k_large);
}

} // namespace bench
