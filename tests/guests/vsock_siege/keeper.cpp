// SPDX-License-Identifier: BSD-2-Clause
// Restarts one of its children when somebody connects to it: port 1 is the clock, port 2 the VMM of
// the second guest.
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "vsock/endpoint.hpp"
#include "vsock/links.hpp"

#include <optional>
#include <span>
#include <string_view>

SDDF_CONFIG(".vsock_config") vsock::Config vsock_config;

namespace {

constexpr unsigned k_children = 2;

constinit vsock::Links                     links;
constinit vsock::Endpoint::Storage<8, 256> storage;
constinit std::optional<vsock::Endpoint>   sockets;

} // namespace

void init()
{
    microkit::require(links.open(vsock_config));
    sockets.emplace(links.relay(), storage);
    for (unsigned child = 1; child <= k_children; ++child) {
        (void)sockets->listen(child);
    }
}

void notified(microkit::Channel channel)
{
    constexpr std::string_view k_answer = "restarted\n";
    links.notified(channel);
    for (unsigned child = 1; child <= k_children; ++child) {
        while (const auto guest = sockets->accept(child)) {
            microkit::ChildPd{child}.restart();
            (void)sockets->send(*guest, std::as_bytes(std::span{k_answer}));
            sockets->close(*guest);
        }
    }
    sockets->flush();
}

bool fault(unsigned child, microkit::MessageInfo /*message*/, microkit::MessageInfo* /*reply*/)
{
    microkit::debug_print("keeper: WRONG: child ", child, " has a fault\n");
    return false;
}
