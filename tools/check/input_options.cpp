// SPDX-License-Identifier: BSD-2-Clause
#include "input_options.hpp"

#include <fmt/format.h>

namespace check {

namespace fs = std::filesystem;

void InputOptions::add_to(CLI::App& parser)
{
    parser
        .add_option("FILE", words_.system,
                    "a system description, a layout, a device tree alone (.dts, .dtb), the "
                    "NAME.json of a build, or the name of an example; without it the project's "
                    "system")
        ->type_name("FILE");
    parser
        .add_option("--board", words_.board,
                    "the board; without it the project's (`vmm boards` lists them)")
        ->type_name("BOARD");
    parser
        .add_option("--board-dtb", board_tree_,
                    "in place of the board's own, its device tree, source or blob")
        ->type_name("FILE");
    parser
        .add_option("--board-json", board_json_,
                    "in place of the board's own, its board.json; layouts need one")
        ->type_name("FILE");
    parser
        .add_option("--drivers", drivers_,
                    "in place of libvmm's components/drivers, the folder of the drivers' "
                    "config.json; layouts need it")
        ->type_name("FOLDER");
    parser
        .add_option("--guest-dtb", trees_,
                    "[VM=]FILE: the tree of a guest, source or blob; without it that which libvmm "
                    "writes. Again for more guests")
        ->type_name("FILE")
        ->allow_extra_args(false);
    parser
        .add_option("--settings", settings_,
                    "JSON: what the VMM's program is told of a guest: vm, ram {address, size}, "
                    "kernel, initrd and dtb {file, address, size}, bootargs, interrupts "
                    "[{channel, intid}]")
        ->type_name("FILE");
}

std::expected<Files, std::string> InputOptions::files(const description::Places& places) const
{
    auto found = description::find_sources(words_, places);
    if (!found) {
        return std::unexpected(found.error());
    }
    Files files;
    static_cast<description::Sources&>(files) = *std::move(found);
    if (!board_tree_.empty()) {
        files.board_tree = board_tree_;
    }
    if (!board_json_.empty()) {
        files.board_json = board_json_;
    }
    if (!drivers_.empty()) {
        files.drivers = drivers_;
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
