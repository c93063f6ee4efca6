// SPDX-License-Identifier: BSD-2-Clause
// Takes a connection on port 5, promises room for a lot, and takes nothing ever after.
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "vsock/endpoint.hpp"
#include "vsock/links.hpp"

#include <optional>

SDDF_CONFIG(".vsock_config") vsock::Config vsock_config;

namespace {

constexpr std::uint32_t k_port = 5;

constinit vsock::Links                         links;
constinit vsock::Endpoint::Storage<2, 1 << 20> storage;
constinit std::optional<vsock::Endpoint>       sockets;
constinit bool                                 sleeps = false;

} // namespace

void init()
{
    microkit::require(links.open(vsock_config));
    sockets.emplace(links.relay(), storage);
    (void)sockets->listen(k_port);
}

void notified(microkit::Channel channel)
{
    if (sleeps) {
        return;
    }
    links.notified(channel);
    sleeps = sockets->accept(k_port).has_value();
    sockets->flush();
}
