// SPDX-License-Identifier: BSD-2-Clause
// The control program between a guest that writes anything into its link, a serial virtualiser that
// writes anything into its rings, and a host that says anything. Nothing outside of them is
// touched.
#include "neighbours.hpp"

#include "control/bridge.hpp"
#include "vsock/relay.hpp"

#include <array>
#include <memory>
#include <string>

namespace {

using namespace control;

struct Bell final : backend::Doorbell {
    void ring() override {}
};

constexpr std::uint32_t k_cid      = 3;
constexpr std::uint32_t k_host_cid = 2;

/// A good frame of the host, with little sense.
std::string frame(fuzz::Input& input)
{
    const auto            bits = input.take(4);
    std::array<char, 300> payload{};
    const auto            kind = static_cast<LineKind>(bits & 7);
    const auto            size = kind == LineKind::open ? Target::k_size : (bits >> 8) % 300;
    Target{.cid = static_cast<std::uint32_t>(k_cid + (bits >> 20 & 1)), .port = 1}.write(
        std::as_writable_bytes(std::span{payload}).first<Target::k_size>());
    std::array<std::byte, k_most_encoded> buffer{};
    const auto                            bytes = encode({.kind = kind,
                                                          .stream = static_cast<std::uint8_t>(bits >> 3 & 7),
                                                          .session = static_cast<std::uint16_t>(1 + (bits >> 19 & 1)),
                                                          .payload = std::as_bytes(std::span{payload}).first(size)},
                                                         buffer);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A packet of the guest that is nearly good.
void packet(vsock::Link& guest, fuzz::Input& input)
{
    const auto                 bits = input.take(4);
    std::array<std::byte, 200> bytes{};
    const auto                 length = static_cast<std::uint32_t>((bits >> 24) % bytes.size());
    const virtio::Segment      segment{bytes.data(), 200};
    virtio::Reader             payload{{&segment, 1}, 200};
    if (const auto room = guest.room(length); room && *room == length) {
        guest.send({.src_cid   = k_cid,
                    .dst_cid   = k_host_cid,
                    .src_port  = 1,
                    .dst_port  = static_cast<std::uint32_t>(0x8000'0000 + (bits >> 4 & 3)),
                    .len       = length,
                    .type      = vsock::SocketType::stream,
                    .op        = static_cast<virtio::SocketOp>(bits & 7),
                    .flags     = static_cast<std::uint32_t>(bits >> 7 & 3),
                    .buf_alloc = static_cast<std::uint32_t>(bits >> 9 & 0xfff),
                    .fwd_cnt   = static_cast<std::uint32_t>(bits >> 21 & 7)},
                   payload);
        guest.publish();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::size_t k_region = sizeof(vsock::Half) + 1024;

    kit::Memory     ours{k_region};
    kit::Memory     theirs{k_region};
    kit::SerialLink in{4096};
    kit::SerialLink out{4096};
    Bell            bell;
    vsock::Line     line{.cid = k_cid};
    vsock::Link     guest;
    fuzz::require(line.link.open(ours.bytes(), theirs.bytes(), bell).has_value());
    fuzz::require(guest.open(theirs.bytes(), ours.bytes(), bell).has_value());

    fuzz::Neighbours neighbours;
    neighbours.share(theirs.bytes());
    neighbours.share(in);
    neighbours.share(out);

    vsock::Relay            relay{k_host_cid, {&line, 1}};
    static const std::array k_peers{k_cid, k_cid + 1};
    const auto              storage = std::make_unique<Bridge::Storage>();
    vsock::Endpoint         sockets{relay, *storage};
    const auto              bridge    = std::make_unique<Bridge>(sockets, k_host_cid, k_peers);
    auto                    from_host = in.consumer();
    auto                    to_host   = out.producer();
    relay.notified();
    for (fuzz::Input input{data, size}; !input.ended();) {
        const auto what = input.take(1);
        switch (what & 7) {
        case 0:
            neighbours.scribble(input);
            break;
        case 1:
            (void)in.put(std::string(what >> 3, static_cast<char>(input.take(1))));
            break;
        case 2:
        case 3:
            (void)in.put(frame(input));
            break;
        case 4:
            packet(guest, input);
            break;
        case 5:
            (void)out.take();
            guest.poll();
            while (guest.next() != nullptr) {
                guest.release();
            }
            guest.give_back();
            break;
        default:
            relay.notified();
            bridge->run(from_host, to_host);
            (void)to_host.publish();
            (void)from_host.release();
            fuzz::require(sockets.in_use() <= storage->sockets.size());
            break;
        }
    }
    return 0;
}
