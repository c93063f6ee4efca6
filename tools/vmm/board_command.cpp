// SPDX-License-Identifier: BSD-2-Clause
// vmm board
#include "base/result.hpp"
#include "commands.hpp"
#include "installation.hpp"
#include "new_command.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace vmm {

namespace {

namespace fs = std::filesystem;

struct BoardOptions {
    boardgen::NewOptions made{.wishes = {}, .dtb = {}, .boards = {}, .memory = {}};
    bool                 help = false;
};

void describe(CLI::App& app, BoardOptions& options)
{
    app.set_help_flag();
    app.description(
        "Add a board to the project: a folder boards/NAME, made from the board's device tree.");
    app.footer("The manual's page \"Adding a board\" goes on from there.\n\n"
               "Exit codes: 0, or 1 for a wrong call, or a fact that the tree lacks and that an "
               "option must give.");
    describe_new(app, options.made);
    app.add_flag("-h,--help", options.help, "this text");
}

/// A project's own, libvmm's in its source tree, otherwise the current folder's.
fs::path boards_of(const std::optional<Project>& project)
{
    if (project) {
        return (project->folder / "boards").lexically_proximate(fs::current_path());
    }
    return installation().is_source_tree ? installation().root / "boards" : fs::path{"boards"};
}

} // namespace

void describe_board(CLI::App& app)
{
    const auto options = std::make_shared<BoardOptions>();
    describe(app, *options);
    app.callback([options] {}); // the parser refers to them
}

Result<int> board_command(std::vector<std::string> words, const std::optional<Project>& project)
{
    BoardOptions options;
    CLI::App     parser;
    describe(parser, options);
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& error) {
        return std::unexpected(fmt::format("{} (vmm board --help)", error.what()));
    }
    if (options.made.boards.empty()) {
        options.made.boards = boards_of(project);
    }
    const auto folder = TRY(boardgen::add_board(options.made));
    fmt::print("{}: board.dts and board.json. Look at them, then: {} build --board {}\n",
               folder.string(), program_name(), options.made.wishes.name);
    return 0;
}

} // namespace vmm
