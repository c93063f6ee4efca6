// SPDX-License-Identifier: BSD-2-Clause
// The agent in a guest: listens on a socket and does what callers ask for.
//
//   guest-agent [--allow CID]… [--port N]       serves the host (CID 2), or only who is allowed
//   guest-agent --call CID [--port N] COMMAND…  runs COMMAND in the guest CID, through its agent
//   guest-agent --unix PATH                     serves whoever reaches this socket
#include "agent.hpp"
#include "caller.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// It needs what the others declare.
#include <linux/vm_sockets.h>

namespace {

constexpr int         k_exit_trouble = 125;
constexpr int         k_exit_refused = 126;
constexpr int         k_exit_missing = 127;
constexpr std::size_t k_most_allowed = 16;

struct Options {
    std::array<std::uint32_t, k_most_allowed> allowed{control::k_host_cid};
    std::size_t                               allowances = 0; ///< 0: as it stands here
    std::uint32_t                             port       = control::k_agent_port;
    std::uint32_t                             call       = 0; ///< 0: serve
    const char*                               path       = nullptr;
    int                                       words      = 0; ///< where the command begins
};

void say(std::string_view text) { (void)control::write_all(2, std::as_bytes(std::span{text})); }

int give_up(const char* what, const char* why = std::strerror(errno))
{
    for (const char* part : {"guest-agent: ", what, ": ", why, "\n"}) {
        say(part);
    }
    return k_exit_trouble;
}

int usage()
{
    say("usage: guest-agent [--allow CID]... [--port N] | --unix PATH | --call CID [--port N] "
        "COMMAND...\n");
    return k_exit_trouble;
}

bool read_number(const char* text, std::uint32_t& value)
{
    char* end = nullptr;
    value     = static_cast<std::uint32_t>(std::strtoul(text, &end, 0));
    return end != text && *end == '\0';
}

bool read_options(int count, char** words, Options& options)
{
    int i = 1;
    for (; i < count && std::string_view{words[i]}.starts_with("--"); i += 2) {
        const std::string_view name{words[i]};
        if (i + 1 == count) {
            return false;
        }
        std::uint32_t value = 0;
        if (name == "--unix") {
            options.path = words[i + 1];
        } else if (!read_number(words[i + 1], value)) {
            return false;
        } else if (name == "--port") {
            options.port = value;
        } else if (name == "--call") {
            options.call = value;
        } else if (name == "--allow" && options.allowances < k_most_allowed) {
            options.allowed[options.allowances++] = value;
        } else {
            return false;
        }
    }
    options.words = i;
    return (options.call != 0) == (i < count);
}

bool is_allowed(const Options& options, std::uint32_t cid)
{
    const auto count = options.allowances == 0 ? 1 : options.allowances;
    for (std::size_t i = 0; i < count; ++i) {
        if (options.allowed[i] == cid) {
            return true;
        }
    }
    return false;
}

sockaddr_vm vm_address(std::uint32_t cid, std::uint32_t port)
{
    sockaddr_vm address{};
    address.svm_family = AF_VSOCK;
    address.svm_cid    = cid;
    address.svm_port   = port;
    return address;
}

template <class Address>
const sockaddr* generic(const Address& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

/// A listening socket, or -1.
int listen_on(const Options& options)
{
    const int family = options.path != nullptr ? AF_UNIX : AF_VSOCK;
    const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int       bound  = -1;
    if (family == AF_UNIX) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, options.path, sizeof(address.sun_path) - 1);
        bound = ::bind(socket, generic(address), sizeof(address));
    } else {
        const auto address = vm_address(VMADDR_CID_ANY, options.port);
        bound              = ::bind(socket, generic(address), sizeof(address));
    }
    constexpr int k_backlog = 16;
    return bound == 0 && ::listen(socket, k_backlog) == 0 ? socket : -1;
}

int serve(const Options& options)
{
    agent::File listener{listen_on(options)};
    if (!listener.is_open()) {
        return give_up("cannot listen");
    }
    (void)::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
    (void)::setenv("HOME", "/root", 0);
    while (true) {
        sockaddr_vm peer{};
        socklen_t   size = sizeof(peer);
        agent::File caller{
            ::accept4(listener.number(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC)};
        if (!caller.is_open()) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            return give_up("cannot accept connections");
        }
        if (options.path == nullptr && !is_allowed(options, peer.svm_cid)) {
            continue;
        }
        if (::fork() == 0) {
            listener.close();
            (void)::signal(SIGCHLD, SIG_DFL); // a command's end is waited for
            control::SocketStream stream{caller.number()};
            agent::serve(stream);
            ::_exit(0);
        }
    }
}

int call(const Options& options, std::span<char* const> words)
{
    const agent::File socket{::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto        address = vm_address(options.call, options.port);
    if (::connect(socket.number(), generic(address), sizeof(address)) != 0) {
        return give_up("cannot connect to the guest's agent");
    }
    std::array<std::string_view, 256> texts;
    if (words.size() > texts.size()) {
        return usage();
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        texts[i] = words[i];
    }
    control::SocketStream stream{socket.number()};
    control::Caller       caller{stream};
    auto                  outcome = caller.greet();
    if (outcome.kind == control::Outcome::Kind::ok) {
        outcome = caller.run(std::span{texts}.first(words.size()), {.input = STDIN_FILENO});
    }
    if (outcome.kind == control::Outcome::Kind::ok) {
        return outcome.code;
    }
    const bool is_refused = outcome.kind == control::Outcome::Kind::refused;
    const int  trouble =
        give_up(outcome.text.data(), is_refused ? std::strerror(outcome.code) : "the call failed");
    if (!is_refused) {
        return trouble;
    }
    return outcome.code == ENOENT ? k_exit_missing : k_exit_refused;
}

} // namespace

int main(int count, char** words)
{
    Options options;
    if (!read_options(count, words, options)) {
        return usage();
    }
    (void)::signal(SIGPIPE, SIG_IGN);
    if (options.call != 0) {
        return call(options, std::span{words + options.words, words + count});
    }
    (void)::signal(SIGCHLD, SIG_IGN); // nobody asks how a caller's process ended
    return serve(options);
}
