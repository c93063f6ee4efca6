// SPDX-License-Identifier: BSD-2-Clause
#include "linux_shell.hpp"

#include "base/result.hpp"
#include "shell.hpp"

#include <fmt/format.h>

namespace bench {

using qemu::Result;

Result<LinuxShell> LinuxShell::start(std::string what, const std::vector<std::string>& command,
                                     const vmm::Options& options, unsigned guests)
{
    fmt::print(stderr, "measuring {} …\n", what);
    LinuxShell it{std::move(what), TRY(qemu::Process::start(command, qemu::Streams::piped)),
                  options};
    for (unsigned i = 0; i < guests; ++i) {
        // Several guests may be on one console, and so on one line.
        const auto up = it.console_.wait_for({qemu::text("guest: ready")}, it.limits_);
        if (up.kind != qemu::Outcome::Kind::matched) {
            return it.lost(up);
        }
    }
    vmm::Shell shell{it.console_};
    while (!shell.answers(std::chrono::seconds{10})) {
        if (it.console_.process().poll()) {
            return std::unexpected(it.what_ + ": it ended before its shell answered");
        }
    }
    return it;
}

Result<std::string> LinuxShell::run(const std::string& command)
{
    vmm::Shell shell{console_};
    auto       result = shell.run(command, limits_, {});
    if (!result) {
        return lost(result.error());
    }
    if (result->exit_code != 0) {
        return std::unexpected(fmt::format("{}: `{}` failed:\n{}", what_, command, result->output));
    }
    return std::move(result->output);
}

LinuxShell::LinuxShell(std::string what, qemu::Process process, const vmm::Options& options)
    : what_{std::move(what)}
    , console_{std::move(process)}
{
    if (options.timeout) {
        limits_.deadline =
            qemu::Clock::now() + std::chrono::duration_cast<qemu::Duration>(
                                     std::chrono::duration<double>(*options.timeout));
    }
}

std::unexpected<std::string> LinuxShell::lost(const qemu::Outcome& outcome) const
{
    return std::unexpected(fmt::format("{}: it does not go on; its last words were:\n{}{}", what_,
                                       outcome.before, console_.complaints()));
}

} // namespace bench
