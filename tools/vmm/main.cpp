// SPDX-License-Identifier: BSD-2-Clause
// The front door: vmm, which is also behind ./run of libvmm's source tree.
#include "command_line.hpp"
#include "commands.hpp"
#include "installation.hpp"

#include <fmt/format.h>

#include <iostream>

namespace {

using namespace vmm;

bool asks_for_help(const std::vector<std::string>& words, const CLI::App& parser)
{
    for (std::size_t i = 0; i < words.size(); i++) {
        if (words[i] == "-h" || words[i] == "--help") {
            return true;
        }
        // What is behind the command of `vmm exec` is the command's.
        if (parser.get_prefix_command() && !words[i].starts_with('-') &&
            (i == 0 || !words[i - 1].starts_with("--"))) {
            return false;
        }
        if (words[i] == "--") {
            return false;
        }
    }
    return false;
}

/// "; is build meant?", or nothing.
std::string meant_instead_of(const std::string& word)
{
    std::vector<std::string> names;
    for (const auto& command : all_commands()) {
        if (!command.is_hidden) {
            names.emplace_back(command.name);
        }
    }
    const auto meant = command_line::nearest(word, names);
    return meant.empty() ? meant : fmt::format("; is {} meant?", meant);
}

} // namespace

int main(int argument_count, char** arguments)
{
    std::vector<std::string> words{arguments + 1, arguments + argument_count};
    if (!words.empty() &&
        (words.front() == "help" || words.front() == "--help" || words.front() == "-h")) {
        const auto* const command = words.size() > 1 ? find_command(words[1]) : nullptr;
        if (command == nullptr) {
            fmt::print("{}", overview_of(described_commands()));
        }
        if (words.size() > 1 && words[1] == "all") {
            for (const auto& each : described_commands()) {
                fmt::print("\n== {}\n\n{}", each->get_name(), help_of(*each));
            }
        } else if (command != nullptr) {
            fmt::print("{}", help_of(*described(*command)));
        }
        return 0;
    }
    if (!words.empty() && words.front() == "--version") {
        fmt::print("libvmm {}\n", LIBVMM_VERSION);
        return 0;
    }
    const auto project = find_project(std::filesystem::current_path());
    if (!project) {
        return command_line::complain(std::cerr, "vmm", project.error(), 1);
    }
    const Command* command = words.empty() ? nullptr : find_command(words.front());
    if (command != nullptr) {
        words.erase(words.begin());
    } else if (*project || installation().is_source_tree) {
        command = find_command("run"); // ./run linux --board …
    } else if (words.empty()) {
        fmt::print("{}", overview_of(described_commands()));
        return 0;
    } else {
        return command_line::complain(std::cerr, "vmm",
                                      fmt::format("there is no command {}{}; vmm --help lists them",
                                                  words.front(), meant_instead_of(words.front())),
                                      1);
    }
    const auto parser = described(*command);
    if (!command->is_hidden && asks_for_help(words, *parser)) {
        fmt::print("{}", help_of(*parser));
        return 0;
    }
    const auto code = command->run(std::move(words), *project);
    if (!code) {
        return command_line::complain(std::cerr, fmt::format("vmm {}", command->name), code.error(),
                                      1);
    }
    return *code;
}
