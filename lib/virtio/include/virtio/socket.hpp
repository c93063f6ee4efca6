// SPDX-License-Identifier: BSD-2-Clause
// The socket device (virtIO 1.2, section 5.10) on a switch.
#pragma once

#include "virtio/device.hpp"
#include "virtio/socket_flows.hpp"
#include "virtio/socket_switch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace virtio {

/// Resets that wait for room. Bounded: whoever fills it must wait.
class SocketReplies {
public:
    static constexpr std::size_t k_most = 64;

    [[nodiscard]] bool is_full() const { return count_ == k_most; }
    [[nodiscard]] bool is_empty() const { return count_ == 0; }
    void               clear() { count_ = 0; }
    void               push(const SocketHeader& reply) { replies_[count_++] = reply; }
    [[nodiscard]] const SocketHeader& oldest() const { return replies_[0]; }

    /// Replies to a peer that is gone: nobody has the context ID 0.
    void forget(std::uint32_t cid)
    {
        for (std::size_t i = 0; i < count_; ++i) {
            replies_[i].dst_cid = replies_[i].dst_cid == cid ? 0 : replies_[i].dst_cid;
        }
    }

    /// Lets `done` look at each, the oldest first; those of which it says true are gone. It may
    /// call forget().
    template <class Done>
    void remove_if(Done&& done)
    {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            if (!done(replies_[i])) {
                replies_[kept++] = replies_[i];
            }
        }
        count_ = kept;
    }

private:
    std::array<SocketHeader, k_most> replies_{};
    std::size_t                      count_ = 0;
};

/// Who decides how long a peer that takes nothing may hold up what the guest sends to others.
class SocketPatience {
public:
    /// There is no place for another packet to wait: see Socket::hold_up(). May come again.
    virtual void held_up() = 0;

protected:
    ~SocketPatience() = default;
};

/// Packets go through, in order and without loss: one for which the peer has no room stays in the
/// guest's memory, one for which the guest has no buffer stays in the switch. On the way the device
/// holds both sides to the rules of connections; a side that breaks one loses the connection, by a
/// reset to both: data without a connection, without credit or after a shutdown, an answer that
/// nobody asked for, a second request, a count of bytes that were never sent, an unknown type or
/// operation.
class Socket final : public Device, private SocketClient {
public:
    static constexpr std::uint64_t k_feature_stream    = 1;
    static constexpr std::uint64_t k_feature_seqpacket = 2;

    static constexpr std::uint16_t k_queue_size    = 128;
    static constexpr std::size_t   k_most_segments = 24; ///< of a packet of the guest

    /// A packet of the guest for which its peer has no room.
    struct Waiting {
        Chain                                chain{};
        SocketHeader                         header{};
        Reader                               payload{};
        std::array<Segment, k_most_segments> segments{};
        std::uint32_t                        number = 0; ///< counts those that had to wait
    };

    /// `Flows` connections at a time, of which a peer gets half at most; those that are being
    /// closed count. `Packets` of the guest may wait before it gets no further.
    template <std::size_t Flows = 1024, std::size_t Packets = 32>
    struct Storage {
        SocketFlows::Storage<Flows>       flows{};
        std::array<Waiting, Packets>      waiting{};
        std::array<std::uint8_t, Packets> order{};
        static_assert(Packets != 0 && Packets < 256);
    };

    /// The guest's context ID is the switch's; it must be one that a guest may have.
    template <std::size_t Flows, std::size_t Packets>
    Socket(SocketSwitch& peers, Storage<Flows, Packets>& storage,
           std::uint64_t features = k_feature_stream | k_feature_seqpacket)
        : Socket{peers,           storage.flows.flows, storage.flows.buckets,
                 storage.waiting, storage.order,       features}
    {
    }

    /// All connections are lost, and the guest may have another context ID from now on (5.10.6.7):
    /// the guest is told by an event.
    void transport_reset();

    /// The packet that has waited longest, while no other can be taken from the guest.
    struct HoldUp {
        std::uint32_t cid    = 0; ///< whom it is for
        std::uint32_t number = 0; ///< which one
        std::uint32_t left   = 0; ///< bytes of it

        bool operator==(const HoldUp&) const = default;
    };
    /// Nothing: there is place for others. The same twice: the peer has taken nothing meanwhile.
    [[nodiscard]] std::optional<HoldUp> hold_up() const;
    /// Whether the guest has packets that were not looked at yet.
    [[nodiscard]] bool has_more() const { return queues_[k_transmit].has_more(); }
    /// Has held_up() called from now on.
    void set_patience(SocketPatience& patience) { patience_ = &patience; }
    /// A peer is not waited for any longer: what waits for it is lost, and with it all connections
    /// between the two. Both sides are told.
    void give_up(std::uint32_t cid);

    struct Counters {
        std::uint64_t sent     = 0; ///< packets to peers
        std::uint64_t received = 0; ///< packets to the guest
        std::uint64_t dropped  = 0; ///< packets that belong to nothing
        std::uint64_t refused  = 0; ///< packets that were answered by a reset
        std::uint64_t aborted  = 0; ///< connections that somebody broke a rule of
        std::uint64_t given_up = 0; ///< times that a peer was not waited for any longer
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// Connections now.
    [[nodiscard]] std::size_t connections() const { return flows_.alive(); }

private:
    static constexpr unsigned k_receive  = 0;
    static constexpr unsigned k_transmit = 1;
    static constexpr unsigned k_event    = 2;

    enum class From : std::uint8_t { guest, peer };
    enum class Verdict : std::uint8_t {
        pass,
        drop,   ///< nobody needs to know
        refuse, ///< a reset to the sender
        abort,  ///< a reset to both
    };

    Socket(SocketSwitch& peers, std::span<SocketFlow> flows, std::span<std::uint16_t> buckets,
           std::span<Waiting> waiting, std::span<std::uint8_t> order, std::uint64_t features);

    [[nodiscard]] std::span<const std::byte> configuration() const override
    {
        return std::as_bytes(std::span{&guest_cid_, 1});
    }
    void on_notify(unsigned queue) override;
    void on_stop() override;
    bool on_queue_reset(unsigned queue) override;

    void arrived() override;
    void ready() override;
    void peer_gone(std::uint32_t cid) override;

    // socket_rules.cpp
    [[nodiscard]] SocketFlow* flow_of(const SocketHeader& packet, From from);
    [[nodiscard]] bool        accepts_type(SocketType type) const;
    [[nodiscard]] Verdict     judge(const SocketHeader& packet, From from);
    [[nodiscard]] Verdict     judge_flow(const SocketFlow& flow, const SocketHeader& packet,
                                         From from) const;
    void                      apply(const SocketHeader& packet, From from);
    [[nodiscard]] bool        passes(const SocketHeader& packet, From from);
    void                      reply_to_peer(const SocketHeader& reply);

    // socket.cpp
    void               settle();
    void               transmit();
    void               begin(Waiting& packet);
    [[nodiscard]] bool advance(Waiting& packet);
    void               retry();
    void               close_ranks(std::size_t place);
    void               receive();
    [[nodiscard]] bool deliver(const SocketHeader& packet);
    [[nodiscard]] bool take_buffer();
    [[nodiscard]] bool send_to_guest(const SocketHeader& reply);
    [[nodiscard]] bool send_to_peer(const SocketHeader& reply);
    [[nodiscard]] bool pay_guest();
    void               pay_peers();
    void               send_event();

    SocketSwitch&           peers_;
    SocketFlows             flows_;
    std::span<Waiting>      waiting_;
    std::span<std::uint8_t> order_; ///< the ones in use, the oldest first; then the free ones
    std::size_t             waits_    = 0; ///< how many are in use
    std::uint32_t           numbers_  = 0; ///< of those that had to wait
    SocketPatience*         patience_ = nullptr;
    std::uint64_t           guest_cid_;
    SocketReplies           to_guest_{};
    SocketReplies           to_peers_{};
    Chain                   buffer_{}; ///< of the guest, for the next packet to it
    std::uint32_t           left_       = 0;
    bool                    delivering_ = false; ///< `left_` bytes of peers_.next() are to come
    std::uint32_t           delivering_from_ = 0;
    bool                    event_due_       = false;
    bool                    stuck_           = false; ///< transmit() waits for place in to_guest_
    bool                    gone_            = false; ///< a peer is; its packets need wait no more
    std::optional<std::uint32_t>         to_disconnect_{};
    Counters                             counters_{};
    std::array<Queue, 3>                 queues_{};
    std::array<Segment, k_most_segments> receive_room_{};
    std::array<Segment, 4>               event_room_{};
};

} // namespace virtio
