// SPDX-License-Identifier: BSD-2-Clause
// Network switch: frames between clients, and between them and the outside, as an access list
// allows.
//
// A frame stays in its sender's buffer; the receivers' copiers read it there. `oid` says whose
// buffer it is. The buffer goes back to its owner when all its readers have returned it; nobody can
// return what it does not read.
#include "switch.hpp"

#include "link.hpp"

#include "microkit/require.hpp"
#include "sddf/config.hpp"

#include <algorithm>
#include <cstring>

SDDF_CONFIG(".net_vswitch_config") sddf::network::SwitchConfig net_config;

net_vswitch::Books net_vswitch::books;

namespace {

using net_link::Link;
using net_vswitch::books;
using net_vswitch::Error;
using net_vswitch::k_most_ports;
using net_vswitch::Request;
using sddf::network::Descriptor;
using sddf::network::k_buffer_size;
using sddf::network::MacAddress;

constexpr std::size_t k_ethernet_header = 14;

/// Two links a port: frames from it (and its buffers, back), frames to it (and others' buffers that
/// it has read). The last port has the roles reversed: it sends what the rx virtualiser received.
std::array<Link, std::size_t{2} * k_most_ports> all;
std::array<std::uint32_t, k_most_ports>         addresses; ///< of IPv4, by port

/// Of a batch of work; in memory that a restart keeps, as the books.
constinit sddf::Journal journal;

Link& from_port(unsigned port) { return all[std::size_t{2} * port]; }
Link& to_port(unsigned port) { return all[std::size_t{2} * port + 1]; }

unsigned        port_count() { return net_config.num_ports; }
unsigned        outside() { return port_count() - 1; }
std::span<Link> links() { return std::span{all}.first(2 * std::size_t{port_count()}); }
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
    (void)from_port(owner).out.push({.io_or_offset = offset});
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
    journal.note(readers);
    MacAddress destination;
    std::memcpy(destination.data(), bytes.data(), destination.size());
    const auto wanted = receivers(from, destination);
    for (unsigned to = 0; to < port_count(); ++to) {
        // No more than it has room for; beyond that frames are lost, as in any switch.
        if ((wanted >> to & 1) != 0 && books.in_flight[to] < net_config.ports[to].rx.num_buffers &&
            to_port(to).out.push({.io_or_offset = frame.io_or_offset,
                                  .len          = frame.len,
                                  .oid          = static_cast<std::uint8_t>(from)})) {
            journal.note(books.in_flight[to]);
            readers |= std::uint32_t{1} << to;
            ++books.in_flight[to];
        }
    }
    if (readers == 0) {
        give_back(from, frame.io_or_offset);
    }
}

/// Before each frame, which a word of each port and its own depend on: a long batch is shown in
/// parts.
void make_room()
{
    if (!journal.has_room((k_most_ports + 1) * sizeof(std::uint64_t))) {
        net_link::show(links(), journal);
    }
}

void take_returned(unsigned from)
{
    auto& ring = to_port(from).in;
    for (auto left = ring.available(); left != 0; --left) {
        make_room();
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
        journal.note(readers);
        journal.note(books.in_flight[from]);
        readers &= ~bit;
        --books.in_flight[from];
        if (readers == 0) {
            give_back(buffer->oid, buffer->io_or_offset);
        }
    }
}

/// A few frames of a port. True: there were some.
bool take_sent(unsigned from, std::uint32_t& left)
{
    constexpr std::uint32_t k_turn = 32;
    auto&                   link   = from_port(from);
    const auto              before = left;
    for (auto turn = std::min(left, k_turn); turn != 0; --turn, --left) {
        make_room();
        const auto frame = link.in.pop();
        if (!frame) {
            left = 0;
            break;
        }
        link.out.adopt(); // the client has filled it, or it would have no frame
        pass_on(from, *frame);
    }
    return before != 0;
}

void run()
{
    net_link::ask(links());
    std::array<std::uint32_t, k_most_ports> left{};
    for (unsigned port = 0; port < port_count(); ++port) {
        left[port] = from_port(port).in.available();
    }
    for (bool more = true; more;) {
        more = false;
        for (unsigned port = 0; port < port_count(); ++port) {
            take_returned(port);
        }
        for (unsigned port = 0; port < port_count(); ++port) {
            more = take_sent(port, left[port]) || more;
        }
    }
    net_link::show(links(), journal);
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
    addresses[port] = static_cast<std::uint32_t>(address);
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
    return addresses[peer] == 0 ? Error::not_registered : Error::ok;
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
    journal.recover();
    if (net_config.num_ports < 1 || net_config.num_ports > k_most_ports) {
        microkit::panic("a switch has 1 to 31 ports, and this one ", net_config.num_ports);
    }
    for (unsigned i = 0; i < port_count(); ++i) {
        const auto& config = net_config.ports[i];
        if (config.tx.num_buffers > net_vswitch::k_most_buffers ||
            config.tx_data.size < std::uint64_t{config.tx.num_buffers} * k_buffer_size) {
            microkit::panic("the buffers of port ", i,
                            " do not fit into their region, or are more than 2048");
        }
        // Of the outside's connections `tx` is where frames come from, as for everybody; but it is
        // the rx virtualiser that stands there, and `free` is where its buffers go back.
        require(from_port(i).open_receiving(config.tx));
        require(to_port(i).open_sending(config.rx));
    }
    run();
    net_link::tell(links());
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
        microkit::set_message_word(1, addresses[word]);
        return reply(Error::ok, 2);
    }
    }
    return reply(Error::invalid_operation, 1);
}
