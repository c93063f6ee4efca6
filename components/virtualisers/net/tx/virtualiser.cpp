// SPDX-License-Identifier: BSD-2-Clause
// Network virtualiser, sending: frames of many clients through one driver, in turns.
#include "link.hpp"

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

using net_link::Link;
using net_virt_tx::outstanding;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;

/// The first is the driver, then the clients.
std::array<Link, 1 + sddf::k_max_clients> all;
Link&                                     driver = all[0];
std::span<Link>                           clients{&all[1], sddf::k_max_clients};
unsigned                                  next = 0; ///< whose turn it is

/// Of a batch of work; in memory that a restart keeps.
constinit sddf::Journal journal;

std::span<Link> links() { return std::span{all}.first(1 + std::size_t{net_config.num_clients}); }

/// No more than it has buffers, lest one that sends a buffer twice takes the others' room.
bool may_send(unsigned client)
{
    return outstanding[client] < net_config.clients[client].connection.num_buffers &&
           driver.out.space() != 0;
}

/// Before each frame: a long batch is shown in parts.
void make_room()
{
    if (!journal.has_room(sizeof(std::uint32_t))) {
        net_link::show(links(), journal);
    }
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
    make_room();
    const auto frame = clients[number].in.pop();
    if (!frame) {
        return false;
    }
    clients[number].out.adopt(); // the client has filled it, or it would have no frame
    const auto& config = net_config.clients[number];
    if (!is_sendable(config, *frame)) {
        // With its region where there is one: a switch finds the owner by that.
        const bool has_region = frame->oid < config.num_regions;
        (void)clients[number].out.push({.io_or_offset = frame->io_or_offset,
                                        .oid          = has_region ? frame->oid : std::uint8_t{0}});
        return true;
    }
    const auto& region = config.regions[frame->oid].region;
    arch::clean_data_cache(region.region.bytes().data() + frame->io_or_offset, frame->len);
    (void)driver.out.push(
        {.io_or_offset = region.io_addr + frame->io_or_offset, .len = frame->len});
    journal.note(outstanding[number]);
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
                journal.note(outstanding[i]);
                --outstanding[i];
                (void)clients[i].out.push(local);
            }
            return;
        }
    }
}

void take_sent()
{
    for (auto left = driver.in.available(); left != 0; --left) {
        make_room();
        if (const auto buffer = driver.in.pop()) {
            give_back(*buffer);
        }
    }
}

void run()
{
    net_link::ask(links());
    take_sent();
    std::array<std::uint32_t, sddf::k_max_clients> left{};
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        left[i] = clients[i].in.available();
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
        if (left[i] != 0 && !may_send(i)) {
            clients[i].in.decline(); // it is resumed when the driver returns something
        }
    }
    net_link::show(links(), journal);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(net_config));
    journal.recover();
    require(driver.open_sending(net_config.driver));
    for (unsigned i = 0; i < net_config.num_clients; ++i) {
        const auto& client = net_config.clients[i];
        require(clients[i].open_receiving(client.connection));
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
    net_link::tell(links());
}

void notified(microkit::Channel) { run(); }
