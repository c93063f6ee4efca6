// SPDX-License-Identifier: BSD-2-Clause
#include "new_command.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace boardgen {

namespace fs = std::filesystem;

namespace {

/// "START:SIZE"
std::optional<AddressRange> parse_range(const std::string& text)
{
    try {
        std::size_t used  = 0;
        const auto  start = std::stoull(text, &used, 0);
        if (used >= text.size() || text[used] != ':') {
            return std::nullopt;
        }
        const auto rest = text.substr(used + 1);
        const auto size = std::stoull(rest, &used, 0);
        return used == rest.size() && size != 0 ? std::optional{AddressRange{start, size}}
                                                : std::nullopt;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

/// The command that makes the same folder again, for the first lines of board.dts.
std::string command_of(const NewOptions& options)
{
    const auto& wishes = options.wishes;
    auto        text =
        fmt::format("boardgen new {} --dtb {}", wishes.name, options.dtb.filename().string());
    if (!wishes.console.empty()) {
        text += " --console " + wishes.console;
    }
    if (!options.memory.empty()) {
        text += " --memory " + options.memory;
    }
    if (wishes.timer_hz) {
        text += fmt::format(" --timer-hz {}", *wishes.timer_hz);
    }
    if (wishes.load_address) {
        text += fmt::format(" --load-address {:#x}", *wishes.load_address);
    }
    for (const auto& device : wishes.devices) {
        text += " --device " + device;
    }
    return text;
}

} // namespace

Result<std::string> read_file(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{file}, {}};
    if (!file) {
        return std::unexpected("cannot be read");
    }
    return content;
}

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

void describe_new(CLI::App& app, NewOptions& options)
{
    auto& wishes = options.wishes;
    app.add_option("NAME", wishes.name, "the board's name, and its folder's")
        ->required()
        ->type_name("NAME");
    app.add_option("--dtb", options.dtb,
                   "the device tree of the board's kernel or firmware, a blob")
        ->required()
        ->type_name("FILE");
    app.add_option("--boards", options.boards,
                   "the folder in which boards are (boards/ of the project)")
        ->type_name("FOLDER");
    app.add_option("--console", wishes.console,
                   "the serial port, if the tree does not say: path or alias")
        ->type_name("PATH");
    app.add_option("--memory", options.memory, "RAM, if the tree does not say")
        ->type_name("START:SIZE");
    app.add_option("--timer-hz", wishes.timer_hz,
                   "rate of the generic timer, if the tree does not say")
        ->type_name("N");
    app.add_option("--load-address", wishes.load_address,
                   "where images are loaded (32 MiB into the memory)")
        ->type_name("A");
    app.add_option("--device", wishes.devices,
                   "a further node to keep: path or alias; again for more")
        ->type_name("PATH")
        ->allow_extra_args(false);
}

Result<fs::path> add_board(const NewOptions& options)
{
    auto wishes   = options.wishes;
    wishes.source = command_of(options);
    if (!options.memory.empty()) {
        wishes.memory = parse_range(options.memory);
        if (!wishes.memory) {
            return std::unexpected(fmt::format("--memory {}: write START:SIZE, as in "
                                               "0x40000000:0x80000000",
                                               options.memory));
        }
    }
    const auto folder = options.boards / wishes.name;
    if (fs::exists(folder / "board.json")) {
        return std::unexpected(
            fmt::format("{} is there already: remove it, or choose another name", folder.string()));
    }
    const auto said = [&](const std::string& what) {
        return std::unexpected(fmt::format("{}: {}", options.dtb.string(), what));
    };
    const auto blob = read_file(options.dtb);
    if (!blob) {
        return said(blob.error());
    }
    const auto tree = DeviceTree::create(std::as_bytes(std::span{*blob}));
    if (!tree) {
        return said(tree.error());
    }
    const auto files = new_board(*tree, wishes);
    if (!files) {
        return said(files.error());
    }
    TRY(write_file(folder / "board.dts", files->tree));
    TRY(write_file(folder / "board.json", files->json));
    return folder;
}

} // namespace boardgen
