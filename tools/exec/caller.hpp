// SPDX-License-Identifier: BSD-2-Clause
// The caller's side of a conversation with an agent: run a command, put a file, get one.
//
// The agent may be hostile. It can say what a command would have printed and how it ended, fill the
// file that the caller asked for up to a size that the caller chose, and end the conversation;
// nothing else. No heap, no library but POSIX: one guest may call another's agent.
#pragma once

#include "stream.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace control {

/// How a request ended.
struct Outcome {
    enum class Kind : std::uint8_t {
        ok,      ///< as wished; of a command: it ran, and `code` is its exit code
        refused, ///< the agent says no: `code` is its errno, `text` what it could not do
        local,   ///< a file here: `code` is our errno, `text` which one
        lost,    ///< the conversation is over; `text` says why
        late,    ///< the deadline has passed
    };
    Kind                  kind = Kind::ok;
    int                   code = 0;
    std::array<char, 200> text{}; ///< ends with a NUL; printable characters only
};

class Caller {
public:
    explicit Caller(Stream& stream)
        : talk_{stream}
    {
    }

    /// No request takes longer than until then, in milliseconds of CLOCK_MONOTONIC.
    void set_deadline(std::int64_t when) { deadline_ = when; }
    /// A place where a signal handler stores a signal that the command is to get, once.
    void set_signal(const volatile std::sig_atomic_t* place) { signal_ = place; }

    /// Comes first: whether there is an agent that speaks this version.
    [[nodiscard]] Outcome greet();

    struct Files {
        int input  = -1; ///< -1: /dev/null of the guest
        int output = 1;
        int errors = 2;
        /// Bytes of both outputs together, behind which the guest is not believed any more.
        std::uint64_t most = ~std::uint64_t{0};
    };
    /// Runs a program with arguments, found through the guest's PATH. Its output goes to our files
    /// while it runs.
    [[nodiscard]] Outcome run(std::span<const std::string_view> words, const Files& files);

    /// Copies a file of ours, with its mode, to a path in the guest.
    [[nodiscard]] Outcome put(const char* from, std::string_view to);
    /// Copies a file of the guest, of at most `most` bytes, to a path of ours. What was there
    /// before is replaced when all of it is here and its checksum is right.
    [[nodiscard]] Outcome get(std::string_view from, const char* to, std::uint64_t most);

private:
    struct Input {
        int         file   = -1;
        std::size_t window = k_window;
    };
    /// The next message, which may take a while. Nothing: see lost(). `input`: a file that is
    /// passed on meanwhile.
    [[nodiscard]] std::optional<Message> next(Input* input = nullptr);
    [[nodiscard]] bool                   pass_on(Input& input);
    [[nodiscard]] bool                   pass_on_signal();
    /// Why there is no next message.
    [[nodiscard]] Outcome lost() const;
    [[nodiscard]] Outcome no_sense();
    [[nodiscard]] Outcome refused(const Message& message);
    [[nodiscard]] Outcome fill(int file, const char* name, std::uint64_t most);

    Conversation                      talk_;
    std::optional<std::int64_t>       deadline_{};
    const volatile std::sig_atomic_t* signal_        = nullptr;
    bool                              signal_passed_ = false;
    bool                              late_          = false;
    bool                              nonsense_      = false;
};

} // namespace control
