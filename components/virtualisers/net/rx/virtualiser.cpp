// SPDX-License-Identifier: BSD-2-Clause
// Network virtualiser, receiving: each frame to the clients whose address it bears.
//
// The frame stays in the device's buffer, which goes back to the driver when all its readers have
// returned it. Who holds which buffer is written down: nobody can return what it does not hold.
#include "holders.hpp"

#include "arch/cache.hpp"
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"

#include <algorithm>
#include <cstring>

SDDF_CONFIG(".net_virt_rx_config") sddf::network::RxVirtConfig net_config;

constinit net_virt_rx::Holders net_virt_rx::holders;

namespace {

using net_virt_rx::holders;
using sddf::network::Consumer;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;
using sddf::network::MacAddress;
using sddf::network::Producer;

constexpr std::size_t k_ethernet_header = 14;

struct Client {
    Consumer returned;
    Producer frames;
};

Consumer                                from_driver;
Producer                                to_driver;
std::array<Client, sddf::k_max_clients> clients;

std::uint32_t buffers() { return net_config.driver.num_buffers; }

void give_back(std::uint64_t offset)
{
    // There is room: the ring has a slot for each buffer.
    (void)to_driver.push({.io_or_offset = net_config.data.io_addr + offset});
}

/// Which clients get a frame to this address. Multicast goes to everybody, as broadcast does: it is
/// the receiver that knows which groups it is in.
std::uint64_t receivers(const MacAddress& destination)
{
    const bool    is_group = (destination[0] & 1) != 0;
    std::uint64_t all      = 0;
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        const auto& client = net_config.clients[i];
        const auto  count  = std::min<std::size_t>(client.num_macs, client.mac_addrs.size());
        const auto  end    = client.mac_addrs.begin() + static_cast<std::ptrdiff_t>(count);
        if (is_group) {
            all |= std::uint64_t{1} << i;
        } else if (std::find(client.mac_addrs.begin(), end, destination) != end) {
            return std::uint64_t{1} << i;
        }
    }
    return all;
}

void deliver(const Descriptor& frame)
{
    Descriptor local = frame;
    local.io_or_offset -= net_config.data.io_addr;
    local.oid = 0;
    if (!sddf::network::is_buffer(local, buffers())) {
        return; // not ours, says the driver; nothing can be done with it
    }
    std::uint64_t held = 0;
    if (frame.len >= k_ethernet_header && frame.len <= k_buffer_size) {
        auto* const start = net_config.data.region.bytes().data() + local.io_or_offset;
        arch::clean_invalidate_data_cache(start, frame.len);
        MacAddress destination;
        std::memcpy(destination.data(), start, destination.size());
        const auto wanted = receivers(destination);
        for (unsigned i = 0; i < net_config.num_clients; ++i) {
            const auto bit = std::uint64_t{1} << i;
            if ((wanted & bit) != 0 && clients[i].frames.push(local)) {
                held |= bit;
            }
        }
    }
    if (held == 0) {
        give_back(local.io_or_offset);
    } else {
        holders.set(local.io_or_offset / k_buffer_size, held);
    }
}

void take_returned(unsigned client)
{
    auto& ring = clients[client].returned;
    for (auto left = ring.available(); left != 0; --left) {
        const auto buffer = ring.pop();
        if (!buffer) {
            break;
        }
        if (sddf::network::is_buffer(*buffer, buffers()) &&
            holders.remove(buffer->io_or_offset / k_buffer_size, client)) {
            give_back(buffer->io_or_offset);
        }
    }
    (void)ring.release();
}

/// Everything once. True: there is more already.
bool pass()
{
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        take_returned(i);
    }
    for (auto left = from_driver.available(); left != 0; --left) {
        const auto frame = from_driver.pop();
        if (!frame) {
            break;
        }
        deliver(*frame);
    }
    (void)from_driver.release();
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        if (clients[i].frames.publish_if_asked()) {
            microkit::Channel{net_config.clients[i].connection.id}.notify();
        }
    }
    if (to_driver.publish_if_asked()) {
        microkit::Channel{net_config.driver.id}.notify();
    }
    bool more = from_driver.ask_for_more();
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        more = clients[i].returned.ask_for_more() || more;
    }
    return more;
}

void run()
{
    while (pass()) {
    }
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(net_config));
    const auto& driver = net_config.driver;
    if (driver.num_buffers > net_virt_rx::Holders::k_most ||
        net_config.data.region.size < std::uint64_t{driver.num_buffers} * k_buffer_size) {
        microkit::panic("there are too many buffers for their region, or more than 4096");
    }
    require(from_driver.open(driver.active_queue.bytes(), driver.num_buffers));
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        const auto& connection = net_config.clients[i].connection;
        require(clients[i].returned.open(connection.free_queue.bytes(), connection.num_buffers));
        require(clients[i].frames.open(connection.active_queue.bytes(), connection.num_buffers));
    }
    if (require(sddf::network::fill_free_ring(driver.free_queue.bytes(), driver.num_buffers,
                                              net_config.data.io_addr))) {
        microkit::Channel{driver.id}.notify();
    }
    require(to_driver.open(driver.free_queue.bytes(), driver.num_buffers));
    run();
}

void notified(microkit::Channel) { run(); }
