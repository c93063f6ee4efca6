// SPDX-License-Identifier: BSD-2-Clause
// The socket device: packets out, packets in, and resets in both directions.
#include "virtio/socket.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace virtio {
namespace {

constexpr std::uint32_t k_event_transport_reset = 0;

} // namespace

Socket::Socket(SocketSwitch& peers, std::span<SocketFlow> flows, std::span<std::uint16_t> buckets,
               std::span<Waiting> waiting, std::span<std::uint8_t> order, std::uint64_t features)
    : Device{DeviceId::socket, features & (k_feature_stream | k_feature_seqpacket), queues_}
    , peers_{peers}
    , flows_{flows, buckets}
    , waiting_{waiting}
    , order_{order}
    , guest_cid_{peers.own_cid()}
{
    std::iota(order_.begin(), order_.end(), std::uint8_t{0});
    for (Queue& it : queues_) {
        it.limit(k_queue_size);
    }
    peers_.connect(*this);
}

void Socket::on_notify(unsigned index)
{
    if (index == k_transmit) {
        transmit();
    } else if (index == k_receive) {
        receive();
    } else {
        send_event();
    }
    settle();
}

void Socket::arrived()
{
    receive();
    settle();
}

void Socket::ready()
{
    transmit();
    settle();
}

void Socket::peer_gone(std::uint32_t cid)
{
    flows_.end_all([&](const SocketFlow& flow) { return flow.cid == cid; }, is_running(), false);
    to_peers_.forget(cid);
    delivering_ = delivering_ && delivering_from_ != cid;
    gone_       = true;
}

/// The end of everything that comes from outside: goes on with what something else made possible.
void Socket::settle()
{
    while (gone_ || (stuck_ && !to_guest_.is_full())) {
        gone_  = false;
        stuck_ = false;
        receive();
        transmit();
    }
    pay_peers();
    peers_.flush();
}

/// Out: from guest memory to the peers.
void Socket::transmit()
{
    Queue& queue = queues_[k_transmit];
    do {
        retry();
        while (waits_ != waiting_.size()) {
            if (to_guest_.is_full() && !pay_guest()) {
                break;
            }
            // 5.10.6.1.2: goes on while there is somewhere to keep answers; then the guest must
            // take some first.
            stuck_ = to_guest_.is_full();
            if (stuck_) {
                break;
            }
            Waiting& packet = waiting_[order_[waits_]];
            packet.chain    = take(queue, packet.segments);
            if (!packet.chain) {
                break;
            }
            begin(packet);
        }
        stuck_ = stuck_ || to_guest_.is_full();
        if (stuck_ || waits_ == waiting_.size()) {
            queue.suppress();
            if (waits_ == waiting_.size() && patience_ != nullptr) {
                patience_->held_up();
            }
            break;
        }
    } while (queue.rest());
    publish(queue);
    if (!to_guest_.is_empty() || flows_.has_dead()) {
        receive();
    }
    publish(queues_[k_receive]); // resets that were paid on the way
}

void Socket::begin(Waiting& packet)
{
    packet.payload    = packet.chain.reader();
    const auto header = packet.payload.take<SocketHeader>();
    // 5.10.6.4: buffers for outgoing packets are read-only, and begin with a header.
    if (!header || packet.chain.writable_bytes() != 0 || packet.payload.left() < header->len) {
        packet.chain = {};
        fail(Fault::request);
        return;
    }
    packet.header = tidied(*header);
    if (!passes(packet.header, From::guest)) {
        queues_[k_transmit].finish(std::move(packet.chain), 0);
        return;
    }
    apply(packet.header, From::guest);
    // Not before others to the same peer.
    const bool behind = std::ranges::any_of(order_.first(waits_), [&](std::uint8_t other) {
        return waiting_[other].header.dst_cid == packet.header.dst_cid;
    });
    if (behind || !advance(packet)) {
        packet.number = numbers_++;
        ++waits_;
    }
}

/// Sends what there is room for. True: that was all of it.
bool Socket::advance(Waiting& packet)
{
    const SocketHeader& header = packet.header;
    for (bool last = false; !last && peers_.reaches(header.dst_cid);) {
        const auto left = header.len;
        const auto room = peers_.room(header.dst_cid, left);
        if (!room) {
            return !peers_.reaches(header.dst_cid);
        }
        const auto size = std::min(left, *room);
        last            = size == left;
        peers_.send(piece_of(header, size, last), packet.payload);
        packet.header.len -= size;
        ++counters_.sent;
    }
    queues_[k_transmit].finish(std::move(packet.chain), 0);
    return true;
}

/// The packet at this place in `order_` waits no more.
void Socket::close_ranks(std::size_t place)
{
    const auto at = order_.begin() + static_cast<std::ptrdiff_t>(place);
    std::rotate(at, at + 1, order_.begin() + static_cast<std::ptrdiff_t>(waits_));
    --waits_;
}

/// What waits, in order for each peer.
void Socket::retry()
{
    for (std::size_t i = 0; i < waits_;) {
        Waiting&   packet = waiting_[order_[i]];
        const auto before = order_.first(i);
        const bool behind = std::ranges::any_of(before, [&](std::uint8_t other) {
            return waiting_[other].header.dst_cid == packet.header.dst_cid;
        });
        if (behind || !advance(packet)) {
            ++i;
            continue;
        }
        close_ranks(i);
    }
}

std::optional<Socket::HoldUp> Socket::hold_up() const
{
    if (waits_ != waiting_.size()) {
        return std::nullopt;
    }
    const Waiting& oldest = waiting_[order_[0]];
    return HoldUp{.cid = oldest.header.dst_cid, .number = oldest.number, .left = oldest.header.len};
}

void Socket::give_up(std::uint32_t cid)
{
    for (std::size_t i = 0; i < waits_;) {
        Waiting& packet = waiting_[order_[i]];
        if (packet.header.dst_cid != cid) {
            ++i;
            continue;
        }
        queues_[k_transmit].finish(std::move(packet.chain), 0);
        close_ranks(i);
    }
    ++counters_.given_up;
    peers_.disconnect(cid);
    settle();
}

/// In: resets that are owed, then packets of the peers.
void Socket::receive()
{
    Queue& queue = queues_[k_receive];
    for (;;) {
        bool                starved = !pay_guest();
        const SocketHeader* packet  = starved ? nullptr : peers_.next();
        if (packet != nullptr && deliver(*packet)) {
            peers_.release();
            if (const auto cid = std::exchange(to_disconnect_, std::nullopt)) {
                peers_.disconnect(*cid);
            }
            continue;
        }
        starved = starved || packet != nullptr;
        if (starved) { // of buffers
            if (queue.rest()) {
                continue;
            }
        } else {
            queue.suppress();
        }
        if (peers_.receive_done() && !starved) {
            continue;
        }
        break;
    }
    publish(queue);
}

/// One packet. False: the guest has no buffers.
bool Socket::deliver(const SocketHeader& packet)
{
    const SocketHeader header = tidied(packet);
    if (!delivering_) {
        if (!passes(header, From::peer)) {
            return true;
        }
        if (!take_buffer()) {
            return false;
        }
        apply(header, From::peer);
        delivering_      = true;
        delivering_from_ = header.src_cid;
        left_            = header.len;
    }
    do {
        if (!take_buffer()) {
            return false;
        }
        Writer     writer = buffer_.writer();
        const auto size   = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(left_, writer.room() - sizeof(SocketHeader)));
        left_ -= size;
        (void)writer.put(piece_of(header, size, left_ == 0));
        for (std::uint32_t done = 0; done < size;) {
            const auto piece = writer.next(size - done);
            peers_.read(piece);
            done += static_cast<std::uint32_t>(piece.size());
        }
        queues_[k_receive].finish(std::move(buffer_), writer.written());
        ++counters_.received;
    } while (left_ != 0);
    delivering_ = false;
    return true;
}

/// Has a buffer of the guest at hand.
bool Socket::take_buffer()
{
    if (buffer_) {
        return true;
    }
    Chain chain = take(queues_[k_receive], receive_room_);
    if (!chain) {
        return false;
    }
    // 5.10.6.4: for writing only; and with room for a header and something behind it.
    if (chain.readable_bytes() != 0 || chain.writable_bytes() <= sizeof(SocketHeader)) {
        fail(Fault::request);
        return false;
    }
    buffer_ = std::move(chain);
    return true;
}

void Socket::transport_reset()
{
    for (; waits_ != 0; --waits_) {
        queues_[k_transmit].finish(std::move(waiting_[order_[waits_ - 1]].chain), 0);
    }
    if (delivering_) {
        delivering_ = false;
        peers_.release();
    }
    flows_.end_all([](const SocketFlow&) { return true; }, false, true);
    pay_peers();
    guest_cid_ = peers_.own_cid();
    event_due_ = is_running();
    notify(k_event);
    notify(k_transmit);
}

void Socket::send_event()
{
    Queue& queue = queues_[k_event];
    do {
        if (!event_due_) {
            queue.suppress();
            break;
        }
        if (Chain chain = take(queue, event_room_)) {
            Writer writer = chain.writer();
            if (chain.readable_bytes() != 0 || !writer.put(k_event_transport_reset)) {
                fail(Fault::request);
                return;
            }
            event_due_ = false;
            queue.finish(std::move(chain), writer.written());
        }
        publish(queue);
    } while (queue.rest());
}

/// The driver is gone, or does not know any more what it does: its connections are.
void Socket::on_stop()
{
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        waiting_[i].chain = {};
    }
    waits_     = 0;
    buffer_    = {};
    event_due_ = false;
    stuck_     = false;
    to_guest_.clear();
    if (delivering_) {
        delivering_ = false;
        peers_.release();
    }
    flows_.end_all([](const SocketFlow&) { return true; }, false, true);
    flows_.settle([](SocketFlow& flow) { flow.owes_guest = false; });
    pay_peers();
    peers_.flush();
}

bool Socket::on_queue_reset(unsigned index)
{
    if (index == k_receive) {
        buffer_ = {};
    } else if (index == k_transmit) {
        // What waited is lost, and with it the connections that it belonged to.
        for (; waits_ != 0; --waits_) {
            Waiting& packet = waiting_[order_[waits_ - 1]];
            packet.chain    = {};
            if (SocketFlow* const flow = flow_of(packet.header, From::guest)) {
                flows_.end(*flow, true, true);
            }
        }
        gone_ = true;
        settle();
    }
    return true;
}

} // namespace virtio
