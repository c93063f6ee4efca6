// SPDX-License-Identifier: BSD-2-Clause
// The commands of vmm: what each is called, its options and texts, and what it does.
#pragma once

#include "pages.hpp"
#include "project_folder.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vmm {

/// Where a new project is for if nobody says.
inline constexpr const char* k_default_board = "qemu_virt_aarch64";

struct Command {
    const char* name;
    /// Adds options, texts and description to a parser that nobody parses with.
    void (*describe)(CLI::App&);
    /// Does what the words after the name say; gives the exit code. The error is for the user.
    Result<int> (*run)(std::vector<std::string> words, const std::optional<Project>& project);
    bool is_hidden = false; ///< not in the list of --help
};

[[nodiscard]] std::span<const Command> all_commands();
[[nodiscard]] const Command*           find_command(std::string_view name);

/// A described parser of each command, without those that are hidden.
[[nodiscard]] Parsers                   described_commands();
[[nodiscard]] std::unique_ptr<CLI::App> described(const Command& command);

/// How the user would write the program: "vmm" if that is found in PATH, else by its path.
[[nodiscard]] std::string program_name();

// In files of their own.
void                      describe_new(CLI::App& app);
[[nodiscard]] Result<int> new_command(std::vector<std::string>      words,
                                      const std::optional<Project>& project);
void                      describe_board(CLI::App& app);
[[nodiscard]] Result<int> board_command(std::vector<std::string>      words,
                                        const std::optional<Project>& project);
void                      describe_boards(CLI::App& app);
[[nodiscard]] Result<int> boards_command(std::vector<std::string>      words,
                                         const std::optional<Project>& project);
[[nodiscard]] Result<int> run_command(std::vector<std::string>      words,
                                      const std::optional<Project>& project);
[[nodiscard]] Result<int> build_command(std::vector<std::string>      words,
                                        const std::optional<Project>& project);
void                      describe_list(CLI::App& app);
[[nodiscard]] Result<int> list_command(std::vector<std::string>      words,
                                       const std::optional<Project>& project);

} // namespace vmm
