// SPDX-License-Identifier: BSD-2-Clause
// The connections that go through a socket device: found by their addresses, bounded in number.
#pragma once

#include "virtio/socket_packet.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace virtio {

/// What the device knows of a connection between its guest and a peer.
struct SocketFlow {
    enum class State : std::uint8_t { free, requested, established, dead };

    std::uint32_t cid        = 0; ///< the peer's
    std::uint32_t peer_port  = 0;
    std::uint32_t guest_port = 0;
    SocketType    type       = SocketType::stream;
    State         state      = State::free;
    bool          by_peer    = false; ///< who requested it
    std::uint8_t  guest_done = 0;     ///< flags of its shutdowns so far
    std::uint8_t  peer_done  = 0;
    bool          owes_guest = false; ///< dead: a reset is still to be sent there
    bool          owes_peer  = false;
    std::uint16_t next       = 0; ///< in its bucket, or among the free or dead ones
    SocketCredit  to_guest{};
    SocketCredit  to_peer{};
};

/// A hash table of flows. A flow that ends goes through the list of the dead, until the resets that
/// are owed for it have been sent.
class SocketFlows {
public:
    static constexpr std::uint16_t k_none = 0xffff;

    template <std::size_t N>
    struct Storage {
        static_assert(N != 0 && N < k_none);
        std::array<SocketFlow, N>    flows{};
        std::array<std::uint16_t, N> buckets{};
    };

    SocketFlows(std::span<SocketFlow> flows, std::span<std::uint16_t> buckets);

    [[nodiscard]] SocketFlow* find(std::uint32_t cid, std::uint32_t peer_port,
                                   std::uint32_t guest_port);

    /// Whether there is place for another one. A peer that asks for it gets at most as many as
    /// would be left for the others, so that none can take all.
    [[nodiscard]] bool has_place() const { return free_ != k_none; }
    [[nodiscard]] bool has_place_for_peer(std::uint32_t cid) const;

    /// There must be place, and none with the same addresses.
    SocketFlow& add(std::uint32_t cid, std::uint32_t peer_port, std::uint32_t guest_port);

    /// Ends a flow; whom a reset is owed to.
    void end(SocketFlow& flow, bool owes_guest, bool owes_peer);

    /// Ends all that `which` says.
    template <class Which>
    void end_all(Which&& which, bool owes_guest, bool owes_peer)
    {
        for (SocketFlow& flow : flows_) {
            if (is_alive(flow) && which(flow)) {
                end(flow, owes_guest, owes_peer);
            }
        }
    }

    /// Ends, with resets to both, one that the guest asked for and nobody has answered. The guest
    /// may have given it up: that is nowhere to be seen. False: there is none.
    bool end_unanswered();

    /// Lets `pay` look at each dead flow, to clear what it has sent; those that owe nothing are
    /// free again.
    template <class Pay>
    void settle(Pay&& pay)
    {
        // A list of its own, since others may die meanwhile.
        for (std::uint16_t index = std::exchange(dead_, k_none); index != k_none;) {
            SocketFlow&         flow = flows_[index];
            const std::uint16_t next = flow.next;
            pay(flow);
            if (flow.owes_guest || flow.owes_peer) {
                flow.next = dead_;
                dead_     = index;
            } else {
                flow      = {};
                flow.next = free_;
                free_     = index;
                ++count_free_;
            }
            index = next;
        }
    }
    [[nodiscard]] bool has_dead() const { return dead_ != k_none; }

    /// Flows that are neither free nor dead.
    [[nodiscard]] std::size_t alive() const { return alive_; }

private:
    [[nodiscard]] static bool is_alive(const SocketFlow& flow)
    {
        return flow.state == SocketFlow::State::requested ||
               flow.state == SocketFlow::State::established;
    }
    [[nodiscard]] std::uint16_t& bucket_of(std::uint32_t cid, std::uint32_t peer_port,
                                           std::uint32_t guest_port);

    std::span<SocketFlow>    flows_;
    std::span<std::uint16_t> buckets_;
    std::uint16_t            free_       = k_none;
    std::uint16_t            dead_       = k_none;
    std::size_t              alive_      = 0;
    std::size_t              count_free_ = 0;
};

} // namespace virtio
