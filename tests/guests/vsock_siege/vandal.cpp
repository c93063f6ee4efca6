// SPDX-License-Identifier: BSD-2-Clause
// Writes into all that it may write of its links, for ever: sessions that look alive, counters,
// packets in the names of others, noise; and rings.
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "virtio/socket_packet.hpp"
#include "vsock/config.hpp"
#include "vsock/layout.hpp"
#include "vsock/shared.hpp"

#include <cstddef>
#include <cstdint>

SDDF_CONFIG(".vsock_config") vsock::Config vsock_config;

namespace {

constinit std::uint64_t state = 2026;

/// Numbers that look random.
std::uint64_t dice()
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}
std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(dice() >> 32) % end; }

vsock::Half& half(const sddf::Region& region)
{
    return *reinterpret_cast<vsock::Half*>(region.vaddr);
}

/// A packet that is good in most respects, at the ring's beginning.
void put_packet(const vsock::Config::Link& link)
{
    constexpr std::uint32_t k_port  = 1000; // nobody listens here: connections are not its trade
    constexpr std::uint32_t k_ports = 128;
    const std::uint32_t     cids[]  = {vsock_config.cid, link.cid, below(16),
                                       static_cast<std::uint32_t>(dice())};
    auto& header = *reinterpret_cast<virtio::SocketHeader*>(link.own.vaddr + sizeof(vsock::Half));
    header       = {.src_cid   = cids[below(8) == 0 ? below(4) : 0],
                    .dst_cid   = cids[below(8) == 0 ? below(4) : 1],
                    .src_port  = k_port + below(k_ports),
                    .dst_port  = k_port + below(k_ports),
                    .len       = below(4) == 0 ? static_cast<std::uint32_t>(dice()) : below(256),
                    .type      = static_cast<virtio::SocketType>(below(4)),
                    .op        = static_cast<virtio::SocketOp>(below(10)),
                    .flags     = below(8),
                    .buf_alloc = static_cast<std::uint32_t>(dice()),
                    .fwd_cnt   = below(2) == 0 ? 0 : static_cast<std::uint32_t>(dice())};
}

void trouble(const vsock::Config::Link& link)
{
    using vsock::store_relaxed;
    auto&       own  = half(link.own);
    const auto& peer = half(link.peer);
    switch (below(8)) {
    case 0: // noise
        for (unsigned i = 0; i < 64; ++i) {
            const auto at = below(static_cast<std::uint32_t>(link.own.size / 8)) * std::uint64_t{8};
            store_relaxed(*reinterpret_cast<std::uint64_t*>(link.own.vaddr + at), dice());
        }
        break;
    case 1:
        store_relaxed(own.session, static_cast<std::uint32_t>(dice()));
        break;
    case 2:
        store_relaxed(own.head, dice() >> below(64));
        break;
    case 3:
        store_relaxed(own.tail, dice() >> below(64));
        break;
    default: // a link that is up, with a packet in it
        store_relaxed(own.magic, vsock::k_magic);
        store_relaxed(own.head, std::uint64_t{0});
        store_relaxed(own.data_event, dice() >> below(64));
        store_relaxed(own.session, own.session == 0 ? 1U : own.session);
        store_relaxed(own.seen, vsock::load_acquire(peer.session));
        put_packet(link);
        vsock::store_release(own.tail, std::uint64_t{48} + (below(256) & ~7U));
        break;
    }
}

} // namespace

void init()
{
    for (std::uint64_t round = 0;; ++round) {
        for (unsigned i = 0; i < vsock_config.num_links; ++i) {
            trouble(vsock_config.links[i]);
            microkit::Channel{vsock_config.links[i].channel}.notify();
        }
    }
}

void notified(microkit::Channel) {}
