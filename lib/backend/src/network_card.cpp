// SPDX-License-Identifier: BSD-2-Clause
// A network card on sDDF's network class.
#include "backend/network_card.hpp"

#include "sddf/shared.hpp"

#include <algorithm>

namespace backend {

using namespace sddf::network;

base::Result<> NetworkCard::check(const Connection& connection, Link& link)
{
    link.buffers = connection.num_buffers;
    link.current.reset();
    if (link.data.size / k_buffer_size < link.buffers) {
        return base::fail("a network client's data region is too small for its buffers",
                          "2048 bytes for each", link.data.size);
    }
    return {};
}

base::Result<> NetworkCard::open(const ClientConfig& config)
{
    if (!config.is_valid()) {
        return base::fail("the section .net_client_config was not filled in",
                          "is the file that the system generator made copied into the program?");
    }
    mac_     = config.mac_addr;
    tx_.data = config.tx_data;
    rx_.data = config.rx_data;
    struct Ring {
        Link&              link;
        const Connection&  connection;
        const sddf::Region in;
        const sddf::Region out;
    };
    for (const Ring& ring : {Ring{tx_, config.tx, config.tx.free_queue, config.tx.active_queue},
                             Ring{rx_, config.rx, config.rx.active_queue, config.rx.free_queue}}) {
        const auto capacity = ring.connection.num_buffers;
        if (auto good = check(ring.connection, ring.link); !good) {
            return good;
        }
        if (auto good = ring.link.in.open(ring.in.bytes(), capacity); !good) {
            return good;
        }
        if (auto good = ring.link.out.open(ring.out.bytes(), capacity); !good) {
            return good;
        }
    }
    // The client fills this ring, though it is the one that consumes it; but once.
    Producer first;
    if (auto good = first.open(config.tx.free_queue.bytes(), config.tx.num_buffers); !good) {
        return good;
    }
    if (first.is_unused()) {
        for (std::uint32_t i = 0; i < tx_.buffers; ++i) {
            (void)first.push({.io_or_offset = std::uint64_t{i} * k_buffer_size});
        }
        first.publish();
    }
    return {};
}

virtio::Nic::Info NetworkCard::info() const { return {.mac = mac_, .mtu = mtu_}; }

/// The next good buffer that a neighbour hands over; bad ones are lost to it.
std::optional<Descriptor> NetworkCard::Link::pop()
{
    for (std::uint32_t i = 0; i < buffers; ++i) {
        const auto descriptor = in.pop();
        if (!descriptor || is_buffer(*descriptor, buffers)) {
            return descriptor;
        }
    }
    return std::nullopt;
}

std::span<std::byte> NetworkCard::transmit_buffer()
{
    if (!tx_.current) {
        auto descriptor = tx_.pop();
        if (!descriptor) {
            flush(); // so that those that are under way can come back
            if (tx_.in.ask_for_more()) {
                descriptor = tx_.pop();
            }
        }
        if (!descriptor) {
            return {};
        }
        tx_.current = descriptor->io_or_offset;
    }
    return tx_.data.part(*tx_.current, k_buffer_size);
}

void NetworkCard::transmit(std::size_t size)
{
    if (tx_.current) {
        // It cannot be full: no more buffers than slots go round.
        (void)tx_.out.push(
            {.io_or_offset = *tx_.current,
             .len = static_cast<std::uint16_t>(std::min<std::size_t>(size, k_buffer_size))});
        tx_.current.reset();
    }
}

void NetworkCard::flush()
{
    tx_.in.release();
    if (tx_.out.publish_if_asked()) {
        transmit_.ring();
    }
}

std::span<const std::byte> NetworkCard::next_received()
{
    while (!rx_.current) {
        const auto descriptor = rx_.pop();
        if (!descriptor) {
            return {};
        }
        rx_.current = descriptor->io_or_offset;
        frame_      = descriptor->len;
        if (frame_ == 0 || frame_ > k_buffer_size) {
            release_received(); // a buffer, but no frame
        }
    }
    return rx_.data.part(*rx_.current, frame_);
}

void NetworkCard::release_received()
{
    if (rx_.current) {
        rx_.out.adopt(); // the copier has filled it, perhaps after open()
        (void)rx_.out.push({.io_or_offset = *rx_.current});
        rx_.current.reset();
    }
}

bool NetworkCard::receive_done()
{
    rx_.in.release();
    if (rx_.out.publish_if_asked()) {
        receive_.ring();
    }
    return rx_.in.ask_for_more();
}

} // namespace backend
