// SPDX-License-Identifier: BSD-2-Clause
// The services of services.hpp, as Linux programs: a process for each connection.
#include "serve.hpp"

#include "puppet.hpp"
#include "services.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <vector>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vsock_test {
namespace {

/// Sends back what is there. False: it is over.
bool echo(Socket& socket)
{
    static std::vector<std::byte> bytes(1 << 18);
    const auto got = ::recv(socket.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
        return true;
    }
    return got > 0 && socket.put(std::span{bytes}.first(static_cast<std::size_t>(got))) == got;
}

void sink(Socket socket)
{
    std::vector<std::byte> bytes(1 << 18);
    Checksum               sum;
    for (;;) {
        const auto got = ::recv(socket.number(), bytes.data(), bytes.size(), 0);
        if (got < 0) {
            return;
        }
        if (got == 0) {
            break;
        }
        sum.add(std::span{bytes}.first(static_cast<std::size_t>(got)));
    }
    const Sink result{.count = sum.count(), .sum = sum.value()};
    (void)socket.put(std::as_bytes(std::span{&result, 1}));
}

void source(Socket socket)
{
    std::uint64_t count = 0;
    if (socket.get(std::as_writable_bytes(std::span{&count, 1})) == sizeof(count)) {
        (void)socket.send_all(count, 1 << 18);
    }
}

bool greet(Socket& socket)
{
    (void)socket.put(std::as_bytes(std::span{&k_greeting, 1}));
    return false;
}

struct Service {
    std::uint32_t port;
    int           type;
    bool (*step)(Socket&) = nullptr; ///< a piece of work; false: it was the last one
    void (*whole)(Socket) = nullptr; ///< all of it, in a process of its own
    short starts_with     = POLLIN;  ///< what a step waits for
};
constexpr std::array k_services{
    Service{.port = k_puppet_port, .type = SOCK_STREAM, .whole = be_puppet},
    Service{.port = k_echo_port, .type = SOCK_STREAM, .step = echo},
    Service{.port = k_packet_port, .type = SOCK_SEQPACKET, .step = echo},
    Service{.port = k_sink_port, .type = SOCK_STREAM, .whole = sink},
    Service{.port = k_source_port, .type = SOCK_STREAM, .whole = source},
    Service{.port = k_greet_port, .type = SOCK_STREAM, .step = greet, .starts_with = POLLOUT},
};

/// A listening socket, or a connection that is served step by step.
struct Open {
    Socket         socket;
    const Service* service  = nullptr;
    bool           listener = false;
};

void take(std::vector<Open>& all, Open& listener)
{
    Socket socket = listener.socket.accept();
    if (!socket.is_open()) {
        return;
    }
    (void)socket.set_blocking(true);
    const Service& service = *listener.service;
    if (service.step != nullptr) {
        all.push_back({.socket = std::move(socket), .service = &service});
    } else if (::fork() == 0) {
        all.clear();
        service.whole(std::move(socket));
        ::_exit(0);
    }
}

} // namespace

int serve()
{
    (void)::signal(SIGCHLD, SIG_IGN); // nobody waits for them
    std::vector<Open> all;
    for (const Service& service : k_services) {
        Socket     socket = Socket::make(service.type);
        const long result = socket.is_open() ? socket.listen(service.port, 512) : socket.number();
        if (result < 0) {
            std::printf("sockets: cannot listen on port %u: error %ld\n", service.port, -result);
            return 1;
        }
        (void)socket.set_blocking(false);
        all.push_back({.socket = std::move(socket), .service = &service, .listener = true});
    }
    std::puts("sockets: serving");
    (void)std::fflush(stdout);
    for (std::vector<pollfd> ready;;) {
        ready.clear();
        for (const Open& open : all) {
            const short events = open.listener ? short{POLLIN} : open.service->starts_with;
            ready.push_back({.fd = open.socket.number(), .events = events, .revents = 0});
        }
        if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
            return 1;
        }
        for (std::size_t i = ready.size(); i-- > 0;) { // new ones come behind
            if (ready[i].revents == 0) {
                continue;
            }
            if (all[i].listener) {
                take(all, all[i]);
            } else if (!all[i].service->step(all[i].socket)) {
                std::swap(all[i], all.back());
                all.pop_back();
            }
        }
    }
}

} // namespace vsock_test
