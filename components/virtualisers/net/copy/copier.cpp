// SPDX-License-Identifier: BSD-2-Clause
// Network copier: received frames into one client's own memory, so that it never sees the device's
// buffers and cannot keep them.
#include "link.hpp"

#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/network.hpp"

#include <cstring>
#include <optional>

SDDF_CONFIG(".net_copy_config") sddf::network::CopierConfig net_config;

namespace {

using net_link::Link;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;

std::array<Link, 2> links;
Link&               source = links[0]; ///< the virtualiser, or a switch
Link&               client = links[1];

/// Of a batch of work; in memory that a restart keeps.
constinit sddf::Journal journal;

/// The bytes of a frame, empty where its descriptor makes no sense.
std::span<const std::byte> bytes_of(const Descriptor& frame)
{
    if (frame.len > k_buffer_size || frame.oid >= net_config.rx_data.size() ||
        frame.io_or_offset % k_buffer_size != 0) {
        return {};
    }
    return net_config.rx_data[frame.oid].part(frame.io_or_offset, frame.len);
}

/// A buffer of the client. What it offers and is none is dropped for good; `tries` bounds how much
/// of that we look at.
std::optional<Descriptor> client_buffer(std::uint32_t& tries)
{
    while (tries != 0) {
        const auto buffer = client.in.pop();
        if (!buffer) {
            return std::nullopt;
        }
        if (sddf::network::is_buffer(*buffer, net_config.client.num_buffers)) {
            return buffer;
        }
        --tries;
    }
    return std::nullopt;
}

void run()
{
    source.in.ask_first(); // frames wake us up, and not the client's buffers
    std::uint32_t tries = net_config.client.num_buffers;
    for (auto left = source.in.available(); left != 0; --left) {
        const auto frame = source.in.pop();
        if (!frame) {
            break;
        }
        const auto bytes = bytes_of(*frame);
        if (!bytes.empty()) {
            // Without a buffer of the client the frame is dropped: a network may do that.
            if (const auto buffer = client_buffer(tries)) {
                const auto to = net_config.client_data.part(buffer->io_or_offset, bytes.size());
                std::memcpy(to.data(), bytes.data(), to.size());
                (void)client.out.push({.io_or_offset = buffer->io_or_offset, .len = frame->len});
            }
        }
        (void)source.out.push(*frame);
    }
    net_link::show(links, journal);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(net_config));
    journal.recover();
    const auto& connection = net_config.client;
    if (net_config.client_data.size < std::uint64_t{connection.num_buffers} * k_buffer_size) {
        microkit::panic("the client's buffers do not fit into their region");
    }
    (void)require(
        sddf::network::fill_free_ring(connection.free_queue.bytes(), connection.num_buffers));
    require(source.open_receiving(net_config.rx));
    require(client.open_sending(connection));
    client.in.decline();
    run();
    net_link::tell(links);
}

void notified(microkit::Channel) { run(); }
