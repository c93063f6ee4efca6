// SPDX-License-Identifier: BSD-2-Clause
// Bytes through a stream: none lost, none doubled, and no more under way than there is space for.
#include "situations.hpp"

#include "services.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <poll.h>
#include <sys/utsname.h>

namespace vsock_test {
namespace {

void pieces_of_any_size(Peer& peer)
{
    Pair pair = connected(peer);
    long sum  = 0;
    for (const long size :
         {1L,    2L,    3L,    7L,    8L,      63L,     64L,     65L,     1023L,   1500L,   4095L,
          4096L, 4097L, 4052L, 4053L, 16'000L, 40'000L, 65'535L, 65'536L, 65'537L, 100'000L}) {
        equal("send", pair.here.send_all(static_cast<std::size_t>(size), 1 << 20), size);
        equal("it arrives", peer.receive_all(pair.there, static_cast<std::uint64_t>(size)), size);
        equal("the other side sends", peer.send_all(pair.there, static_cast<std::uint64_t>(size)),
              size);
        equal("here it arrives", pair.here.receive_all(static_cast<std::size_t>(size)), size);
        sum += size;
    }
    holds("all of them", sum > 0);
}

void byte_by_byte(Peer& peer)
{
    constexpr std::size_t k_size = 20'000;
    Pair                  pair   = connected(peer);
    peer.begin({.what = Do::receive_all, .handle = pair.there, .size = k_size});
    equal("send", pair.here.send_all(k_size, 1), k_size);
    equal("the other side receives", peer.result(), k_size);
    peer.begin({.what = Do::send_all, .handle = pair.there, .size = k_size, .piece = 3});
    equal("receive", pair.here.receive_all(k_size, 1), k_size);
    equal("the other side sends", peer.result(), k_size);
}

void peeks_take_nothing(Peer& peer)
{
    Pair pair = connected(peer);
    equal("the other side sends", peer.send_all(pair.there, 1000), 1000);
    wait_for(pair.here, POLLIN);
    equal("peek", pair.here.receive(10, MSG_PEEK), 10);
    equal("peek", pair.here.receive(10, MSG_PEEK), 10);
    equal("receive", pair.here.receive_all(500), 500);
    const long more = pair.here.receive(4000, MSG_PEEK);
    holds("peek sees the rest or a part of it", more > 0 && more <= 500);
    equal("receive", pair.here.receive_all(500), 500);
    equal("peek at nothing", pair.here.receive(1, MSG_PEEK | MSG_DONTWAIT), -EAGAIN);
    equal("the other side peeks at nothing", peer.receive(pair.there, 1, MSG_PEEK | MSG_DONTWAIT),
          -EAGAIN);
}

void wait_for_all_of_it(Peer& peer)
{
    Pair pair = connected(peer);
    peer.begin({.what = Do::send_all, .handle = pair.there, .size = 30'000, .piece = 1000});
    equal("receive", pair.here.receive(30'000, MSG_WAITALL), 30'000);
    equal("the other side sends", peer.result(), 30'000);
}

void poll_tells_what_is_possible(Peer& peer)
{
    Pair pair = connected(peer);
    equal("nothing to read", pair.here.poll(POLLIN | POLLOUT, 0), POLLOUT);
    equal("the other side sends", peer.send(pair.there, 1), 1);
    wait_for(pair.here, POLLIN | POLLOUT);
    equal("receive", pair.here.receive(10), 1);
    equal("nothing to read", pair.here.poll(POLLIN, 0), 0);
    equal("the other side shuts down", peer.shut_down(pair.there, SHUT_WR), 0);
    wait_for(pair.here, POLLIN | POLLRDHUP);
    equal("the end", pair.here.receive(1), 0);
}

/// Sends until there is no space, without waiting; how much that was.
long fill(Socket& socket)
{
    long done = 0;
    for (;;) {
        const long now = socket.send(65'536, MSG_DONTWAIT);
        if (now == -EAGAIN) {
            return done;
        }
        succeeds("send", now);
        done += now;
        holds("the space has an end", done < 64 << 20);
    }
}

void no_more_than_there_is_space_for(Peer& peer)
{
    Pair pair = connected(peer);
    // A send may have come back short though more credit is on its way: full is what stays full.
    long sent = fill(pair.here);
    for (unsigned again = 0; pair.here.poll(POLLOUT, 100) != 0; ++again) {
        holds("there is no place in the end", again < 100);
        sent += fill(pair.here);
    }
    holds("as much as the other side's buffer", sent > 0 && sent <= 300'000);
    equal("the other side receives", peer.receive_all(pair.there, static_cast<std::uint64_t>(sent)),
          sent);
    wait_for(pair.here, POLLOUT);
    const long more = fill(pair.here);
    holds("place again", more > 0);
    equal("the other side receives", peer.receive_all(pair.there, static_cast<std::uint64_t>(more)),
          more);
}

void who_does_not_read_holds_up_itself_only(Peer& peer)
{
    std::vector<Pair> full;
    for (unsigned i = 0; i < 20; ++i) {
        full.push_back(connected(peer));
        holds("something goes", fill(full.back().here) > 0);
    }
    Pair other = connected(peer);
    peer.begin({.what = Do::receive_all, .handle = other.there, .size = 1'000'000});
    equal("another connection sends", other.here.send_all(1'000'000), 1'000'000);
    equal("and arrives", peer.result(), 1'000'000);
    for (Pair& pair : full) {
        equal("a full one is drained", peer.receive_all(pair.there, 100'000), 100'000);
        equal("its end", pair.here.shut_down(SHUT_RDWR), 0);
    }
}

void both_ways_at_once(Peer& peer)
{
    constexpr std::size_t k_size = 2'000'000;
    Socket                socket = Socket::make(SOCK_STREAM);
    succeeds("connect", socket.connect(peer.cid(), k_echo_port));
    // What is under way must not fill both directions: read whatever there is.
    std::size_t sent = 0, received = 0;
    while (received < k_size) {
        const short want = sent < k_size ? POLLIN | POLLOUT : POLLIN;
        const long  now  = socket.poll(want, k_patience_s * 1000);
        holds("it goes on", now > 0);
        if ((now & POLLIN) != 0) {
            const long got = socket.receive(65'536, MSG_DONTWAIT);
            succeeds("receive", got);
            holds("no end", got > 0);
            received += static_cast<std::size_t>(got);
        }
        if ((now & POLLOUT) != 0 && sent < k_size) {
            const long done =
                socket.send(std::min<std::size_t>(65'536, k_size - sent), MSG_DONTWAIT);
            holds("send", done > 0 || done == -EAGAIN);
            sent += done > 0 ? static_cast<std::size_t>(done) : 0;
        }
    }
    equal("shutdown", socket.shut_down(SHUT_WR), 0);
    equal("the end", socket.receive(1), 0);
}

/// 6.12 or later.
bool is_newer_linux()
{
    utsname name{};
    (void)::uname(&name);
    unsigned major = 0, minor = 0;
    (void)std::sscanf(name.release, "%u.%u", &major, &minor);
    return major > 6 || (major == 6 && minor >= 12);
}

void buffers_of_any_size(Peer& peer)
{
    struct Case {
        std::uint64_t here, there;
        long          bytes;
    };
    // Newer Linux counts more than the bytes, so that it refuses what a tiny buffer was to hold.
    for (const Case& it : {Case{4096, 0, 300'000}, Case{0, 4097, 300'000},
                           Case{1 << 20, 1 << 20, 3'000'000}, Case{8 << 20, 0, 3'000'000},
                           Case{128, 0, 20'000}, Case{0, 128, 20'000}, Case{200, 300, 10'000}}) {
        if (is_newer_linux() && it.bytes < 100'000) {
            break;
        }
        Pair pair = connected(peer, SOCK_STREAM, it.here);
        if (it.there != 0) {
            equal("a buffer's size", peer.set_buffer(pair.there, it.there), 0);
        }
        const auto bytes = static_cast<std::uint64_t>(it.bytes);
        peer.begin({.what = Do::receive_all, .handle = pair.there, .size = bytes});
        equal("send", pair.here.send_all(bytes), it.bytes);
        equal("the other side receives", peer.result(), it.bytes);
        peer.begin({.what = Do::send_all, .handle = pair.there, .size = bytes});
        equal("receive", pair.here.receive_all(bytes), it.bytes);
        equal("the other side sends", peer.result(), it.bytes);
    }
}

void a_sender_waits_for_space(Peer& peer)
{
    constexpr long k_size = 1'500'000; // much more than buffers and rings hold
    Pair           pair   = connected(peer);
    peer.begin({.what = Do::send_all, .handle = pair.there, .size = k_size});
    // It gets stuck; other connections go on meanwhile.
    Peer another{peer.cid()};
    Pair other = connected(another);
    for (unsigned i = 0; i < 20; ++i) {
        equal("send", other.here.send(64), 64);
        equal("the other side receives", another.receive_all(other.there, 64), 64);
    }
    equal("receive", pair.here.receive_all(k_size), k_size);
    equal("the other side sends", peer.result(), k_size);
}

void a_sender_that_waits_hears_of_the_end(Peer& peer)
{
    Pair pair = connected(peer);
    holds("something goes", fill(pair.here) > 0);
    peer.begin({.what = Do::poll, .handle = pair.there, .flags = POLLPRI, .size = 300});
    peer.begin({.what = Do::close, .handle = pair.there});
    long end = 0;
    do { // waits in here when the other side closes
        end = pair.here.send(65'536);
    } while (end > 0);
    holds("send ends", end == -EPIPE || end == -ECONNRESET);
    equal("the other side waits", peer.result(), 0);
    equal("and closes", peer.result(), 0);
}

constexpr std::array k_situations{
    Situation{"pieces of any size", pieces_of_any_size},
    Situation{"byte by byte", byte_by_byte},
    Situation{"peeks take nothing", peeks_take_nothing},
    Situation{"wait for all of it", wait_for_all_of_it},
    Situation{"poll tells what is possible", poll_tells_what_is_possible},
    Situation{"no more than there is space for", no_more_than_there_is_space_for},
    Situation{"who does not read holds up itself only", who_does_not_read_holds_up_itself_only},
    Situation{"both ways at once", both_ways_at_once},
    Situation{"buffers of any size", buffers_of_any_size},
    Situation{"a sender waits for space", a_sender_waits_for_space},
    Situation{"a sender that waits hears of the end", a_sender_that_waits_hears_of_the_end},
};

} // namespace

std::span<const Situation> stream_situations() { return k_situations; }

} // namespace vsock_test
