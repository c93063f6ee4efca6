// SPDX-License-Identifier: BSD-2-Clause
#include "traffic.hpp"

#include "expect.hpp"
#include "services.hpp"
#include "socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <poll.h>

namespace vsock_test {
namespace {

/// One connection of many, from its connect() to its end.
class Visit {
public:
    Visit(std::uint32_t cid, unsigned number)
        : number_{number}
        , greeted_{number % 2 == 1}
        , socket_{Socket::make(SOCK_STREAM)}
    {
        succeeds("socket", socket_.number());
        succeeds("not blocking", socket_.set_blocking(false));
        const long result = socket_.connect(cid, greeted_ ? k_greet_port : k_echo_port);
        holds("connect", result == 0 || result == -EINPROGRESS);
    }
    [[nodiscard]] pollfd waits_for() const
    {
        return {.fd      = socket_.number(),
                .events  = static_cast<short>(is_asked_ || greeted_ ? POLLIN : POLLOUT),
                .revents = 0};
    }
    /// Goes on. True: it is over.
    bool proceed(short events)
    {
        if ((events & (POLLERR | POLLHUP)) != 0) {
            equal("its error", socket_.pending_error(), 0);
        }
        if (!is_asked_ && !greeted_) {
            is_asked_ = true;
            equal("send", socket_.put(std::as_bytes(std::span{&number_, 1})), sizeof(number_));
            return false;
        }
        std::uint32_t answer = 0;
        const auto    got    = ::recv(socket_.number(), &answer, sizeof(answer), 0);
        if (is_answered_) {
            equal("the end", got, 0);
            return true;
        }
        equal("an answer", got, sizeof(answer));
        equal("the right one", answer, greeted_ ? k_greeting : number_);
        is_answered_ = true;
        return !greeted_; // the greeter closes; the echo waits for us to
    }

private:
    std::uint32_t number_;
    bool          greeted_;
    bool          is_asked_    = false;
    bool          is_answered_ = false;
    Socket        socket_;
};

Socket connection(std::uint32_t cid, std::uint32_t port, int type = SOCK_STREAM)
{
    Socket socket = Socket::make(type);
    succeeds("socket", socket.number());
    succeeds("connect", socket.connect(cid, port));
    return socket;
}

std::uint64_t sum_of_pattern(std::uint64_t bytes)
{
    Checksum               sum;
    std::vector<std::byte> piece(1 << 16);
    for (std::uint64_t done = 0; done < bytes;) {
        const auto part =
            std::span{piece}.first(std::min<std::uint64_t>(piece.size(), bytes - done));
        Pattern::fill(done, part);
        sum.add(part);
        done += part.size();
    }
    return sum.value();
}

std::uint64_t now()
{
    std::uint64_t value = 0, frequency = 0;
#ifdef __aarch64__
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
    asm volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
#else
    frequency = 1'000'000'000;
#endif
    return value * (1'000'000'000 / frequency);
}

/// Tells tests/bench/profile where to count.
void mark([[maybe_unused]] bool begins)
{
#ifdef __aarch64__
    if (begins) {
        asm volatile("hint #50");
    } else {
        asm volatile("hint #51");
    }
#endif
}

template <class Operation>
void time(const char* name, unsigned count, Operation operation)
{
    std::uint64_t sum = 0, least = ~0ULL, most = 0;
    operation(); // once for nothing: what is done the first time only
    mark(true);
    for (unsigned i = 0; i < count; ++i) {
        const auto begin = now();
        operation();
        const auto took = now() - begin;
        sum += took;
        least = std::min(least, took);
        most  = std::max(most, took);
    }
    mark(false);
    std::printf("bench %s mean %llu min %llu max %llu count %u\n", name,
                static_cast<unsigned long long>((sum + count / 2) / count),
                static_cast<unsigned long long>(least), static_cast<unsigned long long>(most),
                count);
}

} // namespace

void open_and_close(std::uint32_t cid, unsigned count, unsigned at_once)
{
    std::vector<Visit>  visits;
    std::vector<pollfd> ready;
    unsigned            begun = 0;
    for (unsigned ended = 0; ended < count;) {
        while (begun < count && visits.size() < at_once) {
            visits.emplace_back(cid, begun++);
        }
        ready.clear();
        for (const Visit& visit : visits) {
            ready.push_back(visit.waits_for());
        }
        holds("it goes on", ::poll(ready.data(), ready.size(), k_patience_s * 1000) > 0);
        for (std::size_t i = visits.size(); i-- > 0;) {
            if (ready[i].revents != 0 && visits[i].proceed(ready[i].revents)) {
                std::swap(visits[i], visits.back());
                visits.pop_back();
                ++ended;
            }
        }
    }
}

void copy_out(std::uint32_t cid, std::uint64_t bytes, std::uint64_t piece)
{
    Socket socket = connection(cid, k_sink_port);
    equal("send", socket.send_all(bytes, piece), static_cast<long>(bytes));
    equal("shutdown", socket.shut_down(SHUT_WR), 0);
    Sink result;
    equal("the sink's answer", socket.get(std::as_writable_bytes(std::span{&result, 1})),
          sizeof(result));
    equal("bytes that arrived", static_cast<long>(result.count), static_cast<long>(bytes));
    holds("their sum", result.sum == sum_of_pattern(bytes));
}

void copy_in(std::uint32_t cid, std::uint64_t bytes, std::uint64_t piece)
{
    Socket socket = connection(cid, k_source_port);
    equal("ask", socket.put(std::as_bytes(std::span{&bytes, 1})), sizeof(bytes));
    equal("receive", socket.receive_all(bytes, piece), static_cast<long>(bytes));
    equal("the end", socket.receive(1), 0);
}

void measure(std::uint32_t cid)
{
    constexpr std::uint64_t k_bytes = 1'000'000;
    {
        Socket echo = connection(cid, k_echo_port);
        time("vsock_1_byte", 100, [&] {
            equal("send", echo.send(1), 1);
            equal("receive", echo.receive(1), 1);
        });
        time("vsock_4k", 50, [&] {
            equal("send", echo.send(4096), 4096);
            equal("receive", echo.receive_all(4096), 4096);
        });
    }
    time("vsock_connection", 50, [&] {
        Socket        greeter = connection(cid, k_greet_port);
        std::uint32_t word    = 0;
        equal("receive", greeter.get(std::as_writable_bytes(std::span{&word, 1})), sizeof(word));
        equal("the end", greeter.receive(1), 0);
    });
    // This end does not look at the bytes; the other makes them, or their sum.
    std::vector<std::byte> bytes(1 << 16);
    time("vsock_out", 5, [&] {
        Socket sink = connection(cid, k_sink_port);
        for (std::uint64_t done = 0; done < k_bytes;) {
            const auto part =
                std::span{bytes}.first(std::min<std::uint64_t>(bytes.size(), k_bytes - done));
            equal("send", sink.put(part), static_cast<long>(part.size()));
            done += part.size();
        }
        equal("shutdown", sink.shut_down(SHUT_WR), 0);
        Sink result;
        equal("the sink's answer", sink.get(std::as_writable_bytes(std::span{&result, 1})),
              sizeof(result));
    });
    time("vsock_in", 5, [&] {
        Socket source = connection(cid, k_source_port);
        equal("ask", source.put(std::as_bytes(std::span{&k_bytes, 1})), sizeof(k_bytes));
        for (std::uint64_t done = 0; done < k_bytes;) {
            const auto got = ::recv(source.number(), bytes.data(), bytes.size(), 0);
            holds("receive", got > 0);
            done += static_cast<std::uint64_t>(got);
        }
    });
}

} // namespace vsock_test
