// SPDX-License-Identifier: BSD-2-Clause
#include "input_options.hpp"

#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace check {
namespace {

namespace fs = std::filesystem;

/// What a product build says of one of its systems (cmake/product.cmake): NAME.json.
std::expected<Files, std::string> from_build(const fs::path& file)
{
    std::ifstream stream{file};
    const auto    json = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("system") || !json["system"].is_string() ||
        !json.contains("board_json") || !json["board_json"].is_string()) {
        return std::unexpected(fmt::format(
            "{} is not the NAME.json that a build writes beside its image", file.string()));
    }
    Files files;
    files.system     = json["system"].get<std::string>();
    files.board_json = json["board_json"].get<std::string>();
    files.board_tree = files.board_json.parent_path() / "board.dts";
    if (json.contains("layout") && json["layout"].is_object()) {
        files.system  = json["layout"].value("source", "");
        files.drivers = json["layout"].value("drivers", "");
    }
    if (json.contains("guest") && json["guest"].is_object()) {
        const fs::path  folder = json["guest"].value("directory", "");
        std::error_code error;
        if (fs::file_size(folder / "dtb", error) != 0 && !error) {
            files.trees.emplace_back(json["guest"].value("vm", ""), folder / "dtb");
        }
    }
    return files;
}

} // namespace

void InputOptions::add_to(CLI::App& parser)
{
    parser.add_option("FILE", system_,
                      "a system description, a layout, a device tree alone (.dts, .dtb), or the "
                      "NAME.json of a build");
    parser.add_option("--board", board_, "a board of boards/");
    parser.add_option("--board-dtb", board_tree_, "the board's device tree, source or blob");
    parser.add_option("--board-json", board_json_, "the board's board.json; layouts need it");
    parser.add_option("--drivers", drivers_,
                      "folder of the drivers' config.json; layouts need it (components/drivers)");
    parser
        .add_option("--guest-dtb", trees_,
                    "[VM=]FILE: the tree of a guest, source or blob; without it that which libvmm "
                    "writes. Again for more guests")
        ->allow_extra_args(false);
    parser.add_option("--settings", settings_,
                      "JSON: what the VMM's program is told of a guest: vm, ram {address, size}, "
                      "kernel, initrd and dtb {file, address, size}, bootargs, interrupts "
                      "[{channel, intid}]");
}

std::expected<Files, std::string> InputOptions::files() const
{
    if (system_.empty()) {
        return std::unexpected("name a system description, a layout or a device tree");
    }
    if (!fs::is_regular_file(system_)) {
        return std::unexpected(fmt::format("there is no file {}", system_));
    }
    Files files;
    files.system = system_;
    if (files.system.extension() == ".json") {
        auto built = from_build(files.system);
        if (!built) {
            return built;
        }
        files = *std::move(built);
    }
    const fs::path source{LIBVMM_SOURCE_DIR};
    if (!board_.empty()) {
        const auto folder = source / "boards" / board_;
        if (!fs::is_directory(folder)) {
            return std::unexpected(fmt::format("there is no board {} in boards/", board_));
        }
        files.board_json = folder / "board.json";
        files.board_tree = folder / "board.dts";
    }
    if (!board_tree_.empty()) {
        files.board_tree = board_tree_;
    }
    if (!board_json_.empty()) {
        files.board_json = board_json_;
    }
    if (!drivers_.empty()) {
        files.drivers = drivers_;
    } else if (files.drivers.empty()) {
        files.drivers = source / "components" / "drivers";
    }
    for (const auto& one : trees_) {
        const auto equals = one.find('=');
        const auto file   = equals == one.npos ? one : one.substr(equals + 1);
        if (!fs::is_regular_file(file)) {
            return std::unexpected(fmt::format("there is no file {}", file));
        }
        files.trees.emplace_back(equals == one.npos ? "" : one.substr(0, equals), file);
    }
    if (!settings_.empty()) {
        if (!fs::is_regular_file(settings_)) {
            return std::unexpected(fmt::format("there is no file {}", settings_));
        }
        files.settings = settings_;
    }
    return files;
}

} // namespace check
