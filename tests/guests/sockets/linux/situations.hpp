// SPDX-License-Identifier: BSD-2-Clause
// Situations between two guests, or a guest and itself.
#pragma once

#include "expect.hpp"
#include "puppet.hpp"

#include <span>

namespace vsock_test {

struct Situation {
    const char* name;
    void (*run)(Peer&);
};

/// Opening and closing (connections.cpp), bytes and their flow (streams.cpp), messages
/// (packets.cpp).
std::span<const Situation> connection_situations();
std::span<const Situation> stream_situations();
std::span<const Situation> packet_situations();

/// A port that no situation has used before.
[[nodiscard]] std::uint32_t new_port();

/// This guest's context ID; that of the loopback where there is no device.
[[nodiscard]] std::uint32_t own_cid();

/// A connection: this end, and the other one's handle.
struct Pair {
    Socket here;
    int    there    = -1;
    int    listener = -1;
};
/// One that this side asked for; 0: a buffer of the usual size.
[[nodiscard]] Pair connected(Peer& peer, int type = SOCK_STREAM, std::uint64_t buffer_here = 0);
/// One that the other side asked for.
[[nodiscard]] Pair accepted(Peer& peer, int type = SOCK_STREAM);

/// Waits until `events` are so, and fails if that takes too long.
void wait_for(const Socket& socket, short events, const Place& place = Place::current());

} // namespace vsock_test
