// SPDX-License-Identifier: BSD-2-Clause
// Guests on one network device, with a switch between them or without.
#include "hardware.hpp"
#include "network_hardware.hpp"
#include "network_vmm.hpp"
#include "world.hpp"

#include <algorithm>
#include <map>

namespace simulation {

namespace {

using namespace sddf::network;

constexpr std::uintptr_t k_registers = 0x10000;
constexpr std::uint64_t  k_io        = 0x5'0000'0000'0000;
constexpr unsigned       k_irq       = 10;
constexpr unsigned       k_most      = 3; ///< guests

sddf::DeviceRegion with_device(kit::Memory& memory)
{
    return {memory.region(), memory.region().vaddr + k_io};
}

template <class Config>
Config& config_of(Component& component)
{
    auto& config = component.object<Config>("net_config");
    config.magic = sddf::magic_of(sddf::Class::network);
    return config;
}

class NetworkWorld final : public World {
public:
    NetworkWorld();
    std::string verdict() override;

private:
    void        set_up_flows();
    void        set_up_hardware();
    void        set_up_driver();
    void        set_up_virtualisers();
    void        set_up_switch();
    void        set_up_copier(NetworkVmm& it);
    void        set_up_guest(NetworkVmm& it);
    bool        send_more();
    void        send_from_outside();
    std::string home();
    Flow&       flow(unsigned from, unsigned to) { return flows_[{from, to}]; }

    Scheduler&                               scheduler_ = Scheduler::current();
    Random&                                  random_    = scheduler_.random;
    bool                                     switched_  = random_.one_in(2);
    NetworkHardware                          nic_;
    virtio::Network                          hardware_{nic_};
    virtio::Memory                           dma_;
    Component                                driver_{"net_virtio", 60};
    Component                                tx_{"net_virt_tx", 55};
    Component                                rx_{"net_virt_rx", 50};
    Component                                switch_{"net_vswitch", 45};
    IrqLine                                  irq_{driver_, k_irq};
    virtio::MmioTransport                    registers_{hardware_, dma_, irq_};
    kit::Memory                              rings_{0x10000};
    kit::Memory                              data_{std::size_t{k_receive_buffers} * k_buffer_size};
    kit::Memory                              metadata_{4096};
    kit::NetLink                             driver_rx_{k_receive_buffers};
    kit::NetLink                             driver_tx_{64};
    kit::NetLink                             switch_rx_{k_receive_buffers};
    kit::NetLink                             switch_tx_{64};
    std::vector<std::unique_ptr<NetworkVmm>> vmms_;
    std::map<std::pair<unsigned, unsigned>, Flow> flows_;
};

NetworkWorld::NetworkWorld()
{
    const unsigned guests = 1 + random_.below(k_most);
    for (unsigned i = 0; i < guests; ++i) {
        vmms_.push_back(
            std::make_unique<NetworkVmm>(i, static_cast<std::uint16_t>(8U << random_.below(2))));
    }
    set_up_flows();
    set_up_hardware();
    set_up_driver();
    set_up_virtualisers();
    if (switched_) {
        set_up_switch();
    }
    for (auto& it : vmms_) {
        set_up_copier(*it);
        set_up_guest(*it);
    }
    for (auto* it : {&driver_, &tx_, &rx_}) {
        it->start();
    }
    if (switched_) {
        switch_.start();
    }
}

/// Who sends how many frames to whom. Within its window no flow may lose one.
void NetworkWorld::set_up_flows()
{
    std::vector<unsigned> stations{k_outside};
    for (const auto& it : vmms_) {
        stations.push_back(it->station);
    }
    for (const unsigned from : stations) {
        for (const auto& it : vmms_) {
            if (from == it->station || (from != k_outside && !switched_)) {
                continue;
            }
            auto& to_guest  = flow(from, it->station);
            to_guest.wanted = random_.below(20);
            to_guest.window = std::max(1U, static_cast<unsigned>(it->buffers / (2 * vmms_.size())));
        }
        if (from != k_outside) {
            flow(from, k_outside).wanted = random_.below(30);
            flow(from, k_outside).window = ~0U;
        }
    }
    for (const auto& it : vmms_) { // some are sent more than they have room for
        const bool flooded = random_.one_in(6);
        for (auto& [pair, one] : flows_) {
            if (flooded && pair.second == it->station) {
                one.may_lose = true;
                one.window   = ~0U;
            }
        }
    }
    for (auto& [pair, one] : flows_) { // a network may lose frames where a domain is restarted
        one.disturbed = scheduler_.mode.restarts != 0;
    }
    scheduler_.at_rest([this] {
        return std::ranges::count_if(flows_, [](auto& it) { return it.second.give_up(); }) != 0 ||
               (scheduler_.end_restarts() && verdict().empty() && send_more());
    });
}

/// Nothing is restarted any more, so that no more is lost.
bool NetworkWorld::send_more()
{
    for (auto& [pair, one] : flows_) {
        one.disturbed = false;
        one.wanted += 4;
    }
    return true;
}

void NetworkWorld::set_up_hardware()
{
    std::vector<kit::Memory*> all{&rings_, &data_};
    for (auto& it : vmms_) {
        all.push_back(&it->tx_data);
    }
    for (kit::Memory* memory : all) {
        const auto region = memory->region();
        if (!dma_.add(base::GuestPhysical{region.vaddr + k_io}, region.bytes())) {
            throw std::logic_error("the device cannot have that much memory");
        }
    }
    Bus::instance().add(k_registers, registers_);
    nic_.on_sent = [this](std::span<const std::byte> bytes) {
        const auto frame = Frame::parse(bytes);
        if (!frame || frame->to != k_outside) {
            scheduler_.fail("a damaged frame went outside");
        } else if (auto wrong = flow(frame->from, k_outside).arrive(*frame); !wrong.empty()) {
            scheduler_.fail(wrong);
        }
    };
    scheduler_.add_hardware(
        "frames go out", [this] { return nic_.is_awaited; },
        [this] {
            nic_.credits += 1 + random_.below(6);
            nic_.is_awaited = false; // a device that was reset meanwhile has nothing to send
            hardware_.transmit_ready();
        });
    scheduler_.add_hardware(
        "a frame comes in",
        [this] {
            return nic_.frames.size() < 6 && std::ranges::any_of(vmms_, [&](const auto& it) {
                       return flow(k_outside, it->station).can_send();
                   });
        },
        [this] { send_from_outside(); });
}

void NetworkWorld::send_from_outside()
{
    if (random_.one_in(16)) {
        nic_.frames.push_back(Frame{.from = k_outside, .to = 50}.bytes()); // nobody's
    }
    const auto first = random_.below(vmms_.size());
    for (unsigned i = 0; i < vmms_.size(); ++i) {
        const unsigned station = vmms_[(first + i) % vmms_.size()]->station;
        auto&          to      = flow(k_outside, station);
        if (to.can_send()) {
            nic_.frames.push_back(Frame{.from     = k_outside,
                                        .to       = station,
                                        .sequence = to.sent++,
                                        .size     = Frame::k_least + random_.below(1455)}
                                      .bytes());
            break;
        }
    }
    hardware_.received();
}

void NetworkWorld::set_up_driver()
{
    auto& resources       = driver_.object<sddf::DeviceResources>("device_resources");
    resources.magic       = sddf::magic_of(sddf::Class::device_resources);
    resources.num_regions = 2;
    resources.num_irqs    = 1;
    resources.regions[0]  = {{k_registers, Bus::k_size}, 0};
    resources.regions[1]  = with_device(rings_);
    resources.irqs[0]     = k_irq;
    auto& config          = config_of<DriverConfig>(driver_);
    config.virt_rx        = driver_rx_.connection(0);
    config.virt_tx        = driver_tx_.connection(1);
    connect(driver_, 0, rx_, 0);
    connect(driver_, 1, tx_, 0);
}

void NetworkWorld::set_up_virtualisers()
{
    auto& rx           = config_of<RxVirtConfig>(rx_);
    auto& tx           = config_of<TxVirtConfig>(tx_);
    rx.driver          = driver_rx_.connection(0);
    rx.data            = with_device(data_);
    rx.buffer_metadata = metadata_.region();
    tx.driver          = driver_tx_.connection(0);
    rx.num_clients     = tx.num_clients =
        switched_ ? std::uint8_t{1} : static_cast<std::uint8_t>(vmms_.size());
    if (switched_) {
        rx.clients[0].connection  = switch_rx_.connection(1);
        tx.clients[0].connection  = switch_tx_.connection(1);
        tx.clients[0].num_regions = static_cast<std::uint8_t>(vmms_.size());
        connect(rx_, 1, switch_, 0);
        connect(tx_, 1, switch_, 1);
    }
    for (std::uint8_t i = 0; i < vmms_.size(); ++i) {
        auto&      it     = *vmms_[i];
        const auto region = TxVirtConfig::DataRegion{with_device(it.tx_data), it.buffers};
        if (switched_) {
            auto& client                      = rx.clients[0];
            client.mac_addrs[client.num_macs] = mac_of(it.station);
            ++client.num_macs;
            tx.clients[0].regions[i] = region;
            continue;
        }
        const auto channel         = static_cast<std::uint8_t>(1 + i);
        rx.clients[i].connection   = it.frames.connection(channel);
        rx.clients[i].mac_addrs[0] = mac_of(it.station);
        rx.clients[i].num_macs     = 1;
        tx.clients[i].connection   = it.sent.connection(channel);
        tx.clients[i].regions[0]   = region;
        tx.clients[i].num_regions  = 1;
        connect(rx_, channel, it.copier, 0);
        connect(tx_, channel, it.vmm, k_transmit_channel);
    }
}

void NetworkWorld::set_up_switch()
{
    auto& config     = config_of<SwitchConfig>(switch_);
    config.num_ports = static_cast<std::uint8_t>(vmms_.size() + 1);
    for (std::uint8_t i = 0; i < vmms_.size(); ++i) {
        auto&      it   = *vmms_[i];
        const auto rx   = static_cast<std::uint8_t>(10 + i);
        const auto tx   = static_cast<std::uint8_t>(20 + i);
        config.ports[i] = {.rx       = it.frames.connection(rx),
                           .tx       = it.sent.connection(tx),
                           .tx_data  = it.tx_data.region(),
                           .mac_addr = mac_of(it.station),
                           .acl      = ~0ULL};
        connect(switch_, rx, it.copier, 0);
        connect(switch_, tx, it.vmm, k_transmit_channel);
    }
    config.ports[vmms_.size()] = {.rx       = switch_tx_.connection(1),
                                  .tx       = switch_rx_.connection(0),
                                  .tx_data  = data_.region(),
                                  .mac_addr = {},
                                  .acl      = ~0ULL};
    config.buffer_metadata     = metadata_.region();
}

void NetworkWorld::set_up_copier(NetworkVmm& it)
{
    auto& config       = config_of<CopierConfig>(it.copier);
    config.rx          = it.frames.connection(0);
    config.client      = it.received.connection(1);
    config.client_data = it.rx_data.region();
    for (std::size_t i = 0; switched_ && i < vmms_.size(); ++i) {
        config.rx_data[i] = vmms_[i]->tx_data.region();
    }
    config.rx_data[switched_ ? vmms_.size() : 0] = data_.region();
    connect(it.copier, 1, it.vmm, k_receive_channel);
    it.copier.start();
}

void NetworkWorld::set_up_guest(NetworkVmm& it)
{
    std::vector<unsigned> peers{k_outside};
    for (const auto& other : vmms_) {
        if (switched_ && other->station != it.station) {
            peers.push_back(other->station);
        }
    }
    NetworkGuest::Options options{.station   = it.station,
                                  .features  = random_.next() | virtio::k_feature_version_1,
                                  .ring_size = static_cast<std::uint16_t>(16U << random_.below(2)),
                                  .resets    = random_.one_in(4) ? 1 + random_.below(2) : 0};
    if (random_.one_in(5)) {
        options.stops_after = random_.below(20);
        for (const unsigned peer : peers) {
            flow(it.station, peer).may_lose = flow(peer, it.station).may_lose = true;
        }
    }
    if (options.resets != 0) {
        for (const unsigned peer : peers) {
            flow(it.station, peer).may_lose = flow(peer, it.station).may_lose = true;
        }
    }
    it.vmm.start(
        [&it] {
            const ClientConfig config{.magic    = sddf::magic_of(sddf::Class::network),
                                      .rx       = it.received.connection(k_receive_channel),
                                      .rx_data  = it.rx_data.region(),
                                      .tx       = it.sent.connection(k_transmit_channel),
                                      .tx_data  = it.tx_data.region(),
                                      .mac_addr = mac_of(it.station)};
            if (const auto opened = it.card.open(config); !opened) {
                throw std::logic_error{std::string{opened.error().what}};
            }
        },
        [&it](unsigned channel) {
            if (channel == k_transmit_channel) {
                it.device->transmit_ready();
            } else {
                it.device->received();
            }
        });
    it.device.emplace(it.card);
    it.guest.emplace(
        it.vmm, *it.device, options,
        [this](unsigned from, unsigned to) -> Flow& { return flow(from, to); }, peers);
    it.guest->start();
}

/// Whether all buffers are where they were at the beginning.
std::string NetworkWorld::home()
{
    for (auto& it : vmms_) {
        // The card keeps one at hand.
        const auto back = in_ring(it->sent, it->sent.free);
        if (back != it->buffers && back + 1 != it->buffers) {
            return it->vmm.name + ": of " + std::to_string(it->buffers) + " transmit buffers " +
                   std::to_string(back) + " came back";
        }
        const auto free   = in_ring(it->received, it->received.free);
        const auto filled = in_ring(it->received, it->received.active);
        if (!it->guest->has_stopped() && free + filled != it->buffers) {
            return it->vmm.name + ": of " + std::to_string(it->buffers) + " receive buffers " +
                   std::to_string(free) + " are free and " + std::to_string(filled) + " filled";
        }
    }
    return {};
}

std::string NetworkWorld::verdict()
{
    for (auto& it : vmms_) {
        if (auto missing = it->guest->unfinished(); !missing.empty()) {
            return missing;
        }
    }
    for (const auto& [pair, one] : flows_) {
        if (!one.may_lose && one.arrived + one.lost != one.wanted) {
            return "of " + std::to_string(one.wanted) + " frames from " +
                   std::to_string(pair.first) + " to " + std::to_string(pair.second) + " " +
                   std::to_string(one.sent) + " were sent and " + std::to_string(one.arrived) +
                   " arrived";
        }
    }
    return home();
}

} // namespace

std::unique_ptr<World> make_network_world() { return std::make_unique<NetworkWorld>(); }

} // namespace simulation
