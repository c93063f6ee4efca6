// SPDX-License-Identifier: BSD-2-Clause
// A POSIX shell on a guest's console, used as a program would: run a command, get exactly its
// output and its exit code. Needs nothing in the guest but the shell itself.
#pragma once

#include "qemu/console.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vmm {

/// The lines to type so that the shell variable C holds `command`, whatever bytes it has. Each line
/// is printable ASCII, short enough for a terminal's line buffer and for simple line editors,
/// and harmless to tab completion and history expansion.
[[nodiscard]] std::vector<std::string> lines_that_store(std::string_view command);

/// A line at the end of the output that looks like a shell's prompt and stays for `settle`: it ends
/// in one of # $ > %, perhaps with a blank and terminal escapes behind.
[[nodiscard]] qemu::Pattern prompt(qemu::Duration settle);

/// A login prompt: nobody here has a password.
[[nodiscard]] qemu::Pattern login_prompt(qemu::Duration settle);

struct CommandResult {
    std::string output; ///< with plain newlines
    int         exit_code = 0;
};

class Shell {
public:
    /// `console` outlives the shell.
    explicit Shell(qemu::Console& console)
        : console_(console)
    {
    }

    /// Whether a shell answers: types a question whose answer is not its echo, and waits
    /// `patience`. May be asked again when there was none.
    [[nodiscard]] bool answers(qemu::Duration patience);

    /// Runs `command` without standard input. `trouble` are patterns that mean the machine is lost;
    /// on these, and when a limit is reached, the outcome is returned as the error.
    [[nodiscard]] std::expected<CommandResult, qemu::Outcome>
    run(std::string_view command, const qemu::Limits& limits,
        const std::vector<qemu::Pattern>& trouble);

private:
    /// A word that has never been printed.
    std::string fresh_marker();

    qemu::Console& console_;
    unsigned       markers_ = 0;
};

} // namespace vmm
