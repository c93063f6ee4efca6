// SPDX-License-Identifier: BSD-2-Clause
#include "terminal.hpp"

#include "qemu/process.hpp"
#include "session.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace vmm {

void Progress::show(std::string_view detail)
{
    if (std::chrono::steady_clock::now() - started_ < std::chrono::seconds{1}) {
        return;
    }
    if (::isatty(STDERR_FILENO) != 0) {
        fmt::print(stderr, "\r\x1b[K-- {} {}", what_, detail);
        std::fflush(stderr);
    } else if (!shown_) {
        fmt::print(stderr, "-- {}\n", what_);
    }
    shown_ = true;
}

void Progress::finish()
{
    if (shown_ && ::isatty(STDERR_FILENO) != 0) {
        fmt::print(stderr, "\r\x1b[K-- {}\n", what_);
    }
    shown_ = false;
}

bool is_interactive() { return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0; }

int run_at_terminal(const std::vector<std::string>& command)
{
    fmt::print(stderr, "-- Ctrl-A X stops QEMU\n");
    auto process = qemu::Process::start(command, qemu::Streams::inherited);
    if (!process) {
        fmt::print(stderr, "vmm run: {}\n", process.error());
        return k_exit_trouble;
    }
    const auto exit = process->wait();
    if (!exit.is_success()) {
        fmt::print(stderr, "vmm run: QEMU ended with {}.\n", exit.text());
        return k_exit_trouble;
    }
    return 0;
}

} // namespace vmm
