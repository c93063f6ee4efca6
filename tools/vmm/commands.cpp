// SPDX-License-Identifier: BSD-2-Clause
#include "commands.hpp"

#include "build.hpp"
#include "check_command.hpp"
#include "graph_command.hpp"

#include <array>
#include <iostream>

namespace vmm {

std::optional<int> run_command(const std::vector<std::string>& words)
{
    using Run =
        int (*)(std::vector<std::string>, const description::Places&, std::ostream&, std::ostream&);
    struct Command {
        const char* name;
        Run         run;
    };
    static constexpr std::array k_commands{
        Command{"check", check::check_command},
        Command{"dtb", check::dtb_command},
        Command{"graph", graph::graph_command},
    };
    for (const auto& [name, run] : k_commands) {
        if (!words.empty() && words.front() == name) {
            const description::Places places{.source = this_tree().source};
            return run({words.begin() + 1, words.end()}, places, std::cout, std::cerr);
        }
    }
    return std::nullopt;
}

} // namespace vmm
