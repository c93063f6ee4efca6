// SPDX-License-Identifier: BSD-2-Clause
#include "commands.hpp"

#include "base/result.hpp"
#include "bench.hpp"
#include "boards.hpp"
#include "build.hpp"
#include "check_command.hpp"
#include "command.hpp"
#include "command_line.hpp"
#include "completion.hpp"
#include "graph_command.hpp"
#include "installation.hpp"
#include "needs_command.hpp"
#include "passed_devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>

namespace vmm {

namespace {

namespace fs = std::filesystem;
using Words  = std::vector<std::string>;
using Where  = std::optional<Project>;

fs::path build_folder(const Where& project)
{
    return project ? project->build() : this_tree().build;
}

/// What check, dtb and graph look at if no file is named: the project's system as it was built, or
/// its layout or description.
description::Places places_of(const Where& project)
{
    description::Places places{.source = installation().root};
    places.boards = board_folders(project);
    if (!project) {
        return places;
    }
    places.board = project->board;
    std::error_code ignored;
    const auto      name = project->folder / project->name;
    for (const auto& file :
         {project->build() / project->board / "debug" / (project->name + ".json"),
          fs::path{name.string() + ".layout.xml"}, fs::path{name.string() + ".system"}}) {
        if (places.own.empty() && fs::exists(file, ignored)) {
            places.own = file;
        }
    }
    return places;
}

// All are of one type, and some take words away.
// NOLINTBEGIN(performance-unnecessary-value-param)
Result<int> check_command(Words words, const Where& project)
{
    return check::check_command(std::move(words), places_of(project), std::cout, std::cerr);
}

Result<int> dtb_command(Words words, const Where& project)
{
    return check::dtb_command(std::move(words), places_of(project), std::cout, std::cerr);
}

Result<int> graph_command(Words words, const Where& project)
{
    return graph::graph_command(std::move(words), places_of(project), std::cout, std::cerr);
}

Result<int> needs_command(Words words, const Where& project)
{
    const auto path_of = [&](const std::string& board, const std::string& device) {
        const auto place = find_board(project, board);
        const auto path  = place ? path_of_device(*place, device) : "";
        return path ? *path : "";
    };
    return passthrough::needs_command(std::move(words), places_of(project), std::cout, std::cerr,
                                      path_of);
}

Result<int> exec_command(Words words, const Where& project)
{
    return control::exec_main(words, build_folder(project) / "run");
}

Result<int> bench_command(Words words, const Where&)
{
    if (!installation().is_source_tree) {
        return std::unexpected("bench needs libvmm's source tree: it measures its own systems");
    }
    const auto options = TRY(parse_options(std::move(words), Verb::bench));
    TRY(bench::run(options));
    return 0;
}

/// Refuses words behind a command that takes none.
Result<> take_no_words(const char* command, Words words)
{
    CLI::App parser{"", command};
    return command_line::parse(parser, std::move(words));
}

Result<int> where_command(Words words, const Where&)
{
    TRY(take_no_words("vmm where", std::move(words)));
    fmt::print("{}\n", installation().root.string());
    return 0;
}

Result<int> completion_command(Words words, const Where&)
{
    TRY(take_no_words("vmm completion", std::move(words)));
    fmt::print("{}", bash_completion());
    return 0;
}

Result<int> complete_command(Words words, const Where& project)
{
    for (const auto& candidate : complete(words, project)) {
        fmt::print("{}\n", candidate);
    }
    return 0;
}

Result<int> manual_page_command(Words, const Where&)
{
    fmt::print("{}", manual_page_of(described_commands(), LIBVMM_VERSION));
    return 0;
}

Result<int> manual_chapter_command(Words, const Where&)
{
    fmt::print("{}", manual_chapter_of(described_commands()));
    return 0;
}

// NOLINTEND(performance-unnecessary-value-param)

template <Verb verb>
void describe_verb(CLI::App& app)
{
    describe_options(app, verb);
}

void describe_where(CLI::App& app)
{
    app.description("Say where libvmm is: the folder with cmake/aarch64.cmake.");
}

void describe_completion(CLI::App& app)
{
    app.description("Print the completion for bash: source <(vmm completion).");
}

void describe_nothing(CLI::App&) {}

constexpr std::array k_commands{
    Command{"new", describe_new, new_command},
    Command{"build", describe_verb<Verb::build>, build_command},
    Command{"run", describe_verb<Verb::run>, run_command},
    Command{"exec", control::describe_exec, exec_command},
    Command{"check", check::describe_check, check_command},
    Command{"graph", graph::describe_graph, graph_command},
    Command{"dtb", check::describe_dtb, dtb_command},
    Command{"needs", passthrough::describe_needs, needs_command},
    Command{"boards", describe_boards, boards_command},
    Command{"board", describe_board, board_command},
    Command{"list", describe_list, list_command},
    Command{"bench", describe_verb<Verb::bench>, bench_command},
    Command{"where", describe_where, where_command},
    Command{"completion", describe_completion, completion_command},
    Command{"complete", describe_nothing, complete_command, true},
    Command{"manual-page", describe_nothing, manual_page_command, true},
    Command{"manual-chapter", describe_nothing, manual_chapter_command, true},
};

} // namespace

std::span<const Command> all_commands() { return k_commands; }

const Command* find_command(std::string_view name)
{
    const auto* const found = std::ranges::find(
        k_commands, name, [](const Command& command) { return std::string_view{command.name}; });
    return found == k_commands.end() ? nullptr : found;
}

std::unique_ptr<CLI::App> described(const Command& command)
{
    auto app = std::make_unique<CLI::App>("", std::string{"vmm "} + command.name);
    app->set_help_flag(); // first of the options otherwise
    command.describe(*app);
    app->set_help_flag("-h,--help", "this text");
    return app;
}

Parsers described_commands()
{
    Parsers parsers;
    for (const auto& command : k_commands) {
        if (!command.is_hidden) {
            parsers.push_back(described(command));
        }
    }
    return parsers;
}

std::string program_name()
{
    const auto& place = installation();
    return place.is_source_tree ? (place.root / "run").string() : "vmm";
}

} // namespace vmm
