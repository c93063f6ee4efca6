// SPDX-License-Identifier: BSD-2-Clause
// Any driver at a socket device, with peers that send anything, take nothing, and go away.
#include "virtio.hpp"

#include "kit/fake_switch.hpp"
#include "virtio/socket.hpp"

#include <cstring>
#include <string>

namespace {

/// A header that is nearly good: small numbers where small numbers make sense.
virtio::SocketHeader header(fuzz::Input& input)
{
    const auto bits = input.take(4);
    return {.src_cid   = static_cast<std::uint32_t>((bits & 8) != 0 ? 4 : 2),
            .src_port  = static_cast<std::uint32_t>(bits >> 4 & 3),
            .dst_port  = static_cast<std::uint32_t>(bits >> 6 & 3),
            .type      = static_cast<virtio::SocketType>(1 + (bits >> 8 & 1)),
            .op        = static_cast<virtio::SocketOp>(bits & 7),
            .flags     = static_cast<std::uint32_t>(bits >> 9 & 3),
            .buf_alloc = static_cast<std::uint32_t>((bits >> 11 & 7) << 7),
            .fwd_cnt   = static_cast<std::uint32_t>((bits >> 14 & 7) << 4)};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::FakeSwitch               peers;
    virtio::Socket::Storage<6, 3> storage;
    virtio::Socket                device{peers, storage};
    fuzz::HostileDriver           hostile{device, 3};
    kit::GuestRam&                ram = hostile.ram();
    const auto                    out = ram.allocate(1024);
    hostile.begin(~std::uint64_t{0});
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        auto&      peer = peers.peers[(what & 0x80) != 0 ? 4 : 2];
        peer.got.clear();
        switch (what & 7) {
        case 0:
        case 1:
            peers.arrive(header(input), std::string(input.take(1), 'p'));
            break;
        case 2:
            peer.packets = static_cast<std::uint32_t>(what >> 3 & 0xf);
            peer.largest = 1 + static_cast<std::uint32_t>(input.take(1));
            device.notify(1);
            peers.device->ready();
            break;
        case 3:
            peer.on_line = (what & 8) != 0;
            if (!peer.on_line) {
                peers.lose((what & 0x80) != 0 ? 4 : 2);
                peers.device->ready();
            }
            break;
        case 4:
        case 5: { // a packet of the guest
            auto packet    = header(input);
            packet.dst_cid = packet.src_cid;
            packet.src_cid = 3;
            packet.len     = static_cast<std::uint32_t>(input.take(1));
            ram.store(out, packet);
            hostile.buffer(1, out, sizeof(packet) + packet.len, false);
            break;
        }
        case 6: // a buffer of the guest
            hostile.buffer(0, out + 512, 45 + static_cast<std::uint32_t>(what >> 3), true);
            break;
        default:
            if (what >> 3 == 0) {
                device.transport_reset();
            }
            hostile.act(input);
            break;
        }
        fuzz::require(device.connections() <= 6 && device.queue(1)->in_flight() <= 3);
    }
    hostile.begin(~std::uint64_t{0});
    fuzz::require(hostile.driver().status() == 15);
    fuzz::require(device.connections() == 0);
    return 0;
}
