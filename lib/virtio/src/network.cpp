// SPDX-License-Identifier: BSD-2-Clause
// The network device: frames out, frames in. Its control queue is in network_control.cpp.
#include "virtio/network.hpp"

#include "virtio/checksum.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace virtio {
namespace {

constexpr std::uint8_t k_needs_csum = 1;
constexpr std::uint8_t k_data_valid = 2;
constexpr std::uint8_t k_gso_none   = 0;

constexpr std::uint16_t k_link_up = 1;

constexpr std::size_t k_ethernet_header = 14;
constexpr std::size_t k_vlan_tag        = 4;

} // namespace

Network::Network(Nic& nic, std::uint64_t features)
    // 5.1.3.1: CTRL_RX and CTRL_RX_EXTRA need CTRL_VQ.
    : Device{DeviceId::network,
             features & k_all_features &
                 ((features & k_feature_ctrl_vq) != 0
                      ? k_all_features
                      : ~(k_feature_ctrl_rx | k_feature_ctrl_rx_extra)),
             queues_}
    , nic_{nic}
{
    const Nic::Info info = nic.info();
    config_              = {.mac                 = info.mac,
                            .status              = info.link_up ? k_link_up : std::uint16_t{0},
                            .max_virtqueue_pairs = 1,
                            .mtu                 = info.mtu};
    verifies_            = info.verifies;
    for (Queue& it : queues_) {
        it.limit(k_queue_size);
    }
}

bool Network::accepts(std::uint64_t features) const
{
    return (features & k_feature_ctrl_vq) != 0 ||
           (features & (k_feature_ctrl_rx | k_feature_ctrl_rx_extra)) == 0;
}

void Network::set_link(bool up)
{
    config_.status = up ? k_link_up : std::uint16_t{0};
    if (!is_running() || has(k_feature_status)) {
        configuration_changed();
    }
}

void Network::on_notify(unsigned index)
{
    if (index == k_receive) {
        receive();
    } else if (index == k_transmit) {
        transmit();
    } else if (has(k_feature_ctrl_vq)) {
        control();
    }
}

/// Out: from guest memory into buffers of the card.
void Network::transmit()
{
    Queue& queue = queues_[k_transmit];
    do {
        for (;;) {
            if (!outgoing_) {
                outgoing_ = take(queue, transmit_room_);
            }
            if (!outgoing_) {
                break;
            }
            if (outgoing_.writable_bytes() != 0 || outgoing_.readable_bytes() < sizeof(Header)) {
                fail(Fault::request); // 5.1.6.2
                return;
            }
            const auto buffer = nic_.transmit_buffer();
            if (buffer.empty()) {
                queue.suppress();
                publish(queue);
                nic_.flush();
                return;
            }
            Reader reader = outgoing_.reader();
            if (!send(reader, buffer)) {
                return;
            }
            queue.finish(std::move(outgoing_), 0);
        }
        publish(queue);
    } while (queue.rest());
    nic_.flush();
}

/// One frame. False: the driver broke a rule.
bool Network::send(Reader& reader, std::span<std::byte> buffer)
{
    const Header header = *reader.take<Header>();
    const bool   needs  = (header.flags & k_needs_csum) != 0;
    // 5.1.6.2.1: nothing that was not negotiated.
    if (header.gso_type != k_gso_none || (needs && !has(k_feature_csum))) {
        fail(Fault::request);
        return false;
    }
    const auto size = reader.left();
    if (size < k_ethernet_header || size > buffer.size() ||
        size > k_ethernet_header + k_vlan_tag + config_.mtu) {
        ++counters_.dropped_out;
        return true;
    }
    const auto frame = buffer.first(size);
    (void)reader.read(frame);
    if (needs && !finish_checksum(frame, header.csum_start, header.csum_offset)) {
        ++counters_.dropped_out;
        return true;
    }
    ++counters_.transmitted;
    nic_.transmit(size);
    return true;
}

bool Network::is_acceptable(std::span<const std::byte> frame) const
{
    if (frame.size() < k_ethernet_header) {
        return false;
    }
    // 5.1.4.1: with MTU, nothing longer than it.
    const bool tagged = frame[12] == std::byte{0x81} && frame[13] == std::byte{0};
    return frame.size() <= k_ethernet_header + (tagged ? k_vlan_tag : 0) + config_.mtu;
}

/// In: from buffers of the card into guest memory.
void Network::receive()
{
    Queue& queue = queues_[k_receive];
    for (;;) {
        const auto frame = nic_.next_received();
        if (frame.empty()) {
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
    Queue&              queue  = queues_[k_receive];
    const bool          merges = has(k_feature_mrg_rxbuf);
    const std::uint64_t needed = sizeof(Header) + frame.size();
    while (held_bytes_ < needed) {
        if (holds_ != 0 &&
            (!merges || holds_ == held_.size() || held_segments_ > k_most_segments)) {
            return Delivery::too_large; // the buffers stay for the next one
        }
        // What is held is at most half of the room.
        Chain chain =
            take(queue, std::span{receive_room_}.subspan(held_segments_, k_most_segments));
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
    // 5.1.6.4.1: with GUEST_CSUM the card's word about checksums may be passed on.
    const bool   valid = verifies_ && has(k_feature_guest_csum);
    const Header header{.flags       = valid ? k_data_valid : std::uint8_t{0},
                        .gso_type    = k_gso_none,
                        .hdr_len     = 0,
                        .gso_size    = 0,
                        .csum_start  = 0,
                        .csum_offset = 0,
                        .num_buffers = static_cast<std::uint16_t>(holds_)};
    for (std::size_t i = 0; i < holds_; ++i) {
        Writer writer = held_[i].writer();
        if (i == 0) {
            (void)writer.put(header);
        }
        const auto size = std::min<std::uint64_t>(writer.room(), frame.size());
        (void)writer.write(frame.first(size));
        frame = frame.subspan(size);
        queue.finish(std::move(held_[i]), writer.written());
    }
    holds_         = 0;
    held_bytes_    = 0;
    held_segments_ = 0;
    return Delivery::done;
}

void Network::on_stop()
{
    filter_   = NetworkFilter{};
    outgoing_ = {};
    (void)on_queue_reset(k_receive);
}

bool Network::on_queue_reset(unsigned index)
{
    if (index == k_transmit) {
        outgoing_ = {};
    } else if (index == k_receive) {
        for (Chain& chain : held_) {
            chain = {};
        }
        holds_         = 0;
        held_bytes_    = 0;
        held_segments_ = 0;
    }
    return true;
}

} // namespace virtio
