// SPDX-License-Identifier: BSD-2-Clause
// The services of services.hpp in a program without a guest, on lib/vsock: all but the puppet.
#include "services.hpp"

#include "microkit/microkit.hpp"
#include "microkit/require.hpp"
#include "sddf/config.hpp"
#include "vsock/endpoint.hpp"
#include "vsock/links.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

SDDF_CONFIG(".vsock_config") vsock::Config vsock_config;

namespace {

using namespace vsock_test;
using vsock::Handle;

constexpr std::size_t k_sockets = 320; ///< a peer has at most as many as are left
constexpr std::size_t k_space   = 65'536;

constinit vsock::Links                                 links;
constinit vsock::Endpoint::Storage<k_sockets, k_space> storage;
constinit std::optional<vsock::Endpoint>               sockets;

/// A connection, and what of its work is under way.
struct Visit {
    Handle        handle{};
    std::uint32_t port = 0;
    alignas(8) std::array<std::byte, 4096> bytes{};
    std::uint32_t size = 0; ///< of what is to be sent
    std::uint32_t sent = 0;
    vsock::End    end  = vsock::End::none;
    Checksum      sum{};
    std::uint64_t position = 0;
    std::uint64_t count    = 0;
    bool          last     = false; ///< after what is to be sent there is nothing more
};
constinit std::array<Visit, k_sockets> visits;
constinit std::size_t                  visiting = 0;

void put(Visit& visit, std::span<const std::byte> bytes)
{
    std::ranges::copy(bytes, visit.bytes.begin());
    visit.size = static_cast<std::uint32_t>(bytes.size());
    visit.sent = 0;
}

/// Sends what is to be sent. False: some of it is left.
bool send(Visit& visit)
{
    if (visit.sent < visit.size) {
        const auto rest = std::span{visit.bytes}.first(visit.size).subspan(visit.sent);
        visit.sent += sockets->send(visit.handle, rest, visit.end);
    }
    return visit.sent == visit.size;
}

/// Finds something to be sent. False: there is nothing yet.
bool go_on(Visit& visit)
{
    if (visit.port == k_greet_port) {
        put(visit, std::as_bytes(std::span{&k_greeting, 1}));
        visit.last = true;
        return true;
    }
    if (visit.port == k_source_port && visit.count != 0) {
        const auto size = std::min<std::uint64_t>(visit.bytes.size(), visit.count - visit.position);
        visit.size      = static_cast<std::uint32_t>(size);
        visit.sent      = 0;
        Pattern::fill(visit.position, std::span{visit.bytes}.first(visit.size));
        visit.position += size;
        visit.last = visit.position == visit.count;
        return true;
    }
    const auto got = sockets->receive(visit.handle, visit.bytes);
    const auto all = std::span{visit.bytes}.first(got.size);
    if (visit.port == k_sink_port) {
        visit.sum.add(all);
        if (got.is_over) {
            const Sink result{.count = visit.sum.count(), .sum = visit.sum.value()};
            put(visit, std::as_bytes(std::span{&result, 1}));
            visit.last = true;
        }
        return got.size != 0 || got.is_over;
    }
    if (visit.port == k_source_port) { // its eight bytes come in one packet
        visit.last = got.is_over || got.size != 0;
        if (got.size == sizeof(visit.count)) {
            std::memcpy(&visit.count, visit.bytes.data(), sizeof(visit.count));
            visit.last = visit.count == 0;
        }
        return got.size != 0 || got.is_over;
    }
    visit.size = got.size;
    visit.sent = 0;
    visit.end  = got.end_of_record    ? vsock::End::record
                 : got.end_of_message ? vsock::End::message
                                      : vsock::End::none;
    visit.last = got.is_over;
    return got.size != 0 || got.is_over;
}

/// As far as it goes now. True: it is over.
bool serve(Visit& visit)
{
    for (;;) {
        if (!send(visit)) {
            return sockets->is_closed(visit.handle);
        }
        visit.size = visit.sent = 0;
        if (visit.last) {
            return true;
        }
        if (!go_on(visit)) {
            return sockets->is_closed(visit.handle);
        }
    }
}

} // namespace

void init()
{
    microkit::require(links.open(vsock_config));
    sockets.emplace(links.relay(), storage);
    for (const auto port : {k_echo_port, k_sink_port, k_source_port, k_greet_port}) {
        (void)sockets->listen(port, vsock::SocketType::stream, 256);
    }
    (void)sockets->listen(k_packet_port, vsock::SocketType::seqpacket, 256);
}

void notified(microkit::Channel channel)
{
    links.notified(channel);
    for (const auto port : {k_echo_port, k_packet_port, k_sink_port, k_source_port, k_greet_port}) {
        while (visiting != visits.size()) {
            const auto handle = sockets->accept(port);
            if (!handle) {
                break;
            }
            visits[visiting]        = {};
            visits[visiting].handle = *handle;
            visits[visiting].port   = port;
            ++visiting;
        }
    }
    for (std::size_t i = visiting; i-- > 0;) {
        if (serve(visits[i])) {
            sockets->close(visits[i].handle); // what was sent still arrives
            visits[i] = visits[--visiting];
        }
    }
    sockets->flush();
}
