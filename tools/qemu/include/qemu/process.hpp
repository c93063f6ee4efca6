// SPDX-License-Identifier: BSD-2-Clause
// A child process that does not outlive us: QEMU, or a step of the build.
#pragma once

#include "qemu/descriptor.hpp"

#include <expected>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace qemu {

/// Host tools say what went wrong in a sentence for the person who called them.
template <class T = void>
using Result = std::expected<T, std::string>;

/// How a process ended.
struct Exit {
    bool by_signal = false;
    int  number    = 0; ///< exit code, or the signal

    [[nodiscard]] bool        is_success() const { return !by_signal && number == 0; }
    [[nodiscard]] std::string text() const; ///< "exit code 1", "signal 9 (Killed)"
};

/// What a child's standard streams are.
enum class Streams {
    inherited, ///< ours; a terminal's Ctrl-C reaches the child
    piped,     ///< three pipes; the child is in a process group of its own
};

/// A running child. Its destructor ends it; so does our own death, however it comes.
class Process {
public:
    /// Starts `arguments[0]`, found through PATH. In `folder`, if that is not empty.
    [[nodiscard]] static Result<Process> start(const std::vector<std::string>& arguments,
                                               Streams streams, const std::string& folder = {});

    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    Process(const Process&)            = delete;
    Process& operator=(const Process&) = delete;
    ~Process() { stop(); }

    /// How it ended, or nothing while it runs.
    [[nodiscard]] std::optional<Exit> poll();
    /// Blocks until it has ended.
    Exit wait();
    /// Ends it now, and everything in its process group. Nothing to do when it has ended.
    void stop();

    [[nodiscard]] pid_t id() const { return id_; }

    // With Streams::piped: our ends of its standard input, output and error.
    Descriptor input;
    Descriptor output;
    Descriptor errors;

private:
    Process(pid_t id, Streams streams)
        : id_(id)
        , streams_(streams)
    {
    }
    Exit ended(int status);

    pid_t               id_ = -1;
    Streams             streams_;
    std::optional<Exit> exit_;
};

} // namespace qemu
