// SPDX-License-Identifier: BSD-2-Clause
// The control program: lets the host reach into guests, over a serial port and virtIO sockets.
#include "bridge.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "vsock/links.hpp"

#include <array>
#include <optional>

SDDF_CONFIG(".serial_client_config") sddf::serial::ClientConfig serial_config;
SDDF_CONFIG(".vsock_config") vsock::Config vsock_config;

namespace {

constinit vsock::Links                   links;
constinit control::Bridge::Storage       storage;
constinit std::optional<vsock::Endpoint> sockets;
constinit std::optional<control::Bridge> bridge;
sddf::serial::Consumer                   from_host;
sddf::serial::Producer                   to_host;

void run()
{
    bridge->run(from_host, to_host);
    if (to_host.publish()) {
        microkit::Channel{serial_config.tx.id}.notify();
    }
    if (from_host.release()) {
        microkit::Channel{serial_config.rx.id}.notify();
    }
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(serial_config));
    require(from_host.open(serial_config.rx.queue.bytes(), serial_config.rx.data.bytes()));
    require(to_host.open(serial_config.tx.queue.bytes(), serial_config.tx.data.bytes()));
    require(links.open(vsock_config));
    std::array<std::uint32_t, vsock::k_most_links> peers{};
    for (std::size_t i = 0; i < links.size(); ++i) {
        peers[i] = vsock_config.links[i].cid;
    }
    sockets.emplace(links.relay(), storage);
    bridge.emplace(*sockets, vsock_config.cid, std::span{peers}.first(links.size()));
    run(); // what the host said before a restart
}

void notified(microkit::Channel channel)
{
    links.notified(channel);
    run();
}
