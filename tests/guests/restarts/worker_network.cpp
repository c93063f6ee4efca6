// SPDX-License-Identifier: BSD-2-Clause
// The worker's two network cards. A network may lose frames, and nothing else: none comes twice,
// none damaged, and every buffer comes back.
#include "random.hpp"
#include "worker.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "sddf/network.hpp"

#include <algorithm>
#include <array>
#include <cstring>

SDDF_CONFIG(".net_client_config") sddf::network::ClientConfig net_config;
SDDF_CONFIG(".net_client_config_1") sddf::network::ClientConfig net_config_1;

namespace restarts {

namespace {

using sddf::network::Consumer;
using sddf::network::k_buffer_size;
using sddf::network::Producer;

struct Frame {
    sddf::network::MacAddress      to;
    sddf::network::MacAddress      from;
    std::uint16_t                  type;
    std::uint16_t                  zero;
    std::uint32_t                  number;
    std::array<std::uint8_t, 1000> filling;
};
constexpr std::uint16_t k_type = 0xb588; // for experiments, in network order

Consumer tx_free;
Producer tx_active;
Consumer rx_active;
Producer rx_free;

std::uint8_t filling(std::uint32_t number, std::size_t at)
{
    return static_cast<std::uint8_t>(number * 31 + at);
}

} // namespace

void Network::open()
{
    using microkit::require;
    require(sddf::check(net_config));
    require(sddf::check(net_config_1));
    const auto& tx = net_config.tx;
    const auto& rx = net_config_1.rx;
    (void)require(sddf::network::fill_free_ring(tx.free_queue.bytes(), tx.num_buffers));
    require(tx_free.open(tx.free_queue.bytes(), tx.num_buffers));
    require(tx_active.open(tx.active_queue.bytes(), tx.num_buffers));
    require(rx_active.open(rx.active_queue.bytes(), rx.num_buffers));
    require(rx_free.open(rx.free_queue.bytes(), rx.num_buffers));
}

void Network::send()
{
    tx_free.ask_first();
    for (unsigned i = 0; i < 8; ++i) {
        const auto buffer = tx_free.pop();
        if (!buffer) {
            break;
        }
        const auto place = net_config.tx_data.part(buffer->io_or_offset, sizeof(Frame));
        if (place.size() < sizeof(Frame)) {
            ++count_.wrongs;
            continue;
        }
        Frame frame{.to      = net_config_1.mac_addr,
                    .from    = net_config.mac_addr,
                    .type    = k_type,
                    .zero    = 0,
                    .number  = next_,
                    .filling = {}};
        for (std::size_t at = 0; auto& byte : frame.filling) {
            byte = filling(next_, at++);
        }
        ++next_;
        std::memcpy(place.data(), &frame, sizeof frame);
        (void)tx_active.push({.io_or_offset = buffer->io_or_offset, .len = sizeof frame});
    }
    (void)tx_free.release();
    if (tx_active.publish_if_asked()) {
        microkit::Channel{net_config.tx.id}.notify();
    }
}

void Network::receive()
{
    rx_active.ask_first();
    while (const auto buffer = rx_active.pop()) {
        const auto place = net_config_1.rx_data.part(buffer->io_or_offset, buffer->len);
        Frame      frame{};
        std::memcpy(&frame, place.data(), std::min(place.size(), sizeof frame));
        if (frame.type == k_type && frame.from == net_config.mac_addr) {
            ++count_.done;
            bool fine = place.size() == sizeof frame && frame.number > last_;
            for (std::size_t at = 0; const auto byte : frame.filling) {
                fine = fine && byte == filling(frame.number, at++);
            }
            if (!fine) {
                ++count_.wrongs;
                microkit::debug_print("worker: WRONG: frame ", frame.number, " after ", last_,
                                      '\n');
            }
            last_ = frame.number;
        }
        rx_free.adopt(); // the copier has filled it
        (void)rx_free.push({.io_or_offset = buffer->io_or_offset});
    }
    (void)rx_active.release();
    if (rx_free.publish_if_asked()) {
        microkit::Channel{net_config_1.rx.id}.notify();
    }
}

void Network::go_on(bool more)
{
    receive();
    if (more) {
        send();
    } else {
        tx_free.ask_first();
    }
}

bool Network::is_idle() const { return tx_free.available() == net_config.tx.num_buffers; }

} // namespace restarts
