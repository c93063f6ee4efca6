// SPDX-License-Identifier: BSD-2-Clause
#include "linux_net.hpp"

#include <gtest/gtest.h>

#include <array>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

namespace system_test {

namespace {

struct Listener {
    int      socket = -1;
    unsigned port   = 0;
};

Listener listen_on_loopback()
{
    Listener    made{.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .port = 0};
    sockaddr_in name{};
    name.sin_family      = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t  size      = sizeof name;
    auto*      address   = static_cast<sockaddr*>(static_cast<void*>(&name));
    const bool listens = ::bind(made.socket, address, size) == 0 && ::listen(made.socket, 1) == 0 &&
                         ::getsockname(made.socket, address, &size) == 0;
    EXPECT_TRUE(listens) << "no port to listen on";
    made.port = ntohs(name.sin_port);
    return made;
}

} // namespace

Server::Server(Reads reads, std::string answer)
{
    const auto made = listen_on_loopback();
    listener_       = made.socket;
    port_           = made.port;
    thread_         = std::thread([this, reads, text = std::move(answer)] { serve(reads, text); });
}

Server::~Server()
{
    ::shutdown(listener_, SHUT_RDWR); // ends a wait for a client that never came
    if (thread_.joinable()) {
        thread_.join();
    }
    ::close(listener_);
}

const std::string& Server::received()
{
    thread_.join();
    return received_;
}

void Server::serve(Reads reads, const std::string& answer)
{
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
        return;
    }
    std::array<char, 65536> piece{};
    for (ssize_t count = 1; count > 0;) {
        count = ::recv(client, piece.data(), piece.size(), 0);
        received_.append(piece.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        if (reads == Reads::a_line && received_.contains('\n')) {
            break;
        }
    }
    for (std::size_t sent = 0; sent < answer.size();) {
        const auto count = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            break;
        }
        sent += static_cast<std::size_t>(count);
    }
    ::shutdown(client, SHUT_WR);
    while (reads == Reads::a_line && ::recv(client, piece.data(), piece.size(), 0) > 0) {
    }
    ::close(client);
}

std::string page(const std::string& body)
{
    return "HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string noise(std::size_t count)
{
    std::mt19937_64 random(count); // NOLINT: the same each time
    std::string     bytes;
    bytes.reserve(count + 8);
    while (bytes.size() < count) {
        auto word = random();
        for (int i = 0; i < 8; i++, word >>= 8) {
            bytes += static_cast<char>(word & 0xff);
        }
    }
    bytes.resize(count);
    return bytes;
}

std::string free_port()
{
    const auto made = listen_on_loopback();
    ::close(made.socket);
    return std::to_string(made.port);
}

} // namespace system_test
