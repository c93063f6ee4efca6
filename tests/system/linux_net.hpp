// SPDX-License-Identifier: BSD-2-Clause
// A server on this machine's loopback, which a guest behind QEMU's network reaches as 10.0.2.2.
#pragma once

#include <string>
#include <thread>

namespace system_test {

/// A TCP port that takes one connection: sends it `answer` after its first line, or after it has
/// sent all; keeps what it sent.
class Server {
public:
    enum class Reads { a_line, everything };

    Server(Reads reads, std::string answer);
    Server(const Server&)            = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    [[nodiscard]] std::string port() const { return std::to_string(port_); }
    /// What the client sent; waits for its end.
    [[nodiscard]] const std::string& received();

private:
    void serve(Reads reads, const std::string& answer);

    int         listener_ = -1;
    unsigned    port_     = 0;
    std::string received_;
    std::thread thread_;
};

/// An answer with this body in HTTP, as far as curl and wget need it.
[[nodiscard]] std::string page(const std::string& body);

/// `count` bytes that look random and are the same each time.
[[nodiscard]] std::string noise(std::size_t count);

/// A TCP port that nobody listens on.
[[nodiscard]] std::string free_port();

} // namespace system_test
