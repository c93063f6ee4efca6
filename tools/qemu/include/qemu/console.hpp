// SPDX-License-Identifier: BSD-2-Clause
// The console of a machine in QEMU: read what it prints, wait for what it should print, type.
#pragma once

#include "qemu/process.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qemu {

using Clock    = std::chrono::steady_clock;
using Duration = Clock::duration;

/// A place in the text that has not been consumed yet.
struct Span {
    std::size_t begin = 0;
    std::size_t end   = 0;
};

/// Looks for something in the text that has not been consumed yet. `quiet` is how long nothing
/// came after it: a prompt is a line that does not go on.
using Pattern = std::function<std::optional<Span>(std::string_view unread, Duration quiet)>;

/// The first place where `text` stands.
[[nodiscard]] Pattern text(std::string text);
/// The first complete line that starts with `text`; the span is that line.
[[nodiscard]] Pattern line_starting(std::string text);
/// The first complete line that contains `text`; the span is that line.
[[nodiscard]] Pattern line_with(std::string text);
/// The first complete line that starts with `start` and contains `text`; the span is that line.
[[nodiscard]] Pattern line_with(std::string start, std::string text);

/// How long to wait.
struct Limits {
    Duration          silence  = std::chrono::seconds{120}; ///< without a single character
    Clock::time_point deadline = Clock::time_point::max();  ///< in all
};

/// How a wait ended.
struct Outcome {
    enum class Kind {
        matched, ///< pattern number `index`
        ended,   ///< QEMU has ended
        silent,  ///< nothing came for Limits::silence
        late,    ///< Limits::deadline has passed
    };
    Kind        kind  = Kind::silent;
    std::size_t index = 0;
    std::string before; ///< what came before the match (and after the last one)
    std::string match;
};

/// Not thread-safe. Carriage returns are dropped: a line ends in '\n' alone.
class Console {
public:
    /// Sees every piece of output as it comes.
    using Listener = std::function<void(std::string_view)>;

    /// `process` must have been started with Streams::piped.
    explicit Console(Process process, Listener listener = {});

    /// Reads until the earliest match of any of `patterns`, and consumes up to its end.
    /// Of two patterns that match at one place the first in the list wins.
    [[nodiscard]] Outcome wait_for(const std::vector<Pattern>& patterns, const Limits& limits);

    /// Types. The machine's own flow control paces it; returns when all is handed over, or the
    /// machine has ended, or it took nothing for two minutes (false).
    [[nodiscard]] bool send(std::string_view bytes);

    /// All that was ever printed.
    [[nodiscard]] const std::string& transcript() const { return transcript_; }
    /// What QEMU itself said on its standard error.
    [[nodiscard]] const std::string& complaints() const { return complaints_; }

    [[nodiscard]] Process& process() { return process_; }

private:
    /// Reads what there is, waiting at most `limit`. False when the output has been closed.
    bool read_some(Duration limit, bool until_writable = false);
    void take(std::string_view bytes);

    Process           process_;
    Listener          listener_;
    std::string       transcript_;
    std::string       complaints_;
    std::size_t       consumed_    = 0;
    Clock::time_point last_output_ = Clock::now();
};

} // namespace qemu
