// SPDX-License-Identifier: BSD-2-Clause
// <net>: one network device shared by clients, each with a copier of its own, and a switch between
// them and the virtualisers if there is a <vswitch>.
#include "driver.hpp"
#include "net_link.hpp"
#include "vswitch.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace sysgen {

using namespace net;

namespace {

constexpr std::size_t k_rx_clients = 88;
constexpr std::size_t k_rx_client  = 432;
constexpr std::size_t k_tx_clients = 48;
constexpr std::size_t k_tx_client  = 2096;

/// A client that names no address gets one by its place: locally administered, always the same.
Mac default_mac(const std::string& system, std::size_t index)
{
    unsigned sum = 0;
    for (const char c : system) {
        sum = 31 * sum + static_cast<unsigned char>(c);
    }
    return {
        0x02, 0x76, 0x6d, 0x6d, static_cast<std::uint8_t>(sum), static_cast<std::uint8_t>(index)};
}

Result<std::vector<Client>> read_clients(Layout& layout, pugi::xml_node node,
                                         const std::string& name, std::uint64_t buffers)
{
    std::vector<Client> clients;
    for (const auto& use : TRY(layout.uses("net", name))) {
        TRY(layout.document().allow(use.node, {"net", "mac", "buffers"}));
        const auto mac = use.node.attribute("mac");
        Client     client;
        client.use     = use;
        client.name    = use.client->name() + use.suffix;
        client.buffers = TRY(read_buffers(layout.document(), use.node, use.line, buffers));
        client.mac     = default_mac(name, clients.size());
        if (mac) {
            client.mac = TRY(parse_mac(mac.value(), use.line));
        }
        const auto same = std::ranges::find(clients, client.mac, &Client::mac);
        if (same != clients.end()) {
            return refuse(
                use.line,
                fmt::format("'{}' and '{}' have the same MAC address", same->name, client.name),
                "give each client a mac=\"…\" of its own");
        }
        clients.push_back(std::move(client));
    }
    if (clients.empty()) {
        return refuse(layout.document().line(node), fmt::format("nobody uses net '{}'", name),
                      fmt::format("give a protection domain <use net=\"{}\" />", name));
    }
    return clients;
}

/// The client with its copier, between `rx`, which hands it frames, and `tx`, which takes them.
Result<> join(Layout& layout, pugi::xml_node node, const std::string& name, Client& client,
              Domain& rx, Domain& tx, std::uint64_t system_buffers, Call call)
{
    auto&      domain = *client.use.client;
    const auto stem   = fmt::format("{}_{}", name, client.name);
    client.copier     = TRY(layout.add_domain(node, "copier", stem + "_copy", "net_copy.elf", 249));
    auto& copier      = *client.copier;

    const auto frames   = TRY(make_link(layout, stem + "_copy", rx, copier, system_buffers));
    const auto received = TRY(make_link(layout, stem + "_rx", copier, domain, client.buffers));
    const auto sent     = TRY(make_link(layout, stem + "_tx", domain, tx, client.buffers, call));
    const auto rx_data  = layout.add_region(stem + "_rx_data", k_buffer * client.buffers);
    client.tx_data      = TRY(
             layout.add_device_region(client.use.node, stem + "_tx_data", k_buffer * client.buffers));
    client.from_rx = frames.first;
    client.to_tx   = sent.second;

    put(client.copier_config, 8, frames.second);
    put(client.copier_config, 1072, received.first);
    client.copier_config.region(1112, {copier.map(rx_data, Access::read_write), rx_data.size});

    ConfigBytes config{Class::network, 128};
    put(config, 8, received.second);
    config.region(48, {domain.map(rx_data, Access::read_write), rx_data.size});
    put(config, 64, sent.first);
    config.region(104, {domain.map(client.tx_data, Access::read_write), client.tx_data.size});
    put(config, 120, client.mac);
    layout.configure(domain, ".net_client_config" + client.use.suffix,
                     name + "/net_client_" + client.name, config);
    domain.node().remove_child(client.use.node);
    return {};
}

/// One region of a client of the tx virtualiser.
void put_tx_region(ConfigBytes& config, std::size_t client, std::size_t index, Domain& tx,
                   const Client& owner)
{
    const auto at = k_tx_clients + k_tx_client * client + 40 + 32 * index;
    config.device_region(at, {tx.map(owner.tx_data, Access::read), owner.tx_data.size},
                         *owner.tx_data.physical);
    config.u32(at + 24, owner.buffers);
}

void configure_copiers(Layout& layout, const std::string& name, std::vector<Client>& clients,
                       const Region& dma, bool switched)
{
    for (auto& client : clients) {
        auto& copier = *client.copier;
        if (switched) {
            // The number of the port says whose buffers a frame is in.
            for (std::size_t port = 0; port < clients.size(); ++port) {
                const auto& data = clients[port].tx_data;
                client.copier_config.region(48 + 16 * port,
                                            {copier.map(data, Access::read), data.size});
            }
        }
        const auto last = switched ? clients.size() : 0;
        client.copier_config.region(48 + 16 * last, {copier.map(dma, Access::read), dma.size});
        layout.configure(copier, ".net_copy_config", name + "/net_copy_" + copier.name(),
                         client.copier_config);
    }
}

} // namespace

Result<> expand_net(Layout& layout, pugi::xml_node node)
{
    TRY(layout.document().allow(node, {"name", "device", "buffers"}));
    TRY(layout.document().allow_children(node,
                                         {"driver", "virt_rx", "virt_tx", "copier", "vswitch"}));
    TRY(layout.document().allow_children(node.child("vswitch"), {"allow"}));
    const auto name = TRY(layout.document().text_of(node, "name"));
    const auto buffers =
        TRY(read_buffers(layout.document(), node, layout.document().line(node), 512));
    auto clients = TRY(read_clients(layout, node, name, buffers));

    auto& driver = *TRY(add_driver(layout, node, "net", name, 253));
    auto& tx = *TRY(layout.add_domain(node, "virt_tx", name + "_virt_tx", "net_virt_tx.elf", 252));
    auto& rx = *TRY(layout.add_domain(node, "virt_rx", name + "_virt_rx", "net_virt_rx.elf", 251));
    const bool switched = static_cast<bool>(node.child("vswitch"));
    Domain*    vswitch  = nullptr;
    if (switched) {
        vswitch =
            TRY(layout.add_domain(node, "vswitch", name + "_vswitch", "net_vswitch.elf", 250));
    }

    ConfigBytes driver_config{Class::network, 88};
    ConfigBytes rx_config{Class::network, 27'744};
    ConfigBytes tx_config{Class::network, 134'200};

    std::uint64_t all_buffers = 0;
    for (const auto& client : clients) {
        all_buffers += client.buffers;
    }
    const auto tx_capacity = std::bit_ceil(all_buffers);
    const auto in          = TRY(make_link(layout, name + "_driver_rx", driver, rx, buffers));
    const auto out         = TRY(make_link(layout, name + "_driver_tx", driver, tx, tx_capacity));
    put(driver_config, 8, in.first);
    put(driver_config, 48, out.first);
    put(rx_config, 8, in.second);
    put(tx_config, 8, out.second);

    const auto dma = TRY(layout.add_device_region(node, name + "_rx_dma", k_buffer * buffers));
    const auto metadata =
        layout.add_region(name + "_rx_metadata", (buffers + k_page - 1) / k_page * k_page);
    rx_config.device_region(48, {rx.map(dma, Access::read), dma.size}, *dma.physical);
    rx_config.region(72, {rx.map(metadata, Access::read_write), metadata.size});

    for (auto& client : clients) {
        TRY(join(layout, node, name, client, switched ? *vswitch : rx, switched ? *vswitch : tx,
                 buffers, switched ? Call::also : Call::no));
    }
    configure_copiers(layout, name, clients, dma, switched);

    if (switched) {
        const auto joined = TRY(configure_switch(layout, node, name, *vswitch, rx, tx, clients, dma,
                                                 buffers, tx_capacity));
        put(rx_config, k_rx_clients, joined.rx);
        put(tx_config, k_tx_clients, joined.tx);
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const auto entry = switched ? 0 : i; // behind a switch all are one client
        const auto index = switched ? i : 0;
        put(rx_config, k_rx_clients + k_rx_client * entry + 40 + 6 * index, clients[i].mac);
        rx_config.u8(k_rx_clients + k_rx_client * entry + 424, index + 1);
        put_tx_region(tx_config, entry, index, tx, clients[i]);
        tx_config.u8(k_tx_clients + k_tx_client * entry + 2088, index + 1);
        if (!switched) {
            put(rx_config, k_rx_clients + k_rx_client * i, clients[i].from_rx);
            put(tx_config, k_tx_clients + k_tx_client * i, clients[i].to_tx);
        }
    }
    rx_config.u8(27'736, switched ? 1 : clients.size());
    tx_config.u8(134'192, switched ? 1 : clients.size());

    layout.configure(driver, ".net_driver_config", name + "/net_driver", driver_config);
    layout.configure(rx, ".net_virt_rx_config", name + "/net_virt_rx", rx_config);
    layout.configure(tx, ".net_virt_tx_config", name + "/net_virt_tx", tx_config);
    return {};
}

} // namespace sysgen
