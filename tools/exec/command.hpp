// SPDX-License-Identifier: BSD-2-Clause
// vmm exec: commands and files in a guest of a running system.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace control {

inline constexpr int k_exit_usage   = 1;
inline constexpr int k_exit_trouble = 125; ///< the system, the guest or the channel
inline constexpr int k_exit_refused = 126; ///< there is such a program, and it cannot be run
inline constexpr int k_exit_missing = 127; ///< there is no such program

struct Copy {
    std::string from;
    std::string to;
};

struct ExecOptions {
    std::string              system; ///< the example's name; empty: the only one that runs
    std::filesystem::path    socket; ///< in place of that
    std::string              guest;  ///< name or context ID; empty: the only one
    std::vector<Copy>        put;
    std::vector<Copy>        get;
    std::vector<std::string> command;
    double                   wait = 60;                         ///< seconds for the agent to answer
    std::optional<double>    timeout;                           ///< seconds for all that comes then
    std::uint64_t            most     = std::uint64_t{4} << 30; ///< bytes of a file from a guest
    bool                     no_input = false;
    bool                     list     = false;
    bool                     json     = false;
};

/// Parses the words after `vmm exec`. The error is a sentence for the caller.
[[nodiscard]] std::expected<ExecOptions, std::string> parse_exec(std::vector<std::string> words);

/// Adds the options, their texts and the description to a parser that nobody parses with.
void describe_exec(CLI::App& app);

/// Does what the words after `vmm exec` say; gives the program's exit code. `runs` is the folder
/// where the runner leaves its notes.
[[nodiscard]] int exec_main(const std::vector<std::string>& words,
                            const std::filesystem::path&    runs);

} // namespace control
