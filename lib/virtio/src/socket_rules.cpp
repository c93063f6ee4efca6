// SPDX-License-Identifier: BSD-2-Clause
// The socket device: which packets may go on, and what they do to a connection (5.10.6).
#include "virtio/socket.hpp"

namespace virtio {
namespace {

bool is_known(SocketOp op) { return op >= SocketOp::request && op <= SocketOp::credit_request; }

} // namespace

SocketFlow* Socket::flow_of(const SocketHeader& packet, From from)
{
    return from == From::guest ? flows_.find(packet.dst_cid, packet.dst_port, packet.src_port)
                               : flows_.find(packet.src_cid, packet.src_port, packet.dst_port);
}

bool Socket::accepts_type(SocketType type) const
{
    // 5.10.3.2: without a feature bit as if with STREAM; with SEQPACKET alone that is allowed, too
    // (and Linux never asks for STREAM).
    return type == SocketType::stream ||
           (type == SocketType::seqpacket && has(k_feature_seqpacket));
}

Socket::Verdict Socket::judge(const SocketHeader& packet, From from)
{
    if (from == From::guest) {
        // 5.10.6.4.1: the source is the guest; upper halves are reserved.
        if (packet.src_cid != guest_cid_ || packet.src_cid_high != 0 || packet.dst_cid_high != 0) {
            return Verdict::drop;
        }
    } else if (packet.src_cid_high != 0 || packet.dst_cid_high != 0) {
        return Verdict::drop;
    }
    SocketFlow* const flow = flow_of(packet, from);
    if (packet.is(SocketOp::reset)) { // is never answered
        return flow != nullptr ? Verdict::pass : Verdict::drop;
    }
    // 5.10.6.4: a packet of an unknown type is answered by a reset.
    if (!accepts_type(packet.type)) {
        return Verdict::refuse;
    }
    if (flow != nullptr) {
        return judge_flow(*flow, packet, from);
    }
    if (!packet.is(SocketOp::request)) {
        return Verdict::refuse;
    }
    // 5.10.6.5: nobody there, or too few resources.
    const bool possible = from == From::guest
                              ? flows_.has_place() && peers_.reaches(packet.dst_cid)
                              : is_running() && flows_.has_place_for_peer(packet.src_cid);
    return possible ? Verdict::pass : Verdict::refuse;
}

Socket::Verdict Socket::judge_flow(const SocketFlow& flow, const SocketHeader& packet,
                                   From from) const
{
    const bool          is_guest = from == From::guest;
    const SocketCredit& incoming = is_guest ? flow.to_guest : flow.to_peer; // what the sender gets
    const SocketCredit& outgoing = is_guest ? flow.to_peer : flow.to_guest;
    const auto          done     = is_guest ? flow.guest_done : flow.peer_done;
    if (!is_known(packet.op) || packet.is(SocketOp::request) || packet.type != flow.type ||
        !incoming.can_announce(packet.fwd_cnt)) {
        return Verdict::abort;
    }
    const bool requested = flow.state == SocketFlow::State::requested;
    if (packet.is(SocketOp::response)) {
        return requested && flow.by_peer == is_guest ? Verdict::pass : Verdict::abort;
    }
    if (packet.is(SocketOp::data)) {
        return !requested && (done & k_shutdown_send) == 0 && packet.len <= outgoing.room()
                   ? Verdict::pass
                   : Verdict::abort;
    }
    return Verdict::pass;
}

void Socket::apply(const SocketHeader& packet, From from)
{
    const bool        is_guest = from == From::guest;
    SocketFlow* const found    = flow_of(packet, from);
    if (packet.is(SocketOp::reset)) {
        flows_.end(*found, false, false);
        return;
    }
    SocketFlow& flow = found != nullptr ? *found
                       : is_guest ? flows_.add(packet.dst_cid, packet.dst_port, packet.src_port)
                                  : flows_.add(packet.src_cid, packet.src_port, packet.dst_port);
    if (found == nullptr) {
        flow.type    = packet.type;
        flow.by_peer = !is_guest;
    }
    // 5.10.6.3.1: all packets of a connection have valid numbers.
    (is_guest ? flow.to_guest : flow.to_peer).announce(packet.buf_alloc, packet.fwd_cnt);
    if (packet.is(SocketOp::response)) {
        flow.state = SocketFlow::State::established;
    } else if (packet.is(SocketOp::data)) {
        (is_guest ? flow.to_peer : flow.to_guest).spend(packet.len);
    } else if (packet.is(SocketOp::shutdown)) {
        auto& done = is_guest ? flow.guest_done : flow.peer_done;
        done       = static_cast<std::uint8_t>(done | (packet.flags & k_shutdown_both));
    }
}

/// Whether a packet goes on; where it does not, what is to happen instead has happened.
bool Socket::passes(const SocketHeader& packet, From from)
{
    // A peer that never answers is not to use up all there is.
    if (from == From::guest && packet.is(SocketOp::request) && !flows_.has_place() &&
        flows_.end_unanswered()) {
        (void)pay_guest();
        pay_peers();
    }
    switch (judge(packet, from)) {
    case Verdict::pass:
        return true;
    case Verdict::drop:
        ++counters_.dropped;
        return false;
    case Verdict::refuse:
        ++counters_.refused;
        if (from == From::peer) {
            reply_to_peer(reset_for(packet));
        } else {
            to_guest_.push(reset_for(packet)); // transmit() sees to it that there is place
        }
        return false;
    case Verdict::abort:
        ++counters_.aborted;
        flows_.end(*flow_of(packet, from), is_running(), true);
        return false;
    }
    return false;
}

/// A peer that sends what must be refused, and does not read, loses its connections: otherwise two
/// sides could wait for each other for ever.
void Socket::reply_to_peer(const SocketHeader& reply)
{
    if (send_to_peer(reply)) {
        return;
    }
    if (to_peers_.is_full()) {
        const std::uint32_t cid = to_peers_.oldest().dst_cid;
        to_peers_.remove_if([&](const SocketHeader& it) { return it.dst_cid == cid; });
        to_disconnect_ = cid; // not while a packet of it is in our hands
        if (reply.dst_cid == cid) {
            return;
        }
    }
    to_peers_.push(reply);
}

} // namespace virtio
