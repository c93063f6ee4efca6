// SPDX-License-Identifier: BSD-2-Clause
#include "qemu/process.hpp"

#include "base/result.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace qemu {

namespace {

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Result<Pipe> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::unexpected(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    }
    return Pipe{Descriptor{ends[0]}, Descriptor{ends[1]}};
}

/// Between fork and exec: only system calls.
[[noreturn]] void become(char* const* arguments, const char* folder, pid_t parent, Streams streams,
                         const std::array<int, 3>& ends, int failure)
{
    if (streams == Streams::piped) {
        ::setpgid(0, 0);
        for (int stream = 0; stream < 3; stream++) {
            ::dup2(ends[static_cast<std::size_t>(stream)], stream);
        }
    }
    // Terminals: QEMU puts the terminal back in order when it is asked to end, not when killed.
    ::prctl(PR_SET_PDEATHSIG, streams == Streams::piped ? SIGKILL : SIGTERM);
    const bool orphaned = ::getppid() != parent;
    if (!orphaned && (*folder == '\0' || ::chdir(folder) == 0)) {
        ::execvp(arguments[0], arguments);
    }
    const int             error = errno;
    [[maybe_unused]] auto said  = ::write(failure, &error, sizeof error);
    ::_exit(127);
}

} // namespace

std::string Exit::text() const
{
    return by_signal ? fmt::format("signal {} ({})", number, ::strsignal(number))
                     : fmt::format("exit code {}", number);
}

Result<Process> Process::start(const std::vector<std::string>& arguments, Streams streams,
                               const std::string& folder)
{
    auto input   = TRY(make_pipe());
    auto output  = TRY(make_pipe());
    auto errors  = TRY(make_pipe());
    auto failure = TRY(make_pipe()); // closes by exec, or carries errno

    std::vector<char*> words;
    for (const auto& argument : arguments) {
        words.push_back(const_cast<char*>(argument.c_str())); // execvp's type; it does not write
    }
    words.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t id     = ::fork();
    if (id == 0) {
        become(words.data(), folder.c_str(), parent, streams,
               {input.read.number(), output.write.number(), errors.write.number()},
               failure.write.number());
    }
    if (id < 0) {
        return std::unexpected(fmt::format("cannot start a process: {}", std::strerror(errno)));
    }
    Process process{id, streams};
    failure.write.close();
    int error = 0;
    if (::read(failure.read.number(), &error, sizeof error) == sizeof error) {
        process.wait();
        return std::unexpected(
            fmt::format("cannot start {}: {}", arguments[0], std::strerror(error)));
    }
    if (streams == Streams::piped) {
        process.input  = std::move(input.write);
        process.output = std::move(output.read);
        process.errors = std::move(errors.read);
    }
    return process;
}

Process::Process(Process&& other) noexcept
    : input(std::move(other.input))
    , output(std::move(other.output))
    , errors(std::move(other.errors))
    , id_(std::exchange(other.id_, -1))
    , streams_(other.streams_)
    , exit_(other.exit_)
{
}

Process& Process::operator=(Process&& other) noexcept
{
    std::swap(input, other.input);
    std::swap(output, other.output);
    std::swap(errors, other.errors);
    std::swap(id_, other.id_);
    std::swap(streams_, other.streams_);
    std::swap(exit_, other.exit_);
    return *this;
}

Exit Process::ended(int status)
{
    exit_ = WIFSIGNALED(status) ? Exit{true, WTERMSIG(status)} : Exit{false, WEXITSTATUS(status)};
    return *exit_;
}

std::optional<Exit> Process::poll()
{
    int status = 0;
    if (!exit_ && id_ > 0 && ::waitpid(id_, &status, WNOHANG) == id_) {
        ended(status);
    }
    return exit_;
}

Exit Process::wait()
{
    int status = 0;
    while (!exit_ && id_ > 0) {
        if (::waitpid(id_, &status, 0) == id_) {
            ended(status);
        } else if (errno != EINTR) {
            exit_ = Exit{true, SIGKILL};
        }
    }
    return exit_.value_or(Exit{});
}

void Process::stop()
{
    if (id_ <= 0 || poll()) {
        return;
    }
    if (streams_ == Streams::piped) {
        ::kill(-id_, SIGKILL);
        ::kill(id_, SIGKILL); // in case it has not made its group yet
    } else {
        ::kill(id_, SIGTERM);
    }
    wait();
}

} // namespace qemu
