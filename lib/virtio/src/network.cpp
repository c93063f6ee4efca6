// SPDX-License-Identifier: BSD-2-Clause
// The network device: its features, and frames out. Frames in are in network_receive.cpp, its
// control queue in network_control.cpp.
#include "virtio/network.hpp"

#include "network_standard.hpp"
#include "virtio/checksum.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace virtio {

using namespace network_standard;

namespace {

constexpr std::uint16_t k_link_up = 1;

constexpr std::uint64_t k_control_modes =
    Network::k_feature_ctrl_rx | Network::k_feature_ctrl_rx_extra;
constexpr std::uint64_t k_cutting = Network::k_feature_host_tso4 | Network::k_feature_host_tso6;
constexpr std::uint64_t k_merging = Network::k_feature_guest_tso4 | Network::k_feature_guest_tso6;

/// 5.1.3.1: features that need another one.
constexpr std::uint64_t without_orphans(std::uint64_t features)
{
    features &= (features & Network::k_feature_ctrl_vq) != 0 ? ~std::uint64_t{0} : ~k_control_modes;
    features &= (features & Network::k_feature_csum) != 0 ? ~std::uint64_t{0} : ~k_cutting;
    features &= (features & Network::k_feature_guest_csum) != 0 ? ~std::uint64_t{0} : ~k_merging;
    return features;
}

} // namespace

Network::Network(Nic& nic, std::uint64_t features)
    : Device{DeviceId::network, without_orphans(features & k_all_features), queues_}
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
    return features == without_orphans(features);
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
            if (segmenter_.is_active()) {
                send_part(buffer);
            } else if (send(buffer) == Sending::broken) {
                return;
            }
            if (!segmenter_.is_active()) {
                queue.finish(std::move(outgoing_), 0);
            }
        }
        publish(queue);
    } while (queue.rest());
    nic_.flush();
}

void Network::send_part(std::span<std::byte> buffer)
{
    ++counters_.transmitted;
    nic_.transmit(segmenter_.next(buffer));
}

/// What the driver put into outgoing_: a frame, or the first of many.
Network::Sending Network::send(std::span<std::byte> buffer)
{
    Reader       reader = outgoing_.reader();
    const Header header = *reader.take<Header>();
    const bool   needs  = (header.flags & k_needs_csum) != 0;
    const auto   room   = std::min(buffer.size(), k_ethernet_header + k_vlan_tag + config_.mtu);
    // 5.1.6.2.1: nothing that was not negotiated.
    if (needs && !has(k_feature_csum)) {
        fail(Fault::request);
        return Sending::broken;
    }
    if (header.gso_type != k_gso_none) {
        const auto result = cut(reader, header, room);
        if (result == Sending::in_parts) {
            send_part(buffer);
        }
        return result;
    }
    const auto size = reader.left();
    if (size < k_ethernet_header || size > room) {
        ++counters_.dropped_out;
        return Sending::done;
    }
    const auto frame = buffer.first(size);
    (void)reader.read(frame);
    if (needs && !finish_checksum(frame, header.csum_start, header.csum_offset)) {
        ++counters_.dropped_out;
        return Sending::done;
    }
    ++counters_.transmitted;
    nic_.transmit(size);
    return Sending::done;
}

/// Begins with a packet for several frames.
Network::Sending Network::cut(const Reader& packet, const Header& header, std::size_t room)
{
    const bool ipv4 = header.gso_type == k_gso_tcpv4, ipv6 = header.gso_type == k_gso_tcpv6;
    // 5.1.6.2.1: negotiated, and with the checksum left to us.
    if (!(ipv4 && has(k_feature_host_tso4)) && !(ipv6 && has(k_feature_host_tso6))) {
        fail(Fault::request);
        return Sending::broken;
    }
    const Segmenter::Wish wish{.version =
                                   ipv4 ? Segmenter::Version::ipv4 : Segmenter::Version::ipv6,
                               .transport = header.csum_start,
                               .size      = header.gso_size};
    if ((header.flags & k_needs_csum) == 0 || !segmenter_.begin(packet, wish, room)) {
        ++counters_.dropped_out;
        return Sending::done;
    }
    return Sending::in_parts;
}

void Network::on_stop()
{
    filter_    = NetworkFilter{};
    outgoing_  = {};
    segmenter_ = {};
    (void)on_queue_reset(k_receive);
}

bool Network::on_queue_reset(unsigned index)
{
    if (index == k_transmit) {
        outgoing_  = {};
        segmenter_ = {};
    } else if (index == k_receive) {
        forget_held();
    }
    return true;
}

} // namespace virtio
