// SPDX-License-Identifier: BSD-2-Clause
// Network virtualiser, receiving: each frame to the clients whose address it bears.
//
// The frame stays in the device's buffer, which goes back to the driver when all its readers have
// returned it. Who holds which buffer is written down: nobody can return what it does not hold.
#include "holders.hpp"
#include "link.hpp"

#include "arch/cache.hpp"
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"

#include <algorithm>
#include <cstring>

SDDF_CONFIG(".net_virt_rx_config") sddf::network::RxVirtConfig net_config;

constinit net_virt_rx::Holders net_virt_rx::holders;

namespace {

using net_link::Link;
using net_virt_rx::holders;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;
using sddf::network::MacAddress;

constexpr std::size_t k_ethernet_header = 14;

/// The first is the driver, then the clients.
std::array<Link, 1 + sddf::k_max_clients> all;
Link&                                     driver = all[0];
std::span<Link>                           clients{&all[1], sddf::k_max_clients};

/// Of a batch of work; in memory that a restart keeps, as the holders.
constinit sddf::Journal journal;

std::span<Link> links() { return std::span{all}.first(1 + std::size_t{net_config.num_clients}); }

std::uint32_t buffers() { return net_config.driver.num_buffers; }

void give_back(std::uint64_t offset)
{
    // There is room: the ring has a slot for each buffer.
    (void)driver.out.push({.io_or_offset = net_config.data.io_addr + offset});
}

/// Which clients get a frame to this address. Multicast goes to everybody, as broadcast does: it is
/// the receiver that knows which groups it is in.
std::uint64_t receivers(const MacAddress& destination)
{
    const bool    is_group = (destination[0] & 1) != 0;
    std::uint64_t group    = 0;
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        const auto& client = net_config.clients[i];
        const auto  count  = std::min<std::size_t>(client.num_macs, client.mac_addrs.size());
        const auto  end    = client.mac_addrs.begin() + static_cast<std::ptrdiff_t>(count);
        if (is_group) {
            group |= std::uint64_t{1} << i;
        } else if (std::find(client.mac_addrs.begin(), end, destination) != end) {
            return std::uint64_t{1} << i;
        }
    }
    return group;
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
            if ((wanted & bit) != 0 && clients[i].out.push(local)) {
                held |= bit;
            }
        }
    }
    if (held == 0) {
        give_back(local.io_or_offset);
    } else {
        const auto number = local.io_or_offset / k_buffer_size;
        journal.note(holders.of(number));
        holders.set(number, held);
    }
}

/// Before each buffer: a long batch is shown in parts.
void make_room()
{
    if (!journal.has_room(sizeof(std::uint64_t))) {
        net_link::show(links(), journal);
    }
}

void take_returned(unsigned client)
{
    auto& ring = clients[client].in;
    for (auto left = ring.available(); left != 0; --left) {
        make_room();
        const auto buffer = ring.pop();
        if (!buffer) {
            break;
        }
        if (!sddf::network::is_buffer(*buffer, buffers())) {
            continue;
        }
        const auto number = buffer->io_or_offset / k_buffer_size;
        journal.note(holders.of(number));
        if (holders.remove(number, client)) {
            give_back(buffer->io_or_offset);
        }
    }
}

void run()
{
    net_link::ask(links());
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        take_returned(i);
    }
    for (auto left = driver.in.available(); left != 0; --left) {
        make_room();
        const auto frame = driver.in.pop();
        if (!frame) {
            break;
        }
        deliver(*frame);
    }
    net_link::show(links(), journal);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(net_config));
    journal.recover();
    const auto& connection = net_config.driver;
    if (connection.num_buffers > net_virt_rx::Holders::k_most ||
        net_config.data.region.size < std::uint64_t{connection.num_buffers} * k_buffer_size) {
        microkit::panic("there are too many buffers for their region, or more than 4096");
    }
    (void)require(sddf::network::fill_free_ring(connection.free_queue.bytes(),
                                                connection.num_buffers, net_config.data.io_addr));
    require(driver.open_receiving(connection));
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        require(clients[i].open_sending(net_config.clients[i].connection));
    }
    run();
    net_link::tell(links());
}

void notified(microkit::Channel) { run(); }
