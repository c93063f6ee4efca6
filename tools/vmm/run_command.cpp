// SPDX-License-Identifier: BSD-2-Clause
// vmm run, vmm build and vmm list: a system of the project, or an example of libvmm's source tree.
#include "base/result.hpp"
#include "boards.hpp"
#include "build.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "control.hpp"
#include "devices.hpp"
#include "installation.hpp"
#include "options.hpp"
#include "own_guest.hpp"
#include "session.hpp"
#include "work_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace vmm {

namespace {

namespace fs = std::filesystem;

std::set<std::string> examples(const Tree& tree)
{
    std::set<std::string> names;
    std::error_code       ignored;
    for (const auto& entry : fs::directory_iterator(tree.source / "examples", ignored)) {
        if (fs::exists(entry.path() / "CMakeLists.txt")) {
            names.insert(entry.path().filename());
        }
    }
    return names;
}

/// The folder of the system `name`: its example's own, or for a variant NAME_… that of NAME.
std::string folder_of(const Tree& tree, const std::string& name)
{
    for (const auto& example : examples(tree)) {
        if (name == example || name.starts_with(example + "_")) {
            return example;
        }
    }
    return {};
}

/// The layouts and descriptions in a project's folder, its own first.
std::vector<std::string> systems_of(const Project& project)
{
    std::set<std::string> names;
    std::error_code       ignored;
    for (const auto& entry : fs::directory_iterator(project.folder, ignored)) {
        const auto file = entry.path().filename().string();
        for (const std::string_view tail : {".layout.xml", ".system"}) {
            if (file.ends_with(tail)) {
                names.insert(file.substr(0, file.size() - tail.size()));
            }
        }
    }
    names.erase(project.name);
    std::vector<std::string> list{project.name};
    list.insert(list.end(), names.begin(), names.end());
    return list;
}

Result<> check_place(const std::optional<Project>& project)
{
    if (project || installation().is_source_tree) {
        return {};
    }
    return std::unexpected(
        fmt::format("there is no project here: neither this folder nor one above "
                    "it has a {}. `{} new my-system` makes one",
                    k_project_file, program_name()));
}

Defaults defaults_of(const std::optional<Project>& project)
{
    return project ? Defaults{.system = project->name, .board = project->board} : Defaults{};
}

/// Builds the system; gives its NAME.json.
Result<fs::path> build_one(const std::optional<Project>& project, const std::string& name,
                           const std::string& board, const std::string& config)
{
    TRY(find_board(project, board));
    if (project) {
        if (!has_system(*project, name)) {
            return std::unexpected(fmt::format(
                "the project {} has no system {}; it has: {} (vmm --help lists the commands)",
                project->folder.string(), name, fmt::join(systems_of(*project), ", ")));
        }
        return TRY(build_project(*project, name, board, config)) / (name + ".json");
    }
    const auto tree   = this_tree();
    const auto folder = folder_of(tree, name);
    if (folder.empty()) {
        return std::unexpected(
            fmt::format("there is no example {}; there are: {} (vmm --help lists the commands)",
                        name, fmt::join(examples(tree), ", ")));
    }
    const auto product = TRY(build_product(tree, board, config, name + "_system"));
    return product / "examples" / folder / (name + ".json");
}

Result<KernelKind> kernel_of(const System& system)
{
    if (!system.guest) {
        return KernelKind::bare_metal;
    }
    return kernel_kind(system.guest->directory / "kernel");
}

nlohmann::json to_json(const System& system)
{
    auto report = system.image;
    report.replace_extension("report.txt");
    return {{"name", system.name},
            {"board", system.board},
            {"config", system.config},
            {"image", system.image.string()},
            {"report", report.string()},
            {"system", system.description.string()},
            {"layout", system.layout ? nlohmann::json(system.layout->source.string())
                                     : nlohmann::json(nullptr)},
            {"sdk", system.sdk.string()}};
}

/// Where the image goes on a board that has to be given it by hand.
void print_image(const System& system, const project::KnownBoard& board)
{
    fmt::print("{}\n", system.image.string());
    if (!board.board.qemu) {
        fmt::print(stderr, "-- load it at {0:#x}, and start it there at EL2 (U-Boot: go {0:#x})\n",
                   board.board.load_address);
    }
}

struct ListOptions {
    bool json = false;

    void add_to(CLI::App& app)
    {
        app.description("List the systems of the project, or libvmm's examples.");
        app.add_flag("--json", json, "as JSON");
    }
};

} // namespace

void describe_list(CLI::App& app) { command_line::describe<ListOptions>(app); }

Result<int> run_command(std::vector<std::string> words, const std::optional<Project>& project)
{
    const auto options = TRY(parse_options(std::move(words), Verb::run, defaults_of(project)));
    TRY(check_place(project));
    const auto place = TRY(find_board(project, options.board));
    if (const auto known = TRY(read_board_at(place)); !known.board.qemu) {
        return std::unexpected(fmt::format("QEMU does not have the board {}: `{} build` makes the "
                                           "image to load on it",
                                           place.name, program_name()));
    }
    const auto config = options.config.empty() ? "debug" : options.config;
    const auto built  = TRY(build_one(project, options.example, options.board, config));
    auto       system = TRY(read_system(built));
    const auto board  = TRY(qemu::read_board(system.board_json));

    auto       devices = TRY(devices_for(system, options));
    const auto folder =
        TRY(WorkFolder::create((project ? project->build() : this_tree().build) / "run"));
    const auto control = TRY(open_control(system, devices, folder.path()));
    if (options.guest.is_given()) {
        auto changed = with_own_guest(system, options.guest, folder.path());
        if (!changed) {
            return std::unexpected(changed.error());
        }
        system = *std::move(changed);
    }
    const auto kind = TRY(kernel_of(system));
    return run_session({system, board, devices, kind, control}, options);
}

Result<int> build_command(std::vector<std::string> words, const std::optional<Project>& project)
{
    const auto options = TRY(parse_options(std::move(words), Verb::build, defaults_of(project)));
    TRY(check_place(project));
    const auto place  = TRY(find_board(project, options.board));
    const auto config = options.config.empty() ? "debug" : options.config;
    if (options.example.empty() && !project) {
        TRY(build_product(this_tree(), options.board, config, "all"));
        if (options.as_json) {
            fmt::print("{}\n",
                       nlohmann::json{{"board", options.board}, {"config", config}}.dump(2));
        }
        return 0;
    }
    const auto name   = options.example.empty() ? project->name : options.example;
    const auto built  = TRY(build_one(project, name, options.board, config));
    const auto system = TRY(read_system(built));
    if (options.as_json) {
        fmt::print("{}\n", to_json(system).dump(2));
    } else {
        const auto known = TRY(read_board_at(place));
        print_image(system, known);
    }
    return 0;
}

Result<int> list_command(std::vector<std::string> words, const std::optional<Project>& project)
{
    const auto options = TRY(command_line::parse<ListOptions>("vmm list", std::move(words)));
    TRY(check_place(project));
    std::vector<std::string> names;
    if (project) {
        names = systems_of(*project);
    } else {
        const auto all = examples(this_tree());
        names.assign(all.begin(), all.end());
    }
    if (options.json) {
        fmt::print("{}\n", nlohmann::json(names).dump(2));
    } else {
        fmt::print("{}\n", fmt::join(names, "\n"));
    }
    return 0;
}

} // namespace vmm
