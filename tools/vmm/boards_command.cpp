// SPDX-License-Identifier: BSD-2-Clause
// vmm boards
#include "base/result.hpp"
#include "boards.hpp"
#include "command_line.hpp"
#include "commands.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace vmm {

namespace {

struct BoardsOptions {
    std::string board;
    bool        json = false;

    void add_to(CLI::App& app)
    {
        app.description("List the boards that there are, and what each can give a guest.");
        app.footer("Exit codes: 0, or 1 for a wrong call or a board that cannot be read.");
        app.add_option("BOARD", board, "say all about this one, with reasons")->type_name("BOARD");
        app.add_flag("--json", json, "as JSON");
    }
};

/// "boots in QEMU", as its board.json says, or what follows from that.
std::string status_of(const project::KnownBoard& known)
{
    if (!known.status.empty()) {
        return known.status;
    }
    return known.board.qemu ? "in QEMU" : "built, not run";
}

std::string kinds_of(const boardgen::Device& device)
{
    return device.compatible.empty() ? device.name : device.compatible.front();
}

std::string parts_of(const project::KnownBoard& known)
{
    std::string parts;
    for (const auto& offer : known.offers) {
        if (offer.is_there()) {
            parts += (parts.empty() ? "" : ", ") + std::string{info_of(offer.part).name};
        }
    }
    return parts;
}

nlohmann::json to_json(const BoardPlace& place, const project::KnownBoard& known)
{
    auto parts = nlohmann::json::object();
    for (const auto& offer : known.offers) {
        const std::string name{info_of(offer.part).name};
        parts[name] = offer.is_there()
                          ? nlohmann::json{{"offered", true}, {"device", offer.device}}
                          : nlohmann::json{{"offered", false}, {"reason", offer.reason}};
    }
    std::uint64_t memory = 0;
    for (const auto& range : known.board.memory) {
        memory += range.size;
    }
    return {{"name", place.name},
            {"folder", place.folder.string()},
            {"own", place.is_own},
            {"status", status_of(known)},
            {"qemu", known.board.qemu.has_value()},
            {"cpu", known.board.cpu},
            {"gic", known.board.gic.version},
            {"console", kinds_of(known.board.console)},
            {"memory", memory},
            {"load_address", known.board.load_address},
            {"parts", parts}};
}

void print_one(const BoardPlace& place, const project::KnownBoard& known)
{
    fmt::print("{}: {}, GICv{}, console {}; {}\n", place.name, known.board.cpu,
               known.board.gic.version, kinds_of(known.board.console), status_of(known));
    for (const auto& range : known.board.memory) {
        fmt::print("  memory   {:#x} to {:#x} ({} MiB)\n", range.start, range.end(),
                   range.size >> 20);
    }
    fmt::print("  a guest can have (vmm new --device …)\n");
    for (const auto& offer : known.offers) {
        const auto& info = info_of(offer.part);
        fmt::print("    {:<8} {}\n", info.name,
                   offer.is_there() ? std::string{info.what} : "no: " + offer.reason);
    }
    fmt::print("  devices, which a guest can have for itself (vmm new --passthrough DEVICE)\n");
    for (const auto& [name, device] : known.board.devices) {
        fmt::print("    {:<8} {}\n", name, kinds_of(device));
    }
}

} // namespace

void describe_boards(CLI::App& app) { command_line::describe<BoardsOptions>(app); }

Result<int> boards_command(std::vector<std::string> words, const std::optional<Project>& project)
{
    const auto options = TRY(command_line::parse<BoardsOptions>("vmm boards", std::move(words)));
    auto       places  = all_boards(project);
    if (!options.board.empty()) {
        places = {TRY(find_board(project, options.board))};
    }
    auto all = nlohmann::json::array();
    for (const auto& place : places) {
        const auto known = TRY(read_board_at(place));
        if (options.json) {
            all.push_back(to_json(place, known));
        } else if (!options.board.empty()) {
            print_one(place, known);
        } else {
            fmt::print("{:<24} GICv{}  {}\n{:<24} {}\n", place.name, known.board.gic.version,
                       status_of(known), "", parts_of(known));
        }
    }
    if (options.json) {
        fmt::print("{}\n", (options.board.empty() ? all : all.front()).dump(2));
    }
    return 0;
}

} // namespace vmm
