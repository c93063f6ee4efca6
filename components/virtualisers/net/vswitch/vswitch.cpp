// SPDX-License-Identifier: BSD-2-Clause
// Network switch: frames between clients, and between them and the outside, as an access list
// allows.
//
// A frame stays in its sender's buffer; the receivers' copiers read it there. `oid` says whose
// buffer it is. The buffer goes back to its owner when all its readers have returned it; nobody can
// return what it does not read.
#include "switch.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"

#include <algorithm>
#include <cstring>

SDDF_CONFIG(".net_vswitch_config") sddf::network::SwitchConfig net_config;

net_vswitch::Books net_vswitch::books;

namespace {

using net_vswitch::books;
using net_vswitch::Error;
using net_vswitch::k_most_ports;
using net_vswitch::Request;
using sddf::network::Consumer;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;
using sddf::network::MacAddress;
using sddf::network::Producer;

constexpr std::size_t k_ethernet_header = 14;

/// The last port has the roles reversed: it sends what the rx virtualiser has received.
struct Port {
    Consumer      sent;     ///< frames from it
    Producer      unsent;   ///< its buffers, back
    Producer      frames;   ///< frames to it
    Consumer      returned; ///< others' buffers that it has read
    std::uint32_t address = 0;
};

std::array<Port, k_most_ports> ports;

unsigned port_count() { return net_config.num_ports; }
unsigned outside() { return port_count() - 1; }
bool may_send(unsigned from, unsigned to) { return (net_config.ports[from].acl >> to & 1) != 0; }

/// Ports that a frame is meant for, and may go to.
std::uint32_t receivers(unsigned from, const MacAddress& destination)
{
    std::uint32_t wanted = 0;
    if (std::ranges::all_of(destination, [](std::uint8_t byte) { return byte == 0xff; })) {
        wanted = ~std::uint32_t{0};
    } else {
        wanted = std::uint32_t{1} << outside();
        for (unsigned port = 0; port < outside(); ++port) {
            if (net_config.ports[port].mac_addr == destination) {
                wanted = std::uint32_t{1} << port;
                break;
            }
        }
        if ((destination[0] & 1) != 0 && from == outside()) {
            wanted =
                ~std::uint32_t{0}; // a group: it is the receiver that knows whether it is in it
        }
    }
    std::uint32_t allowed = 0;
    for (unsigned port = 0; port < port_count(); ++port) {
        allowed |= port != from && may_send(from, port) ? std::uint32_t{1} << port : 0;
    }
    return wanted & allowed;
}

void give_back(unsigned owner, std::uint64_t offset)
{
    (void)ports[owner].unsent.push({.io_or_offset = offset});
}

void pass_on(unsigned from, const Descriptor& frame)
{
    const auto& config = net_config.ports[from];
    if (!sddf::network::is_buffer(frame, config.tx.num_buffers)) {
        return; // no buffer: there is nothing to give back
    }
    auto& readers = books.readers[from][frame.io_or_offset / k_buffer_size];
    if (readers != 0) {
        return; // it is on its way already: sent twice, and given back once
    }
    const auto bytes = config.tx_data.part(frame.io_or_offset, frame.len);
    if (bytes.size() < k_ethernet_header || bytes.size() > k_buffer_size) {
        give_back(from, frame.io_or_offset);
        return;
    }
    MacAddress destination;
    std::memcpy(destination.data(), bytes.data(), destination.size());
    const auto wanted = receivers(from, destination);
    for (unsigned to = 0; to < port_count(); ++to) {
        // No more than it has room for; beyond that frames are lost, as in any switch.
        if ((wanted >> to & 1) != 0 && books.in_flight[to] < net_config.ports[to].rx.num_buffers &&
            ports[to].frames.push({.io_or_offset = frame.io_or_offset,
                                   .len          = frame.len,
                                   .oid          = static_cast<std::uint8_t>(from)})) {
            readers |= std::uint32_t{1} << to;
            ++books.in_flight[to];
        }
    }
    if (readers == 0) {
        give_back(from, frame.io_or_offset);
    }
}

void take_returned(unsigned from)
{
    auto& ring = ports[from].returned;
    for (auto left = ring.available(); left != 0; --left) {
        const auto buffer = ring.pop();
        if (!buffer) {
            break;
        }
        if (buffer->oid >= port_count() ||
            !sddf::network::is_buffer(*buffer, net_config.ports[buffer->oid].tx.num_buffers)) {
            continue;
        }
        auto&      readers = books.readers[buffer->oid][buffer->io_or_offset / k_buffer_size];
        const auto bit     = std::uint32_t{1} << from;
        if ((readers & bit) == 0) {
            continue;
        }
        readers &= ~bit;
        --books.in_flight[from];
        if (readers == 0) {
            give_back(buffer->oid, buffer->io_or_offset);
        }
    }
    (void)ring.release();
}

void take_sent(unsigned from, std::uint32_t most)
{
    auto& ring = ports[from].sent;
    for (auto left = std::min(ring.available(), most); left != 0; --left) {
        const auto frame = ring.pop();
        if (!frame) {
            break;
        }
        ports[from].unsent.adopt(); // the client has filled it, or it would have no frame
        pass_on(from, *frame);
    }
    (void)ring.release();
}

/// Everything once, a few frames of each port in turn. True: there is more already.
bool pass()
{
    constexpr std::uint32_t k_turn = 32;
    for (unsigned port = 0; port < port_count(); ++port) {
        take_returned(port);
    }
    for (unsigned port = 0; port < port_count(); ++port) {
        take_sent(port, k_turn);
    }
    bool more = false;
    for (unsigned port = 0; port < port_count(); ++port) {
        const auto& config = net_config.ports[port];
        if (ports[port].frames.publish_if_asked()) {
            microkit::Channel{config.rx.id}.notify();
        }
        if (ports[port].unsent.publish_if_asked()) {
            microkit::Channel{config.tx.id}.notify();
        }
        more = ports[port].sent.ask_for_more() || more;
        more = ports[port].returned.ask_for_more() || more;
    }
    return more;
}

void run()
{
    while (pass()) {
    }
}

unsigned port_of(microkit::Channel channel)
{
    unsigned port = 0;
    while (port < outside() && net_config.ports[port].tx.id != channel.id()) {
        ++port;
    }
    return port;
}

Error set_address(unsigned port, std::uint64_t address)
{
    if (address == 0 || address > 0xffff'ffff) {
        return Error::invalid_address;
    }
    ports[port].address = static_cast<std::uint32_t>(address);
    return Error::ok;
}

Error find_peer(unsigned port, std::uint64_t peer)
{
    if (peer >= port_count() || !may_send(port, static_cast<unsigned>(peer))) {
        return Error::not_permitted;
    }
    if (peer == outside()) {
        return Error::is_outside;
    }
    return ports[peer].address == 0 ? Error::not_registered : Error::ok;
}

microkit::MessageInfo reply(Error error, unsigned count)
{
    microkit::set_message_word(0, static_cast<std::uint64_t>(error));
    return microkit::MessageInfo::create(0, count);
}

} // namespace

void init()
{
    using microkit::require;
    require(sddf::check(net_config));
    if (net_config.num_ports < 1 || net_config.num_ports > k_most_ports) {
        microkit::panic("a switch has 1 to 31 ports, and this one ", net_config.num_ports);
    }
    for (unsigned i = 0; i < port_count(); ++i) {
        const auto& config = net_config.ports[i];
        auto&       port   = ports[i];
        if (config.tx.num_buffers > net_vswitch::k_most_buffers ||
            config.tx_data.size < std::uint64_t{config.tx.num_buffers} * k_buffer_size) {
            microkit::panic("the buffers of port ", i,
                            " do not fit into their region, or are more than 2048");
        }
        // Of the outside's connections `tx` is where frames come from, as for everybody; but it is
        // the rx virtualiser that stands there, and `free` is where its buffers go back.
        require(port.sent.open(config.tx.active_queue.bytes(), config.tx.num_buffers));
        require(port.unsent.open(config.tx.free_queue.bytes(), config.tx.num_buffers));
        require(port.frames.open(config.rx.active_queue.bytes(), config.rx.num_buffers));
        require(port.returned.open(config.rx.free_queue.bytes(), config.rx.num_buffers));
    }
    run();
}

void notified(microkit::Channel) { run(); }

microkit::MessageInfo protected_call(microkit::Channel channel, microkit::MessageInfo message)
{
    const unsigned      port = port_of(channel);
    const std::uint64_t word = message.count() != 0 ? microkit::message_word(0) : ~std::uint64_t{0};
    if (port == outside()) {
        return reply(Error::invalid_operation, 1);
    }
    switch (static_cast<Request>(message.label())) {
    case Request::set_address:
        return reply(set_address(port, word), 1);
    case Request::query:
        microkit::set_message_word(1, port);
        microkit::set_message_word(2, net_config.ports[port].acl);
        return reply(Error::ok, 3);
    case Request::peer: {
        const Error error = find_peer(port, word);
        if (error != Error::ok) {
            return reply(error, 1);
        }
        microkit::set_message_word(1, ports[word].address);
        return reply(Error::ok, 2);
    }
    }
    return reply(Error::invalid_operation, 1);
}
