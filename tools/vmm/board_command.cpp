// SPDX-License-Identifier: BSD-2-Clause
// vmm board
#include "base/result.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "installation.hpp"
#include "new_command.hpp"

#include <fmt/format.h>

namespace vmm {

namespace {

namespace fs = std::filesystem;

struct BoardOptions {
    boardgen::NewOptions made{.wishes = {}, .dtb = {}, .boards = {}, .memory = {}};

    void add_to(CLI::App& app)
    {
        app.description(
            "Add a board to the project: a folder boards/NAME, made from the board's device tree.");
        app.footer("The manual's page \"Adding a board\" goes on from there.\n\n"
                   "Exit codes: 0, or 1 for a wrong call, or a fact that the tree lacks and that "
                   "an option must give.");
        boardgen::describe_new(app, made);
    }
};

/// A project's own, libvmm's in its source tree, otherwise the current folder's.
fs::path boards_of(const std::optional<Project>& project)
{
    if (project) {
        return (project->folder / "boards").lexically_proximate(fs::current_path());
    }
    return installation().is_source_tree ? installation().root / "boards" : fs::path{"boards"};
}

} // namespace

void describe_board(CLI::App& app) { command_line::describe<BoardOptions>(app); }

Result<int> board_command(std::vector<std::string> words, const std::optional<Project>& project)
{
    auto options = TRY(command_line::parse<BoardOptions>("vmm board", std::move(words)));
    if (options.made.boards.empty()) {
        options.made.boards = boards_of(project);
    }
    const auto folder = TRY(boardgen::add_board(options.made));
    fmt::print("{}: board.dts and board.json. Look at them, then: {} build --board {}\n",
               folder.string(), program_name(), options.made.wishes.name);
    return 0;
}

} // namespace vmm
