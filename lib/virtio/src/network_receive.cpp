// SPDX-License-Identifier: BSD-2-Clause
// The network device: frames in, from buffers of the card into guest memory.
//
// A packet has buffers of the guest in held_, which are filled one after the other; its headers are
// written at the end. Where the driver takes packets of several frames, one stays open for those
// that follow, at most until there is nothing more to receive.
#include "virtio/network.hpp"

#include "network_standard.hpp"

#include <algorithm>
#include <utility>

namespace virtio {

using namespace network_standard;

bool Network::is_acceptable(std::span<const std::byte> frame) const
{
    if (frame.size() < k_ethernet_header) {
        return false;
    }
    // 5.1.4.1: with MTU, nothing longer than it.
    const bool tagged = frame[12] == std::byte{0x81} && frame[13] == std::byte{0};
    return frame.size() <= k_ethernet_header + (tagged ? k_vlan_tag : 0) + config_.mtu;
}

void Network::receive()
{
    Queue& queue = queues_[k_receive];
    merger_.enable(has(k_feature_guest_tso4), has(k_feature_guest_tso6));
    for (;;) {
        const auto frame = nic_.next_received();
        if (frame.empty()) {
            finish_merging();
            if (nic_.receive_done()) {
                continue;
            }
            queue.suppress(); // buffers without frames are no news
            break;
        }
        if (!is_acceptable(frame)) {
            ++counters_.dropped_in;
        } else if (!filter_.wants(frame, config_.mac)) {
            ++counters_.filtered;
        } else {
            const Delivery delivery = deliver(frame);
            if (delivery == Delivery::no_buffers) {
                if (is_running() && queue.rest()) {
                    continue;
                }
                (void)nic_.receive_done();
                break;
            }
            ++(delivery == Delivery::done ? counters_.received : counters_.dropped_in);
        }
        nic_.release_received();
    }
    publish(queue);
}

Network::Delivery Network::deliver(std::span<const std::byte> frame)
{
    if (merger_.is_open()) {
        if (append(frame)) {
            return Delivery::done;
        }
        finish_merging();
    }
    if (const auto held = hold(sizeof(Header) + frame.size()); held != Delivery::done) {
        return held;
    }
    if (merger_.begin(frame)) {
        if (sizeof(Header) + merger_.header_size() <= held_[0].writable_bytes()) {
            begin_packet(merger_.header_size());
            place(frame.subspan(merger_.data().at, merger_.data().size));
            return Delivery::done;
        }
        merger_.drop(); // the headers are to be in the first buffer
    }
    // 5.1.6.4.1: with GUEST_CSUM the card's word about checksums may be passed on.
    const bool valid = verifies_ && has(k_feature_guest_csum);
    begin_packet(0);
    place(frame);
    finish_packet({.flags       = valid ? k_data_valid : std::uint8_t{0},
                   .gso_type    = k_gso_none,
                   .hdr_len     = 0,
                   .gso_size    = 0,
                   .csum_start  = 0,
                   .csum_offset = 0,
                   .num_buffers = 0},
                  {});
    return Delivery::done;
}

/// A frame to the end of the open packet. False: it does not belong there, or has no room.
bool Network::append(std::span<const std::byte> frame)
{
    if (!merger_.follows(frame) || hold(merger_.data().size) != Delivery::done) {
        return false;
    }
    place(frame.subspan(merger_.data().at, merger_.data().size), merger_.size());
    merger_.add();
    return true;
}

/// Sees to room for so many bytes.
Network::Delivery Network::hold(std::uint64_t bytes)
{
    const bool merges = has(k_feature_mrg_rxbuf);
    while (held_bytes_ < bytes) {
        if (holds_ != 0 &&
            (!merges || holds_ == held_.size() || held_segments_ > k_most_segments)) {
            return Delivery::too_large; // the buffers stay for the next one
        }
        // What is held is at most half of the room.
        Chain chain = take(queues_[k_receive],
                           std::span{receive_room_}.subspan(held_segments_, k_most_segments));
        if (!chain) {
            return Delivery::no_buffers;
        }
        // 5.1.6.3.1: room for a header, and nothing to read.
        if (chain.readable_bytes() != 0 || chain.writable_bytes() < sizeof(Header)) {
            fail(Fault::request);
            return Delivery::no_buffers;
        }
        held_bytes_ += chain.writable_bytes();
        held_segments_ += chain.segments();
        held_[holds_++] = std::move(chain);
    }
    return Delivery::done;
}

/// Begins behind the header and `reserved` bytes, which are in the first of what is held.
void Network::begin_packet(std::size_t reserved)
{
    placed_ = 0;
    into_   = held_[0].writer();
    into_.skip(sizeof(Header) + reserved);
    held_bytes_ -= sizeof(Header) + reserved;
}

/// Into what is held, which has room for it. `whole`: as for Writer::write().
void Network::place(std::span<const std::byte> bytes, std::size_t whole)
{
    held_bytes_ -= bytes.size();
    while (!bytes.empty()) {
        if (into_.room() == 0) {
            into_ = held_[++placed_].writer();
        }
        const auto size = std::min<std::uint64_t>(into_.room(), bytes.size());
        (void)into_.write(bytes.first(size), whole);
        bytes = bytes.subspan(size);
    }
}

/// Writes what stands in front, and gives the driver the buffers that were used.
void Network::finish_packet(Header header, std::span<const std::byte> headers)
{
    Queue&            queue = queues_[k_receive];
    const std::size_t used  = placed_ + 1;
    Writer            front = held_[0].writer();
    header.num_buffers      = static_cast<std::uint16_t>(used);
    (void)front.put(header);
    (void)front.write(headers);
    for (std::size_t i = 0; i < used; ++i) {
        // 5.1.6.4.1: all but the last are full.
        const auto size =
            i == placed_ ? into_.written() : static_cast<std::uint32_t>(held_[i].writable_bytes());
        queue.finish(std::move(held_[i]), size);
    }
    // Others wait for the next packet, at the beginning of the room.
    const std::size_t held = std::exchange(holds_, 0);
    held_bytes_            = 0;
    held_segments_         = 0;
    for (std::size_t i = used; i < held; ++i) {
        held_[i].move_to(std::span{receive_room_}.subspan(held_segments_));
        held_bytes_ += held_[i].writable_bytes();
        held_segments_ += held_[i].segments();
        held_[holds_++] = std::move(held_[i]);
    }
}

/// The end of the open packet, if there is one.
void Network::finish_merging()
{
    if (!merger_.is_open()) {
        return;
    }
    const auto result = merger_.finish();
    Header     header{.flags       = k_data_valid,
                      .gso_type    = k_gso_none,
                      .hdr_len     = 0,
                      .gso_size    = 0,
                      .csum_start  = 0,
                      .csum_offset = 0,
                      .num_buffers = 0};
    if (result.frames > 1) {
        header.flags       = k_needs_csum;
        header.gso_type    = result.version == Merger::Version::ipv4 ? k_gso_tcpv4 : k_gso_tcpv6;
        header.hdr_len     = static_cast<std::uint16_t>(merger_.headers().size());
        header.gso_size    = result.size;
        header.csum_start  = result.transport;
        header.csum_offset = k_tcp_checksum;
    }
    finish_packet(header, merger_.headers());
}

void Network::forget_held()
{
    merger_.drop();
    for (Chain& chain : held_) {
        chain = {};
    }
    holds_         = 0;
    held_bytes_    = 0;
    held_segments_ = 0;
    into_          = {};
}

} // namespace virtio
