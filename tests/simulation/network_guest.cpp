// SPDX-License-Identifier: BSD-2-Clause
// A guest's network driver.
#include "network_guest.hpp"

#include <algorithm>
#include <stdexcept>

namespace simulation {

NetworkGuest::NetworkGuest(Vmm& vmm, virtio::Device& device, const Options& options, Flows flows,
                           std::vector<unsigned> peers)
    : vmm_{vmm}
    , options_{options}
    , flows_{std::move(flows)}
    , peers_{std::move(peers)}
    , driver_{vmm.ram, device}
    , resets_left_{options.resets}
{
    receive_.slots.resize(options.ring_size / 2);
    transmit_.slots.resize(std::min<std::size_t>(options.ring_size / 2, 4));
    for (auto* queue : {&receive_, &transmit_}) {
        for (auto& slot : queue->slots) {
            slot.at = vmm.ram.allocate(k_room);
        }
    }
}

void NetworkGuest::start()
{
    Scheduler::current().spawn(vmm_.guest, [this] {
        bring_up();
        work();
    });
}

void NetworkGuest::bring_up()
{
    vmm_.exit([&] {
        using virtio::Network;
        constexpr auto k_not = Network::k_feature_csum | Network::k_feature_ctrl_vq |
                               Network::k_feature_ctrl_rx | Network::k_feature_ctrl_rx_extra |
                               Network::k_feature_host_tso4 | Network::k_feature_host_tso6 |
                               Network::k_feature_guest_tso4 | Network::k_feature_guest_tso6;
        if (!driver_.negotiate(options_.features & ~k_not)) {
            throw std::logic_error("the device refuses features");
        }
    });
    for (unsigned i = 0; i < 2; ++i) {
        auto& queue = i == 0 ? receive_ : transmit_;
        vmm_.exit([&] { queue.ring = &driver_.set_up(i, options_.ring_size); });
        queue.ring->want_interrupt();
    }
    vmm_.exit([&] { driver_.go(); });
    reset_at_ = handled_ + random().below(10);
}

void NetworkGuest::tear_down()
{
    for (const unsigned peer : peers_) {
        flows_(options_.station, peer).may_lose = true;
        flows_(peer, options_.station).may_lose = true;
    }
    vmm_.exit([&] { driver_.write(kit::Mmio::status, 0); });
    for (bool done = false; !done;) {
        vmm_.exit([&] { done = driver_.status() == 0; });
    }
    for (auto* queue : {&receive_, &transmit_}) {
        queue->by_head.clear();
        for (auto& slot : queue->slots) {
            slot.busy = false;
        }
    }
}

void NetworkGuest::work()
{
    auto& scheduler = Scheduler::current();
    while (!has_stopped()) {
        if (resets_left_ != 0 && handled_ >= reset_at_) {
            --resets_left_;
            tear_down();
            bring_up();
        }
        if (driver_.line.high) {
            vmm_.exit([&] { (void)driver_.take_interrupt(); });
        }
        take_received();
        take_sent();
        offer_buffers();
        const bool sent = send_frames();
        if (driver_.needs_reset()) {
            throw std::logic_error("the device needs a reset");
        }
        if (!sent) {
            scheduler.wait([this] {
                return driver_.line.high || (!std::ranges::all_of(transmit_.slots, &Slot::busy) &&
                                             std::ranges::any_of(peers_, [this](unsigned peer) {
                                                 return flows_(options_.station, peer).can_send();
                                             }));
            });
        }
    }
}

/// After buffers were made available.
void NetworkGuest::tell(Queue& queue, unsigned index)
{
    if (queue.ring->must_notify()) {
        vmm_.exit([&] { driver_.notify(index); });
    }
}

void NetworkGuest::offer_buffers()
{
    const bool merges = (driver_.features & virtio::Network::k_feature_mrg_rxbuf) != 0;
    for (auto& slot : receive_.slots) {
        if (slot.busy || receive_.ring->free_descriptors() < 2) {
            continue;
        }
        slot.size = merges ? 200 + random().below(1800) : k_header + 1514 + random().below(200);
        slot.busy = true;
        const auto head =
            random().one_in(2)
                ? receive_.ring->add({kit::from_device(slot.at, slot.size)})
                : receive_.ring->add({kit::from_device(slot.at, k_header),
                                      kit::from_device(slot.at + k_header, slot.size - k_header)});
        receive_.by_head[head] = &slot;
    }
    tell(receive_, 0);
}

/// False: there was nothing that could be sent.
bool NetworkGuest::send_frames()
{
    bool sent = false;
    for (auto& slot : transmit_.slots) {
        const auto to   = peers_[random().below(peers_.size())];
        auto&      flow = flows_(options_.station, to);
        if (slot.busy || !flow.can_send() || transmit_.ring->free_descriptors() < 3) {
            continue;
        }
        slot.frame = {.from     = options_.station,
                      .to       = to,
                      .sequence = flow.sent++,
                      .size = Frame::k_least + random().below(Frame::k_most - Frame::k_least + 1)};
        slot.busy  = true;
        sent       = true;
        std::ranges::fill(vmm_.ram.bytes(slot.at, k_header), std::byte{0});
        const auto bytes = slot.frame.bytes();
        std::ranges::copy(bytes, vmm_.ram.bytes(slot.at + k_header, bytes.size()).begin());
        const auto size = static_cast<std::uint32_t>(bytes.size());
        const auto cut  = 1 + random().below(size - 1);
        const auto head =
            random().one_in(2)
                ? transmit_.ring->add({kit::to_device(slot.at, k_header + size)})
                : transmit_.ring->add({kit::to_device(slot.at, k_header),
                                       kit::to_device(slot.at + k_header, cut),
                                       kit::to_device(slot.at + k_header + cut, size - cut)});
        transmit_.by_head[head] = &slot;
    }
    tell(transmit_, 1);
    return sent;
}

void NetworkGuest::take_sent()
{
    do {
        while (const auto used = transmit_.ring->used()) {
            const auto found    = transmit_.by_head.find(static_cast<std::uint16_t>(used->id));
            found->second->busy = false;
            transmit_.by_head.erase(found);
            ++handled_;
        }
        transmit_.ring->want_interrupt();
    } while (transmit_.ring->used_waiting() != 0);
}

void NetworkGuest::take_received()
{
    std::vector<std::byte> bytes;
    unsigned               more = 0; ///< buffers of the same frame
    do {
        while (const auto used = receive_.ring->used()) {
            const auto found = receive_.by_head.find(static_cast<std::uint16_t>(used->id));
            Slot&      slot  = *found->second;
            receive_.by_head.erase(found);
            slot.busy = false;
            if (used->written > slot.size || used->written == 0) {
                throw std::logic_error("a wrong length in the used ring");
            }
            auto part = vmm_.ram.bytes(slot.at, used->written);
            if (more == 0) {
                more = vmm_.ram.load<std::uint16_t>(slot.at + 10);
                part = part.subspan(k_header);
                if (more == 0) {
                    throw std::logic_error("a frame in no buffers");
                }
            }
            bytes.insert(bytes.end(), part.begin(), part.end());
            if (--more == 0) {
                receive(bytes);
                bytes.clear();
            }
        }
        receive_.ring->want_interrupt();
    } while (receive_.ring->used_waiting() != 0);
    if (more != 0) {
        throw std::logic_error("only some of a frame's buffers were shown");
    }
}

void NetworkGuest::receive(std::vector<std::byte>& bytes)
{
    const auto frame = Frame::parse(bytes);
    if (!frame || frame->to != options_.station ||
        std::ranges::find(peers_, frame->from) == peers_.end()) {
        throw std::logic_error("a frame that is damaged, or somebody else's");
    }
    if (auto wrong = flows_(frame->from, frame->to).arrive(*frame); !wrong.empty()) {
        throw std::logic_error(wrong);
    }
    ++handled_;
}

std::string NetworkGuest::unfinished()
{
    if (has_stopped()) {
        return {};
    }
    for (const unsigned peer : peers_) {
        const auto& flow = flows_(options_.station, peer);
        if (flow.sent != flow.wanted) {
            return vmm_.guest.name + ": stuck with " + std::to_string(flow.sent) + " of " +
                   std::to_string(flow.wanted) + " frames to " + std::to_string(peer) + " sent, " +
                   std::to_string(flow.arrived) + " arrived";
        }
    }
    if (!transmit_.by_head.empty()) {
        return vmm_.guest.name + ": stuck with " + std::to_string(transmit_.by_head.size()) +
               " frames in its transmit queue";
    }
    return {};
}

} // namespace simulation
