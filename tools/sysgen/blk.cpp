// SPDX-License-Identifier: BSD-2-Clause
// <blk>: one disk divided by partitions. A driver, a virtualiser, and for each link a page about
// the disk, a ring of requests and a ring of responses; each client has a region that the device
// reaches.
#include "driver.hpp"
#include "layout.hpp"

#include <fmt/format.h>

namespace sysgen {

namespace {

constexpr std::uint64_t k_virt_data     = 0xa000; ///< partition tables
constexpr std::uint64_t k_client_data   = 0x20'0000;
constexpr std::uint64_t k_most_requests = 1024;

struct Connection {
    Mapping       info;
    Mapping       requests;
    Mapping       responses;
    std::uint64_t capacity = 0;
    unsigned      channel  = 0;
};

struct Link {
    Connection owner; ///< driver or virtualiser: writes the page
    Connection user;
};

void put(ConfigBytes& config, std::size_t offset, const Connection& connection)
{
    config.region(offset, connection.info);
    config.region(offset + 16, connection.requests);
    config.region(offset + 32, connection.responses);
    config.u16(offset + 48, connection.capacity);
    config.u8(offset + 50, connection.channel);
}

Result<Link> link(Layout& layout, const std::string& name, Domain& owner, Domain& user,
                  std::uint64_t capacity)
{
    // A request has 32 bytes and a response 12; rings begin with their indices.
    const auto ring      = (128 * capacity + k_page - 1) / k_page * k_page;
    const auto info      = layout.add_region(name + "_storage_info", k_page);
    const auto requests  = layout.add_region(name + "_requests", ring);
    const auto responses = layout.add_region(name + "_responses", ring);
    const auto ends      = TRY(layout.connect(owner, user));
    const auto see       = [&](Domain& domain, Access access, unsigned channel) {
        return Connection{.info      = {domain.map(info, access), info.size},
                                .requests  = {domain.map(requests, Access::read_write), requests.size},
                                .responses = {domain.map(responses, Access::read_write), responses.size},
                                .capacity  = capacity,
                                .channel   = channel};
    };
    return Link{.owner = see(owner, Access::read_write, ends.first),
                .user  = see(user, Access::read, ends.second)};
}

struct Client {
    Use           use;
    std::uint64_t capacity  = 0;
    std::uint64_t partition = 0;
};

Result<Client> read(const Document& document, const Use& use)
{
    TRY(document.allow(use.node, {"blk", "partition", "queue", "size", "region"}));
    Client client{.use       = use,
                  .capacity  = TRY(document.number_or(use.node, "queue", 128)),
                  .partition = TRY(document.number_or(use.node, "partition", 0))};
    if (client.capacity == 0 || client.capacity > k_most_requests) {
        return refuse(use.line, fmt::format("a queue of {} requests", client.capacity),
                      fmt::format("1 to {}", k_most_requests));
    }
    return client;
}

/// The client's buffers: a region of its own, or one that the layout names (a guest's RAM).
Result<Region> data_region(Layout& layout, const Client& client, const std::string& name)
{
    const auto node = client.use.node;
    if (const auto named = node.attribute("region")) {
        const auto region = TRY(layout.find_region(node, named.value()));
        if (!region.physical) {
            return refuse(client.use.line,
                          fmt::format("the disk cannot reach the memory region '{}'", region.name),
                          "give it a phys_addr");
        }
        return region;
    }
    const auto size = TRY(layout.document().number_or(node, "size", k_client_data));
    return layout.add_device_region(node, name, size);
}

} // namespace

Result<> expand_blk(Layout& layout, pugi::xml_node node)
{
    TRY(layout.document().allow(node, {"name", "device"}));
    TRY(layout.document().allow_children(node, {"driver", "virt"}));
    const auto name = TRY(layout.document().text_of(node, "name"));

    std::vector<Client> clients;
    std::uint64_t       requests = 0;
    for (const auto& use : TRY(layout.uses("blk", name))) {
        clients.push_back(TRY(read(layout.document(), use)));
        requests += clients.back().capacity;
    }
    if (requests == 0 || requests > k_most_requests) {
        return refuse(
            layout.document().line(node),
            fmt::format("the clients of '{}' have queues of {} requests in all", name, requests),
            fmt::format("1 to {}: give it a client, or clients a smaller queue=\"…\"",
                        k_most_requests));
    }

    auto& driver = *TRY(add_driver(layout, node, "blk", name, 253));
    auto& virt   = *TRY(layout.add_domain(node, "virt", name + "_virt", "blk_virt.elf", 251));

    ConfigBytes driver_config{Class::blk, 64};
    ConfigBytes virt_config{Class::blk, 5728};
    const auto  to_driver = TRY(link(layout, name + "_driver", driver, virt, requests));
    put(driver_config, 8, to_driver.owner);
    put(virt_config, 16, to_driver.user);
    const auto tables = TRY(layout.add_device_region(node, name + "_tables", k_virt_data));
    virt_config.device_region(16 + 56, {virt.map(tables, Access::read_write), tables.size},
                              *tables.physical);

    for (std::size_t i = 0; i < clients.size(); ++i) {
        auto&       domain = *clients[i].use.client;
        const auto  label  = domain.name() + clients[i].use.suffix;
        const auto  stem   = fmt::format("{}_{}", name, label);
        const auto  data   = TRY(data_region(layout, clients[i], stem + "_data"));
        const auto  joined = TRY(link(layout, stem, virt, domain, clients[i].capacity));
        ConfigBytes config{Class::blk, 80};
        put(config, 8, joined.user);
        config.region(64, {domain.map(data, Access::read_write), data.size});

        const auto at = 96 + 88 * i;
        put(virt_config, at, joined.owner);
        virt_config.device_region(at + 56, {virt.map(data, Access::read_write), data.size},
                                  *data.physical);
        virt_config.u32(at + 80, clients[i].partition);
        layout.configure(domain, ".blk_client_config" + clients[i].use.suffix,
                         fmt::format("{}/blk_client_{}", name, label), config);
        domain.node().remove_child(clients[i].use.node);
    }
    virt_config.u64(8, clients.size());
    layout.configure(driver, ".blk_driver_config", name + "/blk_driver", driver_config);
    layout.configure(virt, ".blk_virt_config", name + "/blk_virt", virt_config);
    return {};
}

} // namespace sysgen
