// SPDX-License-Identifier: BSD-2-Clause
#include "channel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace control {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t k_most_unread = 1024 * 1024;
constexpr auto        k_birth       = 20s;   // QEMU makes the socket when it starts
constexpr int         k_look_again  = 20;    // milliseconds
constexpr auto        k_hello_again = 1s;    // the program may not have been there yet
constexpr auto        k_open_again  = 100ms; // nor the agent

std::span<const std::byte> bytes_of(const std::string& text)
{
    return std::as_bytes(std::span{text});
}

} // namespace

std::expected<std::unique_ptr<Channel>, std::string>
Channel::connect(const std::filesystem::path& socket, Clock::time_point deadline)
{
    const auto  name = socket.string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof(address.sun_path)) {
        return std::unexpected("the path of the control socket is too long: " + name);
    }
    std::ranges::copy(name, address.sun_path);
    const int  file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto       made = std::unique_ptr<Channel>{new Channel{file}};
    const auto born = std::min(deadline, Clock::now() + k_birth);
    while (::connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        const bool may_come = errno == ENOENT || errno == ECONNREFUSED;
        if (may_come && Clock::now() < born) {
            (void)::poll(nullptr, 0, k_look_again);
            continue;
        }
        return std::unexpected("no system is running behind " + name + " (" + std::strerror(errno) +
                               ")");
    }
    if (!made->greet(deadline)) {
        return std::unexpected("nobody answers at " + name +
                               (made->gone_ ? ": the system has ended"
                                            : ": the system is still starting, or somebody else "
                                              "uses its control channel"));
    }
    return made;
}

Channel::~Channel()
{
    if (state_ != State::closed && !gone_) {
        (void)say(LineKind::close, {});
    }
    if (socket_ >= 0) {
        (void)::close(socket_);
    }
}

bool Channel::greet(Clock::time_point deadline)
{
    std::random_device random;
    session_ = static_cast<std::uint16_t>(random() % 0xffff + 1);
    while (!welcomed_ && Clock::now() < deadline && say(LineKind::hello, {})) {
        const auto again = std::min(deadline, Clock::now() + k_hello_again);
        while (!welcomed_ && wait(again)) {
        }
        if (gone_) {
            return false;
        }
    }
    return welcomed_ && welcome_.version == k_line_version;
}

std::expected<void, std::string> Channel::open(Target target, Clock::time_point deadline)
{
    if (std::ranges::find(welcome_.peers, target.cid) == welcome_.peers.begin() + welcome_.count) {
        return std::unexpected("the control program has no link to the context ID " +
                               std::to_string(target.cid));
    }
    while (!try_to_open(target, deadline)) {
        if (gone_) {
            return std::unexpected("the system has ended");
        }
        const auto again = Clock::now() + k_open_again;
        if (again >= deadline) {
            return std::unexpected("no agent answers in the guest with the context ID " +
                                   std::to_string(target.cid));
        }
        while (wait(again)) {
        }
    }
    return {};
}

bool Channel::try_to_open(Target target, Clock::time_point deadline)
{
    if (state_ != State::closed && !say(LineKind::close, {})) {
        return false;
    }
    stream_ = static_cast<std::uint8_t>((stream_ + 1) % k_streams);
    credit_ = k_stream_window;
    state_  = State::opening;
    inbox_.clear();
    taken_ = 0;
    std::array<std::byte, Target::k_size> bytes{};
    target.write(bytes);
    if (!say(LineKind::open, bytes)) {
        return false;
    }
    while (state_ == State::opening && wait(deadline)) {
    }
    return state_ == State::open;
}

bool Channel::say(LineKind kind, std::span<const std::byte> payload)
{
    std::array<std::byte, k_most_encoded> buffer{};
    gone_ = gone_ || !link_.write(encode(
                         {.kind = kind, .stream = stream_, .session = session_, .payload = payload},
                         buffer));
    return !gone_;
}

bool Channel::listen()
{
    std::array<std::byte, 16384> bytes{};
    while (!gone_ && inbox_.size() - taken_ < k_most_unread) {
        const auto count = link_.read(bytes);
        if (count <= 0) {
            gone_ = count < 0;
            break;
        }
        for (const std::byte byte : std::span{bytes}.first(static_cast<std::size_t>(count))) {
            if (const auto frame = decoder_.feed(byte)) {
                handle(*frame);
            }
        }
    }
    return !gone_;
}

void Channel::handle(const LineFrame& frame)
{
    if (frame.session != session_) {
        return; // of an earlier session
    }
    if (frame.kind == LineKind::welcome) {
        if (const auto welcome = Welcome::read(frame.payload)) {
            welcome_  = *welcome;
            welcomed_ = true;
        }
        return;
    }
    if (frame.stream != stream_ || state_ == State::closed) {
        return; // of an earlier stream
    }
    switch (frame.kind) {
    case LineKind::opened:
        state_ = State::open;
        break;
    case LineKind::data:
        state_ = State::open;
        inbox_.append(reinterpret_cast<const char*>(frame.payload.data()), frame.payload.size());
        break;
    case LineKind::credit:
        // What a hostile guest can do is take nothing; the numbers are the control program's.
        credit_ += Word::read(frame.payload).value_or(Word{}).value;
        break;
    case LineKind::close:
        state_ = State::closed;
        break;
    default:
        break;
    }
}

bool Channel::wait(Clock::time_point until)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0 || gone_) {
        return false;
    }
    pollfd     wish{.fd = socket_, .events = POLLIN, .revents = 0};
    const auto patience = static_cast<int>(std::min<long>(left.count(), 1000));
    (void)::poll(&wish, 1, patience);
    return listen();
}

long Channel::read(std::span<std::byte> to)
{
    if (taken_ == inbox_.size()) {
        inbox_.clear();
        taken_ = 0;
        (void)listen();
    }
    const auto size = std::min(to.size(), inbox_.size() - taken_);
    std::ranges::copy(bytes_of(inbox_).subspan(taken_, size), to.begin());
    taken_ += size;
    if (size == 0 && (gone_ || state_ == State::closed)) {
        return -1;
    }
    return static_cast<long>(size);
}

bool Channel::write(std::span<const std::byte> from)
{
    while (!from.empty()) {
        while (credit_ == 0 && state_ == State::open && inbox_.size() - taken_ < k_most_unread) {
            if (!wait(deadline_) && (gone_ || Clock::now() >= deadline_)) {
                return false;
            }
        }
        if (credit_ == 0 || state_ != State::open) {
            return false;
        }
        const auto size =
            std::min({from.size(), k_line_payload, static_cast<std::size_t>(credit_)});
        if (!say(LineKind::data, from.first(size))) {
            return false;
        }
        credit_ -= size;
        from = from.subspan(size);
    }
    return true;
}

} // namespace control
