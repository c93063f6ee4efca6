// SPDX-License-Identifier: BSD-2-Clause
// boardgen: from a board's device tree and board.json to the files that the builds read.
#include "board.hpp"
#include "new_command.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fmt/format.h>

namespace {

namespace fs = std::filesystem;
using boardgen::read_file;
using boardgen::Result;
using boardgen::write_file;

Result<> generate(const fs::path& dtb, const fs::path& json, const fs::path& output)
{
    const auto with_name = [](const fs::path& path) {
        return [&path](const std::string& what) {
            return std::unexpected(fmt::format("{}: {}", path.string(), what));
        };
    };
    const auto blob = read_file(dtb);
    if (!blob) {
        return with_name(dtb)(blob.error());
    }
    const auto text = read_file(json);
    if (!text) {
        return with_name(json)(text.error());
    }
    const auto tree = boardgen::DeviceTree::create(std::as_bytes(std::span{*blob}));
    if (!tree) {
        return with_name(dtb)(tree.error());
    }
    const auto board = boardgen::read_board(*tree, *text);
    if (!board) {
        return with_name(json.parent_path())(board.error());
    }
    TRY(write_file(output / "board.json", boardgen::tool_json(*board)));
    TRY(write_file(output / "board.cmake", boardgen::cmake_facts(*board)));
    return write_file(output / "board" / "board.hpp", boardgen::cpp_header(*board));
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{"Generates board.json, board.cmake and board/board.hpp for one board."};
    fs::path dtb, json, output;
    app.add_option("--dtb", dtb, "the board's device tree blob");
    app.add_option("--json", json, "the hand-written board.json");
    app.add_option("-o,--output", output, "directory for the results");

    boardgen::NewOptions options{.wishes = {}, .dtb = {}, .boards = "boards", .memory = {}};
    auto& add = *app.add_subcommand("new", "makes a board's folder from a device tree");
    describe_new(add, options);
    CLI11_PARSE(app, argc, argv);

    if (add.parsed()) {
        const auto folder = add_board(options);
        if (folder) {
            fmt::print("{}: board.dts and board.json. Look at them, then: ./run build --board {}\n",
                       folder->string(), options.wishes.name);
            return 0;
        }
        fmt::print(stderr, "boardgen: error: {}\n", folder.error());
        return 1;
    }
    if (const auto done = generate(dtb, json, output); !done) {
        fmt::print(stderr, "boardgen: error: {}\n", done.error());
        return 1;
    }
    return 0;
}
