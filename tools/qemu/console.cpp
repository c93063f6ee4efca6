// SPDX-License-Identifier: BSD-2-Clause
#include "qemu/console.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>

namespace qemu {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Patterns that depend on silence are asked again after this long.
constexpr milliseconds k_tick{50};
// A machine that takes nothing of what is typed for so long, on a busy host too, never will.
constexpr std::chrono::minutes k_typing{2};

template <class Predicate>
std::optional<Span> find_line(std::string_view unread, Predicate wanted)
{
    std::size_t begin = 0;
    for (auto end = unread.find('\n'); end != unread.npos; end = unread.find('\n', begin)) {
        if (wanted(unread.substr(begin, end - begin))) {
            return Span{begin, end + 1};
        }
        begin = end + 1;
    }
    return std::nullopt;
}

void set_nonblocking(const Descriptor& descriptor)
{
    ::fcntl(descriptor.number(), F_SETFL, O_NONBLOCK);
}

} // namespace

Pattern text(std::string text)
{
    return [text = std::move(text)](std::string_view unread, Duration) -> std::optional<Span> {
        const auto begin = unread.find(text);
        if (begin == unread.npos) {
            return std::nullopt;
        }
        return Span{begin, begin + text.size()};
    };
}

Pattern line_with(std::string start, std::string text)
{
    return [start = std::move(start), text = std::move(text)](std::string_view unread, Duration) {
        return find_line(unread, [&](std::string_view line) {
            return line.starts_with(start) && line.contains(text);
        });
    };
}

Pattern line_starting(std::string text) { return line_with(std::move(text), ""); }
Pattern line_with(std::string text) { return line_with("", std::move(text)); }

Console::Console(Process process, Listener listener)
    : process_(std::move(process))
    , listener_(std::move(listener))
{
    ::signal(SIGPIPE, SIG_IGN); // a machine that ended while we typed is an outcome, not our end
    set_nonblocking(process_.input);
    set_nonblocking(process_.output);
    set_nonblocking(process_.errors);
}

void Console::take(std::string_view bytes)
{
    const auto start = transcript_.size();
    std::ranges::remove_copy(bytes, std::back_inserter(transcript_), '\r');
    last_output_ = Clock::now();
    if (listener_) {
        listener_(std::string_view(transcript_).substr(start));
    }
}

bool Console::read_some(Duration limit, bool until_writable)
{
    std::array<pollfd, 3> wanted{{
        {process_.output.number(), POLLIN, 0},
        {process_.errors.number(), POLLIN, 0},
        {until_writable ? process_.input.number() : -1, POLLOUT, 0},
    }};
    const auto time = std::max<milliseconds>(milliseconds{0}, duration_cast<milliseconds>(limit));
    ::poll(wanted.data(), wanted.size(), static_cast<int>(std::min(time, k_tick).count()));

    static constexpr std::size_t k_piece = 65536;
    std::array<char, k_piece>    piece; // filled by read
    const auto complained = ::read(process_.errors.number(), piece.data(), piece.size());
    if (complained > 0) {
        complaints_.append(piece.data(), static_cast<std::size_t>(complained));
    } else if (complained == 0) {
        process_.errors.close();
    }
    const auto count = ::read(process_.output.number(), piece.data(), piece.size());
    if (count > 0) {
        take({piece.data(), static_cast<std::size_t>(count)});
    }
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

Outcome Console::wait_for(const std::vector<Pattern>& patterns, const Limits& limits)
{
    const auto started = Clock::now();
    bool       open    = true;
    while (true) {
        const auto unread = std::string_view(transcript_).substr(consumed_);
        const auto now    = Clock::now();
        const auto quiet  = now - std::max(last_output_, started);

        std::optional<Span> found;
        Outcome             outcome;
        for (std::size_t index = 0; index < patterns.size(); index++) {
            const auto span = patterns[index](unread, quiet);
            if (span && (!found || span->begin < found->begin)) {
                found         = span;
                outcome.index = index;
            }
        }
        if (found) {
            outcome.kind   = Outcome::Kind::matched;
            outcome.before = unread.substr(0, found->begin);
            outcome.match  = unread.substr(found->begin, found->end - found->begin);
            consumed_ += found->end;
            return outcome;
        }
        outcome.before = unread;
        if (!open) {
            outcome.kind = Outcome::Kind::ended;
            process_.wait();
            return outcome;
        }
        if (now >= limits.deadline) {
            outcome.kind = Outcome::Kind::late;
            return outcome;
        }
        if (quiet >= limits.silence) {
            outcome.kind = Outcome::Kind::silent;
            return outcome;
        }
        open = read_some(std::min<Duration>(limits.deadline - now, limits.silence - quiet));
    }
}

bool Console::send(std::string_view bytes)
{
    auto progress = Clock::now();
    while (!bytes.empty()) {
        const auto count = ::write(process_.input.number(), bytes.data(), bytes.size());
        if (count > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
            progress = Clock::now();
        } else if (errno != EAGAIN && errno != EINTR) {
            return false;
        } else if (!read_some(k_tick, true) || Clock::now() - progress > k_typing) {
            return false;
        }
    }
    return true;
}

} // namespace qemu
