// SPDX-License-Identifier: BSD-2-Clause
// Network virtualiser, sending: frames of many clients through one driver, in turns.
#include "arch/cache.hpp"
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/network.hpp"

#include <algorithm>
#include <array>

SDDF_CONFIG(".net_virt_tx_config") sddf::network::TxVirtConfig net_config;

namespace net_virt_tx {

/// Frames of each client that the driver has. A restart that keeps memory keeps it.
std::array<std::uint32_t, sddf::k_max_clients> outstanding;

} // namespace net_virt_tx

namespace {

using net_virt_tx::outstanding;
using sddf::network::Consumer;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;
using sddf::network::Producer;

struct Client {
    Consumer frames;
    Producer returned;
};

Producer                                to_driver;
Consumer                                from_driver;
std::array<Client, sddf::k_max_clients> clients;
unsigned                                next = 0; ///< whose turn it is

/// No more than it has buffers, lest one that sends a buffer twice takes the others' room.
bool may_send(unsigned client)
{
    return outstanding[client] < net_config.clients[client].connection.num_buffers &&
           to_driver.space() != 0;
}

bool has_work(unsigned client)
{
    return may_send(client) && clients[client].frames.available() != 0;
}

bool is_sendable(const sddf::network::TxVirtConfig::Client& client, const Descriptor& frame)
{
    return frame.len != 0 && frame.len <= k_buffer_size && frame.oid < client.num_regions &&
           sddf::network::is_buffer(frame, client.regions[frame.oid].num_buffers);
}

/// One frame of a client, if it has one and may. True: it was taken.
bool send(unsigned number)
{
    if (!may_send(number)) {
        return false;
    }
    const auto frame = clients[number].frames.pop();
    if (!frame) {
        return false;
    }
    clients[number].returned.adopt(); // the client has filled it, or it would have no frame
    const auto& config = net_config.clients[number];
    if (!is_sendable(config, *frame)) {
        // With its region where there is one: a switch finds the owner by that.
        const bool has_region = frame->oid < config.num_regions;
        (void)clients[number].returned.push({.io_or_offset = frame->io_or_offset,
                                             .oid = has_region ? frame->oid : std::uint8_t{0}});
        return true;
    }
    const auto& region = config.regions[frame->oid].region;
    arch::clean_data_cache(region.region.bytes().data() + frame->io_or_offset, frame->len);
    (void)to_driver.push({.io_or_offset = region.io_addr + frame->io_or_offset, .len = frame->len});
    ++outstanding[number];
    return true;
}

/// Finds a buffer's owner by its address.
void give_back(const Descriptor& buffer)
{
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        for (unsigned k = 0; k < net_config.clients[i].num_regions; ++k) {
            const auto&      region = net_config.clients[i].regions[k];
            const Descriptor local{.io_or_offset = buffer.io_or_offset - region.region.io_addr,
                                   .oid          = static_cast<std::uint8_t>(k)};
            if (!sddf::network::is_buffer(local, region.num_buffers)) {
                continue;
            }
            if (outstanding[i] != 0) {
                --outstanding[i];
                (void)clients[i].returned.push(local);
            }
            return;
        }
    }
}

/// Everything once. True: there is more already.
bool pass()
{
    for (auto left = from_driver.available(); left != 0; --left) {
        if (const auto buffer = from_driver.pop()) {
            give_back(*buffer);
        }
    }
    (void)from_driver.release();

    std::array<std::uint32_t, sddf::k_max_clients> left{};
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        left[i] = clients[i].frames.available();
    }
    for (unsigned idle = 0; idle < net_config.num_clients;) {
        if (left[next] != 0 && send(next)) {
            idle = 0;
            --left[next];
        } else {
            ++idle;
        }
        next = (next + 1) % net_config.num_clients;
    }
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        (void)clients[i].frames.release();
        if (clients[i].returned.publish_if_asked()) {
            microkit::Channel{net_config.clients[i].connection.id}.notify();
        }
    }
    if (to_driver.publish_if_asked()) {
        microkit::Channel{net_config.driver.id}.notify();
    }
    bool more = from_driver.ask_for_more();
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        // Who may not send now is resumed when the driver returns something.
        more = clients[i].frames.ask_unless([i] { return has_work(i); }) || more;
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
    require(to_driver.open(driver.active_queue.bytes(), driver.num_buffers));
    require(from_driver.open(driver.free_queue.bytes(), driver.num_buffers));
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        const auto& client     = net_config.clients[i];
        const auto& connection = client.connection;
        require(clients[i].frames.open(connection.active_queue.bytes(), connection.num_buffers));
        require(clients[i].returned.open(connection.free_queue.bytes(), connection.num_buffers));
        for (unsigned k = 0; k < client.num_regions; ++k) {
            const auto& region = client.regions[k];
            if (k >= client.regions.size() ||
                region.region.region.size < std::uint64_t{region.num_buffers} * k_buffer_size) {
                microkit::panic("a client's buffers do not fit into their region");
            }
        }
    }
    next = 0;
    run();
}

void notified(microkit::Channel) { run(); }
