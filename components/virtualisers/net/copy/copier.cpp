// SPDX-License-Identifier: BSD-2-Clause
// Network copier: received frames into one client's own memory, so that it never sees the device's
// buffers and cannot keep them.
#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/network.hpp"

#include <cstring>
#include <optional>

SDDF_CONFIG(".net_copy_config") sddf::network::CopierConfig net_config;

namespace {

using sddf::network::Consumer;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;
using sddf::network::Producer;

Consumer received;
Producer returned;
Consumer client_free;
Producer client_frames;

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
        const auto buffer = client_free.pop();
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

/// Everything once. True: there is more already.
bool pass()
{
    std::uint32_t tries = net_config.client.num_buffers;
    for (auto left = received.available(); left != 0; --left) {
        const auto frame = received.pop();
        if (!frame) {
            break;
        }
        const auto bytes = bytes_of(*frame);
        if (!bytes.empty()) {
            // Without a buffer of the client the frame is dropped: a network may do that.
            if (const auto buffer = client_buffer(tries)) {
                const auto to = net_config.client_data.part(buffer->io_or_offset, bytes.size());
                std::memcpy(to.data(), bytes.data(), to.size());
                (void)client_frames.push({.io_or_offset = buffer->io_or_offset, .len = frame->len});
            }
        }
        (void)returned.push(*frame);
    }
    (void)received.release();
    (void)client_free.release();
    if (client_frames.publish_if_asked()) {
        microkit::Channel{net_config.client.id}.notify();
    }
    if (returned.publish_if_asked()) {
        microkit::Channel{net_config.rx.id}.notify();
    }
    return received.ask_for_more();
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
    const auto& rx     = net_config.rx;
    const auto& client = net_config.client;
    if (net_config.client_data.size < std::uint64_t{client.num_buffers} * k_buffer_size) {
        microkit::panic("the client's buffers do not fit into their region");
    }
    require(received.open(rx.active_queue.bytes(), rx.num_buffers));
    require(returned.open(rx.free_queue.bytes(), rx.num_buffers));
    (void)require(sddf::network::fill_free_ring(client.free_queue.bytes(), client.num_buffers));
    require(client_free.open(client.free_queue.bytes(), client.num_buffers));
    require(client_frames.open(client.active_queue.bytes(), client.num_buffers));
    client_free.decline(); // frames wake us up, not buffers
    run();
}

void notified(microkit::Channel) { run(); }
