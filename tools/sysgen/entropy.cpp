// SPDX-License-Identifier: BSD-2-Clause
// <entropy>: one source of random bytes for clients. A driver, and a ring of bytes for each client.
// No class of sDDF: see lib/sddf's sddf/entropy.hpp.
#include "driver.hpp"
#include "layout.hpp"
#include "serial_link.hpp"

#include <fmt/format.h>

namespace sysgen {

namespace {

constexpr std::uint64_t k_ring = k_page;

/// A section with this class's own magic.
ConfigBytes section(std::size_t size)
{
    ConfigBytes config{size};
    config.text(0, "lvmm");
    config.u8(4, 1);
    return config;
}

} // namespace

Result<> expand_entropy(Layout& layout, pugi::xml_node node)
{
    TRY(layout.document().allow(node, {"name", "device"}));
    TRY(layout.document().allow_children(node, {"driver"}));
    const auto name    = TRY(layout.document().text_of(node, "name"));
    const auto clients = TRY(layout.uses("entropy", name));
    auto&      driver  = *TRY(add_driver(layout, node, "entropy", name, 252));

    auto driver_config = section(2576);
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const auto& use = clients[i];
        TRY(layout.document().allow(use.node, {"entropy"}));
        const auto label = use.client->name() + use.suffix;
        const auto ring  = TRY(
             serial::link(layout, fmt::format("{}_{}", name, label), driver, *use.client, k_ring));
        ring.first.put(driver_config, 8 + serial::k_connection_size * i);
        auto config = section(48);
        ring.second.put(config, 8);
        layout.configure(*use.client, ".entropy_client_config" + use.suffix,
                         fmt::format("{}/entropy_client_{}", name, label), config);
        use.client->node().remove_child(use.node);
    }
    driver_config.u8(2568, clients.size());
    layout.configure(driver, ".entropy_driver_config", name + "/entropy_driver", driver_config);
    return {};
}

} // namespace sysgen
