// SPDX-License-Identifier: BSD-2-Clause
// boardgen: from a board's device tree and board.json to the files that the builds read.
#include "board.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace {

namespace fs = std::filesystem;
using boardgen::Result;

Result<std::string> read_file(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{file}, {}};
    if (!file) {
        return std::unexpected("cannot be read");
    }
    return content;
}

/// Writes only what changed, so that nothing is compiled again in vain; renames into place, so that
/// a build that reads at the same time sees the old file or the new one.
Result<> write_file(const fs::path& path, const std::string& content)
{
    if (const auto old = read_file(path); old && *old == content) {
        return {};
    }
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    auto temporary = path;
    temporary += ".new";
    std::ofstream file{temporary, std::ios::binary};
    file << content;
    file.close();
    fs::rename(temporary, path, error);
    if (!file || error) {
        return std::unexpected(fmt::format("{}: cannot be written", path.string()));
    }
    return {};
}

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
    app.add_option("--dtb", dtb, "the board's device tree blob")->required();
    app.add_option("--json", json, "the hand-written board.json")->required();
    app.add_option("-o,--output", output, "directory for the results")->required();
    CLI11_PARSE(app, argc, argv);
    if (const auto done = generate(dtb, json, output); !done) {
        fmt::print(stderr, "boardgen: error: {}\n", done.error());
        return 1;
    }
    return 0;
}
