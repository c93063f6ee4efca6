// SPDX-License-Identifier: BSD-2-Clause
// How connections begin and end.
#include "situations.hpp"

#include <array>
#include <cerrno>
#include <vector>

#include <poll.h>

namespace vsock_test {
namespace {

void nobody_listens(Peer& peer)
{
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        Socket socket = Socket::make(type);
        equal("connect", socket.connect(peer.cid(), new_port()), -ECONNRESET);
    }
}

void nobody_has_the_context_id(Peer& peer)
{
    for (const std::uint32_t cid : {2U, peer.cid() + 1000}) {
        Socket     socket = Socket::make(SOCK_STREAM);
        const long result = socket.connect(cid, new_port());
        holds("connect fails at once",
              result == -ECONNRESET || result == -ENODEV || result == -ENETUNREACH);
    }
}

void a_listener_of_the_other_type(Peer& peer)
{
    const auto port = new_port();
    (void)peer.listen(port, SOCK_STREAM);
    Socket socket = Socket::make(SOCK_SEQPACKET);
    equal("connect", socket.connect(peer.cid(), port), -ECONNRESET);
}

void connect_without_blocking(Peer& peer)
{
    const auto port     = new_port();
    const int  listener = peer.listen(port);
    Socket     socket   = Socket::make(SOCK_STREAM);
    succeeds("not blocking", socket.set_blocking(false));
    equal("connect", socket.connect(peer.cid(), port), -EINPROGRESS);
    wait_for(socket, POLLOUT);
    equal("its error", socket.pending_error(), 0);
    const int there = peer.accept(listener);
    equal("nothing is there", socket.receive(1), -EAGAIN);
    equal("the other side sends", peer.send(there, 5), 5);
    wait_for(socket, POLLIN);
    equal("receive", socket.receive(10), 5);

    Socket refused = Socket::make(SOCK_STREAM);
    succeeds("not blocking", refused.set_blocking(false));
    const long at_once = refused.connect(peer.cid(), new_port());
    if (at_once == -EINPROGRESS) {
        holds("poll", refused.poll(POLLOUT, k_patience_s * 1000) > 0);
        equal("its error", refused.pending_error(), ECONNRESET);
    } else {
        equal("connect", at_once, -ECONNRESET);
    }
}

void addresses_are_the_ones_of_both_ends(Peer& peer)
{
    Pair pair = connected(peer);
    equal("peer's context ID", pair.here.peer_address().svm_cid, peer.cid());
    Pair other = accepted(peer);
    equal("peer's context ID", other.here.peer_address().svm_cid, peer.cid());
    holds("ports differ", pair.here.own_address().svm_port != other.here.own_address().svm_port);
}

void data_before_accept(Peer& peer)
{
    const auto port     = new_port();
    const int  listener = peer.listen(port);
    Socket     socket   = Socket::make(SOCK_STREAM);
    succeeds("connect", socket.connect(peer.cid(), port));
    equal("send", socket.send_all(5000), 5000);
    const int there = peer.accept(listener);
    equal("the other side receives", peer.receive_all(there, 5000), 5000);
}

void a_full_backlog_refuses(Peer& peer)
{
    const auto          port     = new_port();
    const int           listener = peer.listen(port, SOCK_STREAM, 3);
    std::vector<Socket> sockets;
    unsigned            refused = 0;
    for (unsigned i = 0; i < 12; ++i) {
        Socket     socket = Socket::make(SOCK_STREAM);
        const long result = socket.connect(peer.cid(), port);
        holds("connect works or is refused", result == 0 || result == -ECONNRESET);
        refused += result == 0 ? 0 : 1;
        sockets.push_back(std::move(socket));
    }
    holds("some are refused, not all", refused >= 6 && refused <= 9);
    // Place again.
    for (unsigned i = 0; i < 12 - refused; ++i) {
        (void)peer.accept(listener);
    }
    Socket again = Socket::make(SOCK_STREAM);
    equal("connect", again.connect(peer.cid(), port), 0);
}

void a_listener_goes_with_connections_that_wait(Peer& peer)
{
    const auto port     = new_port();
    const int  listener = peer.listen(port);
    Socket     socket   = Socket::make(SOCK_STREAM);
    succeeds("connect", socket.connect(peer.cid(), port));
    equal("the listener closes", peer.close(listener), 0);
    const long end = socket.receive(1);
    holds("the end", end == 0 || end == -ECONNRESET);
    Socket next = Socket::make(SOCK_STREAM);
    equal("connect", next.connect(peer.cid(), port), -ECONNRESET);
}

void the_other_side_closes(Peer& peer)
{
    for (const bool by_us : {true, false}) {
        Pair pair = by_us ? connected(peer) : accepted(peer);
        equal("the other side sends", peer.send_all(pair.there, 3000), 3000);
        equal("it closes", peer.close(pair.there), 0);
        equal("what it sent still comes", pair.here.receive_all(10'000), 3000);
        equal("then nothing", pair.here.receive(1), 0);
        wait_for(pair.here, POLLIN | POLLRDHUP);
        equal("send", pair.here.send(1), -EPIPE);
    }
}

void we_close(Peer& peer)
{
    for (const bool by_us : {true, false}) {
        Pair pair = by_us ? connected(peer) : accepted(peer);
        equal("send", pair.here.send_all(3000), 3000);
        equal("close", pair.here.close(), 0);
        equal("it arrives", peer.receive_all(pair.there, 10'000), 3000);
        equal("then nothing", peer.receive(pair.there, 1), 0);
        equal("the other side sends", peer.send(pair.there, 1, MSG_NOSIGNAL), -EPIPE);
    }
}

void close_with_data_unread(Peer& peer)
{
    Pair pair = connected(peer);
    equal("send", pair.here.send_all(20'000), 20'000);
    equal("the other side reads a little", peer.receive_all(pair.there, 100), 100);
    equal("and closes", peer.close(pair.there), 0);
    const long end = pair.here.receive(1);
    holds("the end", end == 0 || end == -ECONNRESET);
    equal("send", pair.here.send(1), -EPIPE);
}

void half_close(Peer& peer)
{
    Pair pair = connected(peer);
    equal("send", pair.here.send_all(1000), 1000);
    equal("shutdown", pair.here.shut_down(SHUT_WR), 0);
    equal("send", pair.here.send(1), -EPIPE);
    equal("the other side receives all", peer.receive_all(pair.there, 5000), 1000);
    equal("and its end", peer.receive(pair.there, 1), 0);
    equal("and sends on", peer.send_all(pair.there, 100'000), 100'000);
    equal("here it arrives", pair.here.receive_all(100'000), 100'000);
    equal("the other side, too", peer.shut_down(pair.there, SHUT_WR), 0);
    equal("the end", pair.here.receive(1), 0);
}

void who_reads_no_more(Peer& peer)
{
    Pair pair = connected(peer);
    equal("the other side reads no more", peer.shut_down(pair.there, SHUT_RD), 0);
    equal("the other side sends", peer.send(pair.there, 7), 7);
    equal("which arrives", pair.here.receive_all(7), 7); // and is behind the shutdown
    equal("send", pair.here.send(1), -EPIPE);
}

void the_other_process_dies(Peer& peer)
{
    Pair pair = connected(peer);
    equal("send", pair.here.send_all(1000), 1000);
    peer.begin({.what = Do::die});
    const long end = pair.here.receive(1);
    holds("the end", end == 0 || end == -ECONNRESET);
    Peer another{peer.cid()};
    Pair next = connected(another);
    equal("a new one", next.here.send_all(1000), 1000);
    equal("works", another.receive_all(next.there, 1000), 1000);
}

void the_same_addresses_again_and_again(Peer& peer)
{
    const auto port     = new_port();
    const auto own      = new_port() + 2000;
    const int  listener = peer.listen(port);
    for (unsigned i = 0; i < 50; ++i) {
        Socket socket = Socket::make(SOCK_STREAM);
        equal("bind", socket.bind(own), 0);
        equal("connect", socket.connect(peer.cid(), port), 0);
        const int there = peer.accept(listener);
        equal("send", socket.send_all(100), 100);
        equal("the other side receives", peer.receive_all(there, 100), 100);
        // Each of them is the first to close now and then.
        if (i % 2 == 0) {
            equal("the other side closes", peer.close(there), 0);
            equal("the end", socket.receive(1), 0);
            equal("close", socket.close(), 0);
        } else {
            equal("shutdown", socket.shut_down(SHUT_RDWR), 0);
            equal("the other side sees it", peer.receive(there, 1), 0);
            equal("the other side closes", peer.close(there), 0);
            equal("close", socket.close(), 0);
        }
    }
}

void both_close_at_once(Peer& peer)
{
    for (unsigned i = 0; i < 50; ++i) {
        Pair pair = connected(peer);
        peer.begin({.what = Do::close, .handle = pair.there});
        equal("close", pair.here.close(), 0);
        equal("the other side closes", peer.result(), 0);
        equal("its listener closes", peer.close(pair.listener), 0);
    }
}

constexpr std::array k_situations{
    Situation{"nobody listens", nobody_listens},
    Situation{"nobody has the context ID", nobody_has_the_context_id},
    Situation{"a listener of the other type", a_listener_of_the_other_type},
    Situation{"connect without blocking", connect_without_blocking},
    Situation{"addresses are the ones of both ends", addresses_are_the_ones_of_both_ends},
    Situation{"data before accept", data_before_accept},
    Situation{"a full backlog refuses", a_full_backlog_refuses},
    Situation{"a listener goes with connections that wait",
              a_listener_goes_with_connections_that_wait},
    Situation{"the other side closes", the_other_side_closes},
    Situation{"we close", we_close},
    Situation{"close with data unread", close_with_data_unread},
    Situation{"half close", half_close},
    Situation{"who reads no more", who_reads_no_more},
    Situation{"the other process dies", the_other_process_dies},
    Situation{"the same addresses again and again", the_same_addresses_again_and_again},
    Situation{"both close at once", both_close_at_once},
};

} // namespace

std::span<const Situation> connection_situations() { return k_situations; }

} // namespace vsock_test
