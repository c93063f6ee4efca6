// SPDX-License-Identifier: BSD-2-Clause
// boardgen: from a board's device tree and board.json to the files that the builds read.
#include "board.hpp"
#include "new_board.hpp"

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

/// "START:SIZE"
std::optional<boardgen::AddressRange> parse_range(const std::string& text)
{
    try {
        std::size_t used  = 0;
        const auto  start = std::stoull(text, &used, 0);
        if (used >= text.size() || text[used] != ':') {
            return std::nullopt;
        }
        const auto rest = text.substr(used + 1);
        const auto size = std::stoull(rest, &used, 0);
        return used == rest.size() && size != 0 ? std::optional{boardgen::AddressRange{start, size}}
                                                : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

Result<> add_board(const fs::path& dtb, const fs::path& boards, const boardgen::NewBoard& wishes)
{
    const auto folder = boards / wishes.name;
    if (fs::exists(folder / "board.json")) {
        return std::unexpected(
            fmt::format("{} is there already: remove it, or choose another name", folder.string()));
    }
    const auto blob = read_file(dtb);
    if (!blob) {
        return std::unexpected(fmt::format("{}: {}", dtb.string(), blob.error()));
    }
    const auto said = [&](const std::string& what) {
        return std::unexpected(fmt::format("{}: {}", dtb.string(), what));
    };
    const auto tree = boardgen::DeviceTree::create(std::as_bytes(std::span{*blob}));
    if (!tree) {
        return said(tree.error());
    }
    const auto files = boardgen::new_board(*tree, wishes);
    if (!files) {
        return said(files.error());
    }
    TRY(write_file(folder / "board.dts", files->tree));
    TRY(write_file(folder / "board.json", files->json));
    fmt::print("{0}: board.dts and board.json. Look at them, then: ./run build --board {1}\n",
               folder.string(), wishes.name);
    return {};
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{"Generates board.json, board.cmake and board/board.hpp for one board."};
    fs::path dtb, json, output;
    app.add_option("--dtb", dtb, "the board's device tree blob");
    app.add_option("--json", json, "the hand-written board.json");
    app.add_option("-o,--output", output, "directory for the results");

    boardgen::NewBoard wishes;
    std::string        memory;
    fs::path           boards = "boards";
    auto& add = *app.add_subcommand("new", "makes a board's folder from a device tree");
    add.add_option("name", wishes.name, "the folder's name")->required();
    add.add_option("--dtb", dtb, "the device tree of the board's kernel or firmware")->required();
    add.add_option("--boards", boards, "where boards are (boards)");
    add.add_option("--console", wishes.console, "its serial port, if the tree does not say");
    add.add_option("--memory", memory, "START:SIZE, if the tree does not say");
    add.add_option("--timer-hz", wishes.timer_hz, "of the generic timer, if the tree does not say");
    add.add_option("--load-address", wishes.load_address, "where images are loaded");
    add.add_option("--device", wishes.devices, "a further node to keep: path or alias");
    CLI11_PARSE(app, argc, argv);

    Result<> done;
    if (add.parsed()) {
        wishes.source =
            fmt::format("boardgen new {} --dtb {}", wishes.name, dtb.filename().string());
        for (int i = 3; i + 1 < argc; ++i) {
            const std::string word = argv[i];
            if (word.starts_with("--") && word != "--dtb" && word != "--boards") {
                wishes.source += fmt::format(" {} {}", word, argv[i + 1]);
            }
        }
        if (!memory.empty()) {
            wishes.memory = parse_range(memory);
        }
        done = memory.empty() || wishes.memory
                   ? add_board(dtb, boards, wishes)
                   : std::unexpected(fmt::format("--memory {}: write START:SIZE, as in "
                                                 "0x40000000:0x80000000",
                                                 memory));
    } else {
        done = generate(dtb, json, output);
    }
    if (!done) {
        fmt::print(stderr, "boardgen: error: {}\n", done.error());
        return 1;
    }
    return 0;
}
