// SPDX-License-Identifier: BSD-2-Clause
// The table of connections of a socket device.
#include "virtio/socket_flows.hpp"

#include <algorithm>

namespace virtio {

SocketFlows::SocketFlows(std::span<SocketFlow> flows, std::span<std::uint16_t> buckets)
    : flows_{flows}
    , buckets_{buckets}
    , count_free_{flows.size()}
{
    std::ranges::fill(buckets_, k_none);
    for (std::size_t i = flows_.size(); i-- > 0;) {
        flows_[i].next = free_;
        free_          = static_cast<std::uint16_t>(i);
    }
}

std::uint16_t& SocketFlows::bucket_of(std::uint32_t cid, std::uint32_t peer_port,
                                      std::uint32_t guest_port)
{
    // Ports that count up go to different buckets, and so do pairs that are each other's mirror.
    const std::uint64_t mixed = (std::uint64_t{peer_port} << 32 | guest_port) +
                                std::uint64_t{cid} * 0x9e37'79b9'7f4a'7c15ULL;
    const std::uint64_t spread = (mixed ^ mixed >> 29) * 0xbf58'476d'1ce4'e5b9ULL;
    return buckets_[(spread >> 32) % buckets_.size()];
}

SocketFlow* SocketFlows::find(std::uint32_t cid, std::uint32_t peer_port, std::uint32_t guest_port)
{
    for (std::uint16_t i = bucket_of(cid, peer_port, guest_port); i != k_none; i = flows_[i].next) {
        SocketFlow& flow = flows_[i];
        if (flow.cid == cid && flow.peer_port == peer_port && flow.guest_port == guest_port) {
            return &flow;
        }
    }
    return nullptr;
}

bool SocketFlows::has_place_for_peer(std::uint32_t cid) const
{
    if (alive_ < count_free_) { // as it mostly is
        return true;
    }
    const auto taken = std::ranges::count_if(flows_, [&](const SocketFlow& flow) {
        return is_alive(flow) && flow.by_peer && flow.cid == cid;
    });
    return static_cast<std::size_t>(taken) < count_free_;
}

SocketFlow& SocketFlows::add(std::uint32_t cid, std::uint32_t peer_port, std::uint32_t guest_port)
{
    const std::uint16_t index = free_;
    SocketFlow&         flow  = flows_[index];
    free_                     = flow.next;
    std::uint16_t& bucket     = bucket_of(cid, peer_port, guest_port);
    flow                      = {.cid        = cid,
                                 .peer_port  = peer_port,
                                 .guest_port = guest_port,
                                 .state      = SocketFlow::State::requested,
                                 .next       = bucket};
    bucket                    = index;
    --count_free_;
    ++alive_;
    return flow;
}

bool SocketFlows::end_unanswered()
{
    const auto found = std::ranges::find_if(flows_, [](const SocketFlow& flow) {
        return flow.state == SocketFlow::State::requested && !flow.by_peer;
    });
    if (found == flows_.end()) {
        return false;
    }
    end(*found, true, true);
    return true;
}

void SocketFlows::end(SocketFlow& flow, bool owes_guest, bool owes_peer)
{
    const auto     index = static_cast<std::uint16_t>(&flow - flows_.data());
    std::uint16_t* link  = &bucket_of(flow.cid, flow.peer_port, flow.guest_port);
    while (*link != index) {
        link = &flows_[*link].next;
    }
    *link           = flow.next;
    flow.state      = SocketFlow::State::dead;
    flow.owes_guest = owes_guest;
    flow.owes_peer  = owes_peer;
    flow.next       = dead_;
    dead_           = index;
    --alive_;
}

} // namespace virtio
