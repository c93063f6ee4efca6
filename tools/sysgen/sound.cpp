// SPDX-License-Identifier: BSD-2-Clause
// <sound>: one sound card for several clients. A driver, a virtualiser, and for each link a page
// about the streams, two rings of commands and two of PCM buffers; each client has a region that
// the device reaches. sDDF has no sections for this class: see lib/sddf's sddf/sound.hpp.
#include "driver.hpp"
#include "layout.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sysgen {

namespace {

constexpr std::size_t   k_connection_size = 88;
constexpr std::size_t   k_client_size     = 120;
constexpr std::size_t   k_most_clients    = 16;
constexpr std::uint64_t k_most_streams    = 32;
constexpr std::uint64_t k_command_ring    = 0x1000; ///< 64 of 16 bytes, and two counters
constexpr std::uint64_t k_pcm_ring        = 0x3000; ///< 256 of 32 bytes, likewise
constexpr std::uint64_t k_sound_data      = 0x4'0000;

/// A section with this class's own magic.
ConfigBytes section(std::size_t size)
{
    ConfigBytes config{size};
    config.text(0, "lvmm");
    config.u8(4, 2);
    return config;
}

/// One end of a link, as it stands in a section.
struct Connection {
    std::array<Mapping, 5> regions; ///< page, commands, their answers, buffers, their answers
    unsigned               channel = 0;

    void put(ConfigBytes& config, std::size_t offset) const
    {
        for (std::size_t i = 0; i < regions.size(); ++i) {
            config.region(offset + 16 * i, regions[i]);
        }
        config.u8(offset + 80, channel);
    }
};

struct Link {
    Connection owner; ///< writes the page
    Connection user;
};

Result<Link> link(Layout& layout, const std::string& name, Domain& owner, Domain& user)
{
    const std::array<Region, 5> regions{
        layout.add_region(name + "_streams", k_page),
        layout.add_region(name + "_commands", k_command_ring),
        layout.add_region(name + "_command_answers", k_command_ring),
        layout.add_region(name + "_buffers", k_pcm_ring),
        layout.add_region(name + "_buffer_answers", k_pcm_ring),
    };
    const auto ends = TRY(layout.connect(owner, user));
    const auto see  = [&](Domain& domain, Access page, unsigned channel) {
        Connection connection{.regions = {}, .channel = channel};
        for (std::size_t i = 0; i < regions.size(); ++i) {
            connection.regions[i] = {domain.map(regions[i], i == 0 ? page : Access::read_write),
                                     regions[i].size};
        }
        return connection;
    };
    return Link{.owner = see(owner, Access::read_write, ends.first),
                .user  = see(user, Access::read, ends.second)};
}

struct Client {
    Use           use;
    std::uint64_t playback = 0;
    std::uint64_t capture  = 0;
    std::uint64_t size     = 0;
};

Result<Client> read(const Document& document, const Use& use)
{
    TRY(document.allow(use.node, {"sound", "playback", "capture", "size"}));
    Client client{.use      = use,
                  .playback = TRY(document.number_or(use.node, "playback", 1)),
                  .capture  = TRY(document.number_or(use.node, "capture", 1)),
                  .size     = TRY(document.number_or(use.node, "size", k_sound_data))};
    if (client.playback + client.capture == 0 || client.playback > k_most_streams ||
        client.capture > k_most_streams - client.playback) {
        return refuse(use.line,
                      fmt::format("a sound client with {} streams for playback and {} for capture",
                                  client.playback, client.capture),
                      fmt::format("1 to {} in all", k_most_streams));
    }
    if (client.size == 0 || client.size % k_page != 0) {
        return refuse(use.line, fmt::format("{} bytes for sound buffers", hex(client.size)),
                      "a multiple of 0x1000, which is one buffer");
    }
    return client;
}

} // namespace

Result<> expand_sound(Layout& layout, pugi::xml_node node)
{
    TRY(layout.document().allow(node, {"name", "device", "timer"}));
    TRY(layout.document().allow_children(node, {"driver", "virt"}));
    const auto name = TRY(layout.document().text_of(node, "name"));

    std::vector<Client> clients;
    unsigned            playback = 0;
    unsigned            capture  = 0;
    for (const auto& use : TRY(layout.uses("sound", name))) {
        clients.push_back(TRY(read(layout.document(), use)));
        playback += static_cast<unsigned>(clients.back().playback);
        capture += static_cast<unsigned>(clients.back().capture);
    }
    if (clients.empty() || clients.size() > k_most_clients) {
        return refuse(layout.document().line(node),
                      fmt::format("'{}' has {} clients", name, clients.size()),
                      fmt::format("1 to {}: <sound sound=\"{}\"/> in a guest, <use sound=\"{}\"/> "
                                  "in a protection domain",
                                  k_most_clients, name, name));
    }
    auto& driver = *TRY(add_driver(layout, node, "sound", name, 253));
    auto& virt   = *TRY(layout.add_domain(node, "virt", name + "_virt", "sound_virt.elf", 251));
    layout.need_streams(playback, capture);
    // With a timer the virtualiser can tell that a client is gone.
    auto timer = node.attribute("timer");
    if (!timer) {
        timer = layout.document().system().child("timer").attribute("name");
    }
    if (timer) {
        virt.node().append_child("use").append_attribute("timer").set_value(timer.value());
    }

    auto       driver_config = section(8 + k_connection_size);
    auto       virt_config   = section(104 + k_client_size * k_most_clients);
    const auto to_driver     = TRY(link(layout, name + "_driver", driver, virt));
    to_driver.owner.put(driver_config, 8);
    to_driver.user.put(virt_config, 8);
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const auto& client = clients[i];
        auto&       domain = *client.use.client;
        const auto  label  = domain.name() + client.use.suffix;
        const auto  stem   = fmt::format("{}_{}", name, label);
        const auto  data =
            TRY(layout.add_device_region(client.use.node, stem + "_data", client.size));
        const auto joined = TRY(link(layout, stem, virt, domain));

        auto config = section(128);
        joined.user.put(config, 8);
        config.region(96, {domain.map(data, Access::read_write), data.size});
        config.u64(120, data.size);

        const auto at = 104 + k_client_size * i;
        joined.owner.put(virt_config, at);
        virt_config.device_region(at + 88, {virt.map(data, Access::read_write), data.size},
                                  *data.physical);
        virt_config.u8(at + 112, client.playback);
        virt_config.u8(at + 113, client.capture);
        layout.configure(domain, ".sound_client_config" + client.use.suffix,
                         fmt::format("{}/sound_client_{}", name, label), config);
        domain.node().remove_child(client.use.node);
    }
    virt_config.u64(96, clients.size());
    layout.configure(driver, ".sound_driver_config", name + "/sound_driver", driver_config);
    layout.configure(virt, ".sound_virt_config", name + "/sound_virt", virt_config);
    return {};
}

} // namespace sysgen
