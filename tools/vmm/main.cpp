// SPDX-License-Identifier: BSD-2-Clause
// The program behind ./run: builds a system, puts the user's guest in, boots it in QEMU.
#include "base/result.hpp"
#include "bench.hpp"
#include "build.hpp"
#include "command.hpp"
#include "commands.hpp"
#include "control.hpp"
#include "devices.hpp"
#include "options.hpp"
#include "own_guest.hpp"
#include "session.hpp"
#include "work_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace {

using namespace vmm;
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

Result<> check_names(const Tree& tree, const Options& options)
{
    if (folder_of(tree, options.example).empty()) {
        return std::unexpected(fmt::format("there is no example {}; there are: {}", options.example,
                                           fmt::join(examples(tree), ", ")));
    }
    if (!fs::exists(tree.source / "boards" / options.board / "board.json")) {
        return std::unexpected(fmt::format("there is no board {} in boards/", options.board));
    }
    return {};
}

Result<KernelKind> kernel_of(const System& system)
{
    if (!system.guest) {
        return KernelKind::bare_metal;
    }
    return kernel_kind(system.guest->directory / "kernel");
}

Result<int> run(const Options& options)
{
    if (options.example == "bench") {
        TRY(bench::run(options));
        return 0;
    }
    const auto tree   = this_tree();
    const auto config = options.config.empty() ? "debug" : options.config;
    if (options.example == "build") {
        TRY(build_product(tree, options.board, config, "all"));
        return 0;
    }
    TRY(check_names(tree, options));
    const auto product =
        TRY(build_product(tree, options.board, config, options.example + "_system"));
    auto       system = TRY(read_system(product / "examples" / folder_of(tree, options.example) /
                                        (options.example + ".json")));
    const auto board  = TRY(qemu::read_board(system.board_json));

    auto       devices = TRY(devices_for(system, options));
    const auto folder  = TRY(WorkFolder::create(tree.build / "run"));
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

} // namespace

int main(int argument_count, char** arguments)
{
    const std::vector<std::string> words{arguments + 1, arguments + argument_count};
    if (!words.empty() && words.front() == "exec") {
        return control::exec_main({words.begin() + 1, words.end()}, this_tree().build / "run");
    }
    if (const auto done = run_command(words)) {
        return *done;
    }
    const auto options = parse_options(words);
    if (!options) {
        fmt::print(stderr, "run: {}\n", options.error());
        return 1;
    }
    if (options->help) {
        fmt::print("{}", help_text());
        return 0;
    }
    if (options->example == "list") {
        fmt::print("{}\n", fmt::join(examples(this_tree()), "\n"));
        return 0;
    }
    const auto exit_code = run(*options);
    if (!exit_code) {
        fmt::print(stderr, "run: {}\n", exit_code.error());
        return 1;
    }
    return *exit_code;
}
