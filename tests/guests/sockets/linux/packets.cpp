// SPDX-License-Identifier: BSD-2-Clause
// Messages (SOCK_SEQPACKET): their ends stay where they were.
#include "situations.hpp"

#include <array>
#include <cerrno>

#include <poll.h>

namespace vsock_test {
namespace {

void messages_keep_their_ends(Peer& peer)
{
    constexpr std::array k_sizes{1L,      2L,      3L,      100L,     4000L,
                                 4052L,   4053L,   4096L,   9000L,    16'384L,
                                 30'000L, 65'536L, 65'537L, 131'072L, 200'000L};
    for (const bool by_us : {true, false}) {
        Pair pair = by_us ? connected(peer, SOCK_SEQPACKET) : accepted(peer, SOCK_SEQPACKET);
        for (const long size : k_sizes) {
            const auto bytes = static_cast<std::uint64_t>(size);
            equal("send", pair.here.send(bytes), size);
            equal("the other side receives it whole", peer.receive(pair.there, 300'000), size);
            peer.begin({.what = Do::send, .handle = pair.there, .size = bytes});
            equal("receive", pair.here.receive(300'000), size);
            equal("the other side sends", peer.result(), size);
        }
    }
}

void several_messages_wait(Peer& peer)
{
    Pair pair = connected(peer, SOCK_SEQPACKET);
    for (long size = 1; size <= 200; ++size) {
        equal("send", pair.here.send(static_cast<std::size_t>(size)), size);
    }
    for (long size = 1; size <= 200; ++size) {
        equal("one message at a time", peer.receive(pair.there, 10'000), size);
    }
    equal("no more", peer.receive(pair.there, 1, MSG_DONTWAIT), -EAGAIN);
}

void the_rest_of_a_message_is_lost(Peer& peer)
{
    Pair pair  = connected(peer, SOCK_SEQPACKET);
    int  flags = 0;
    equal("send", pair.here.send(1000), 1000);
    equal("the real size", peer.receive(pair.there, 100, MSG_TRUNC, &flags), 1000);
    holds("said to be cut", (flags & MSG_TRUNC) != 0);
    equal("send", pair.here.send(70'000), 70'000);
    equal("the next is the next", peer.receive(pair.there, 100'000, 0, &flags), 70'000);
    holds("whole", (flags & MSG_TRUNC) == 0);
}

void ends_of_records(Peer& peer)
{
    Pair pair  = connected(peer, SOCK_SEQPACKET);
    int  flags = 0;
    for (const int end : {0, static_cast<int>(MSG_EOR), 0}) {
        equal("send", pair.here.send(40'000, end), 40'000);
        equal("it arrives", peer.receive(pair.there, 50'000, 0, &flags), 40'000);
        equal("end of record", flags & MSG_EOR, end);
        peer.begin({.what   = Do::send,
                    .handle = pair.there,
                    .flags  = static_cast<unsigned>(end),
                    .size   = 10});
        equal("receive", pair.here.receive(50'000, 0, &flags), 10);
        equal("end of record", flags & MSG_EOR, end);
        equal("the other side sends", peer.result(), 10);
    }
}

void a_message_larger_than_the_buffer(Peer& peer)
{
    Pair       pair   = connected(peer, SOCK_SEQPACKET);
    const long result = pair.here.send((256 << 10) + 1);
    holds("the usual buffer has 256 KiB", result == -EMSGSIZE || result == -ENOMEM); // older Linux
    equal("send", pair.here.send(256 << 10), 256 << 10);
    equal("as large as the buffer", peer.receive(pair.there, 300'000), 256 << 10);
}

void messages_wait_for_space(Peer& peer)
{
    // Without waiting Linux may send a part of a message, and say that nothing went.
    constexpr long k_size  = 50'000;
    constexpr long k_waits = 5; // in the buffer of 256 KiB
    constexpr long k_count = 60;
    Pair           pair    = connected(peer, SOCK_SEQPACKET);
    for (long i = 0; i < k_waits; ++i) {
        equal("send", pair.here.send(k_size), k_size);
    }
    for (long i = 0; i < k_count; ++i) {
        peer.begin({.what = Do::receive, .handle = pair.there, .size = 100'000});
        equal("send", pair.here.send(k_size), k_size);
        equal("the other side receives", peer.result(), k_size);
    }
    for (long i = 0; i < k_waits; ++i) {
        equal("the other side receives", peer.receive(pair.there, 100'000), k_size);
    }
}

void half_close_of_messages(Peer& peer)
{
    Pair pair = connected(peer, SOCK_SEQPACKET);
    equal("send", pair.here.send(10), 10);
    equal("shutdown", pair.here.shut_down(SHUT_WR), 0);
    equal("it arrives", peer.receive(pair.there, 100), 10);
    equal("then the end", peer.receive(pair.there, 100), 0);
    equal("the other side sends", peer.send(pair.there, 20), 20);
    equal("receive", pair.here.receive(100), 20);
    equal("it closes", peer.close(pair.there), 0);
    equal("the end", pair.here.receive(100), 0);
}

void peeks_at_messages(Peer& peer)
{
    Pair pair = connected(peer, SOCK_SEQPACKET);
    equal("the other side sends", peer.send(pair.there, 5000), 5000);
    wait_for(pair.here, POLLIN);
    const long peek = pair.here.receive(10'000, MSG_PEEK);
    holds("peek, where this Linux can", peek == 5000 || peek == -EOPNOTSUPP || peek == -ENOMEM);
    equal("receive", pair.here.receive(10'000), 5000);
}

constexpr std::array k_situations{
    Situation{"messages keep their ends", messages_keep_their_ends},
    Situation{"several messages wait", several_messages_wait},
    Situation{"the rest of a message is lost", the_rest_of_a_message_is_lost},
    Situation{"ends of records", ends_of_records},
    Situation{"a message larger than the buffer", a_message_larger_than_the_buffer},
    Situation{"messages wait for space", messages_wait_for_space},
    Situation{"half close of messages", half_close_of_messages},
    Situation{"peeks at messages", peeks_at_messages},
};

} // namespace

std::span<const Situation> packet_situations() { return k_situations; }

} // namespace vsock_test
