// SPDX-License-Identifier: BSD-2-Clause
#include "places.hpp"

#include "base/result.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace description {
namespace {

namespace fs = std::filesystem;

template <class T = void>
using Result = std::expected<T, std::string>;

constexpr const char* k_default_board = "qemu_virt_aarch64";

bool is_file(const fs::path& file)
{
    std::error_code ignored;
    return fs::is_regular_file(file, ignored);
}

bool is_tree(const fs::path& file)
{
    return file.extension() == ".dts" || file.extension() == ".dtb";
}

/// The description or layout of an example, for a board.
Result<fs::path> find_example(const std::string& name, const std::string& board,
                              const Places& places)
{
    const auto folder = places.source / "examples" / name;
    for (const auto& candidate :
         {fmt::format("{}.{}.layout.xml", board, name), fmt::format("{}.layout.xml", name),
          fmt::format("{}.system", name), fmt::format("{}/{}.system", board, name)}) {
        if (is_file(folder / candidate)) {
            return folder / candidate;
        }
    }
    return std::unexpected(
        fmt::format("there is no file {}, and no example of that name with a system for the board "
                    "{}; name a .system file, a layout, or the NAME.json of a build",
                    name, board));
}

/// What a product build says of one of its systems (cmake/product.cmake).
Result<Sources> from_build(const fs::path& file)
{
    std::ifstream stream{file};
    const auto    json = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
    const auto    text = [&](const nlohmann::json& from, const char* key) -> std::string {
        return from.is_object() && from.contains(key) && from[key].is_string()
                      ? from[key].get<std::string>()
                      : std::string{};
    };
    Sources sources;
    sources.system     = text(json, "system");
    sources.board_json = text(json, "board_json");
    if (sources.system.empty() || sources.board_json.empty()) {
        return std::unexpected(fmt::format(
            "{} is not the NAME.json that a build writes beside its image", file.string()));
    }
    sources.board_tree = sources.board_json.parent_path() / "board.dts";
    if (json.contains("layout") && json["layout"].is_object()) {
        sources.system  = text(json["layout"], "source");
        sources.drivers = text(json["layout"], "drivers");
    }
    const auto add_guest = [&](const nlohmann::json& guest) {
        const fs::path program = text(guest, "program");
        const fs::path folder  = text(guest, "directory");
        if (!program.empty() && !folder.empty()) {
            sources.guests.push_back({program.filename(), folder});
        }
    };
    if (json.contains("guests") && json["guests"].is_array()) {
        for (const auto& guest : json["guests"]) {
            add_guest(guest);
        }
    } else if (json.contains("guest")) {
        add_guest(json["guest"]);
    }
    return sources;
}

} // namespace

std::string name_of(const fs::path& file)
{
    constexpr std::string_view k_layout = ".layout.xml";
    auto                       name     = file.filename().string();
    if (name.ends_with(k_layout)) {
        name.resize(name.size() - k_layout.size());
        return name;
    }
    return file.stem().string();
}

Result<fs::path> find_board(const std::string& board, const Places& places)
{
    auto folders = places.boards;
    folders.push_back(places.source / "boards");
    std::set<std::string> known;
    for (const auto& folder : folders) {
        if (is_file(folder / board / "board.json")) {
            return folder / board;
        }
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator{folder, ignored}) {
            if (is_file(entry.path() / "board.json")) {
                known.insert(entry.path().filename());
            }
        }
    }
    return std::unexpected(
        fmt::format("there is no board {}; there are: {}", board, fmt::join(known, ", ")));
}

Result<Sources> find_sources(const Words& words, const Places& places)
{
    Sources    sources;
    const auto own   = words.system.empty();
    auto       board = words.board.empty() ? places.board : words.board;
    fs::path   file  = own ? places.own : fs::path{words.system};
    if (file.empty()) {
        return std::unexpected("name a system description, a layout, a device tree, the NAME.json "
                               "of a build, or an example");
    }
    if (!is_file(file)) {
        if (own || file.has_parent_path() || file.has_extension()) {
            return std::unexpected(fmt::format("there is no file {}", file.string()));
        }
        if (board.empty()) {
            board = k_default_board;
        }
        file = TRY(find_example(words.system, board, places));
    }
    sources.system = file;
    if (file.extension() == ".json") {
        sources = TRY(from_build(file));
        board   = words.board; // it knows its own
    }
    // A device tree alone is of no board.
    if (!board.empty() && (!is_tree(file) || !words.board.empty())) {
        const auto folder  = TRY(find_board(board, places));
        sources.board_json = folder / "board.json";
        sources.board_tree = folder / "board.dts";
    }
    if (sources.drivers.empty()) {
        sources.drivers = places.source / "components" / "drivers";
    }
    return sources;
}

} // namespace description
