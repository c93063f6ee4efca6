// SPDX-License-Identifier: BSD-2-Clause
#include "vswitch.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sysgen::net {

namespace {

constexpr std::size_t k_config_size = 7200;
constexpr std::size_t k_port        = 112;
constexpr std::size_t k_most_ports  = 31;

/// The port of a client by its name, or of the world outside.
Result<std::size_t> find_port(const Document& document, pugi::xml_node node, const char* attribute,
                              const std::vector<Client>& clients)
{
    const auto name = TRY(document.text_of(node, attribute));
    if (name == "outside") {
        return clients.size();
    }
    const auto found = std::ranges::find(clients, name, &Client::name);
    if (found == clients.end()) {
        std::vector<std::string> known;
        for (const auto& client : clients) {
            known.push_back(client.name);
        }
        return refuse(document.line(node), fmt::format("the switch has no client '{}'", name),
                      fmt::format("it has {} and outside", fmt::join(known, ", ")));
    }
    return static_cast<std::size_t>(found - clients.begin());
}

/// For each port the ports it may send to, as bits.
Result<std::vector<std::uint64_t>> read_rules(const Document& document, pugi::xml_node vswitch,
                                              const std::vector<Client>& clients)
{
    const auto                 ports = clients.size() + 1;
    std::vector<std::uint64_t> rules(ports);
    if (!vswitch.child("allow")) { // all with all
        for (std::size_t port = 0; port < ports; ++port) {
            rules[port] = ((std::uint64_t{1} << ports) - 1) & ~(std::uint64_t{1} << port);
        }
        return rules;
    }
    for (const auto rule : vswitch.children("allow")) {
        TRY(document.allow(rule, {"from", "to"}));
        const auto from = TRY(find_port(document, rule, "from", clients));
        const auto to   = TRY(find_port(document, rule, "to", clients));
        if (from == to) {
            return refuse(document.line(rule), "a port that sends to itself", "name two ports");
        }
        rules[from] |= std::uint64_t{1} << to;
    }
    return rules;
}

} // namespace

Result<SwitchLinks> configure_switch(Layout& layout, pugi::xml_node node, const std::string& name,
                                     Domain& vswitch, Domain& rx, Domain& tx,
                                     const std::vector<Client>& clients, const Region& dma,
                                     std::uint64_t buffers, std::uint64_t tx_capacity)
{
    if (clients.size() + 1 > k_most_ports) {
        return refuse(layout.document().line(node),
                      fmt::format("a switch with {} clients", clients.size()),
                      fmt::format("sDDF allows {}", k_most_ports - 1));
    }
    const auto rules = TRY(read_rules(layout.document(), node.child("vswitch"), clients));
    const auto from  = TRY(make_link(layout, name + "_switch_rx", rx, vswitch, buffers));
    const auto to    = TRY(make_link(layout, name + "_switch_tx", vswitch, tx, tx_capacity));

    ConfigBytes   config{Class::network, k_config_size};
    std::uint64_t references = buffers;
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const auto& client = clients[i];
        const auto  at     = 8 + k_port * i;
        put(config, at, client.from_rx);
        put(config, at + 40, client.to_tx);
        config.region(at + 80,
                      {vswitch.map(client.tx_data, Access::read_write), client.tx_data.size});
        put(config, at + 96, client.mac);
        config.u64(at + 104, rules[i]);
        references += client.buffers;
    }
    // The last port is the world outside, with its directions reversed.
    const auto at = 8 + k_port * clients.size();
    put(config, at, to.first);
    put(config, at + 40, from.second);
    config.region(at + 80, {vswitch.map(dma, Access::read), dma.size});
    config.u64(at + 104, rules.back());
    config.u8(7176, clients.size() + 1);

    const auto metadata =
        layout.add_region(name + "_switch_metadata", (references + k_page - 1) / k_page * k_page);
    config.region(7184, {vswitch.map(metadata, Access::read_write), metadata.size});
    layout.configure(vswitch, ".net_vswitch_config", name + "/net_vswitch", config);
    return SwitchLinks{.rx = from.first, .tx = to.second};
}

} // namespace sysgen::net
