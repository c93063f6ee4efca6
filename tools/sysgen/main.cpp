// SPDX-License-Identifier: BSD-2-Clause
// sysgen: from a layout to a Microkit system description, configuration sections and filled
// programs.
#include "board_trees.hpp"
#include "layout.hpp"
#include "programs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

namespace {

namespace fs = std::filesystem;
using sysgen::refuse;
using sysgen::Result;

struct Arguments {
    fs::path              layout;
    fs::path              board;
    fs::path              tree;
    fs::path              drivers;
    std::vector<fs::path> search;
    fs::path              output;
    std::string           name;
    bool                  only_programs = false;
};

Result<std::string> read_file(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::string   content{std::istreambuf_iterator<char>{file}, {}};
    if (!file) {
        return refuse(0, fmt::format("{} cannot be read", path.string()), "look at the path");
    }
    return content;
}

Result<> write_file(const fs::path& path, std::string_view content)
{
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream file{path, std::ios::binary};
    file << content;
    file.close();
    if (!file) {
        return refuse(0, fmt::format("{} cannot be written", path.string()),
                      "look at the folder's permissions");
    }
    return {};
}

Result<boardgen::Board> read_board(const Arguments& arguments)
{
    const auto blob = TRY(read_file(arguments.tree));
    const auto json = TRY(read_file(arguments.board));
    const auto tree = boardgen::DeviceTree::create(std::as_bytes(std::span{blob}));
    if (!tree) {
        return refuse(0, fmt::format("{}: {}", arguments.tree.string(), tree.error()),
                      "name the board's DTB");
    }
    auto board = boardgen::read_board(*tree, json);
    if (!board) {
        return refuse(0, fmt::format("{}: {}", arguments.board.string(), board.error()),
                      "name the board's board.json");
    }
    return *std::move(board);
}

Result<fs::path> find_program(const std::vector<fs::path>& search, const sysgen::Program& program)
{
    for (const auto& folder : search) {
        if (fs::exists(folder / program.image)) {
            return folder / program.image;
        }
    }
    return refuse(0,
                  fmt::format("the program {} of '{}' is nowhere", program.image, program.domain),
                  "name its folder with --search-path");
}

/// What the system stands on, for whoever has to provide it.
std::string devices_json(const sysgen::Layout& layout)
{
    auto list = nlohmann::json::array();
    for (const auto& used : layout.devices()) {
        list.push_back(
            {{"class", used.device_class}, {"name", used.name}, {"device", used.device}});
        if (used.playback + used.capture != 0) {
            list.back()["playback"] = used.playback;
            list.back()["capture"]  = used.capture;
        }
    }
    return list.dump(2) + "\n";
}

/// "linux" of "folder/linux.layout.xml".
std::string name_of(const fs::path& layout)
{
    auto name = layout.filename();
    while (name.has_extension()) {
        name = name.stem();
    }
    return name.string();
}

Result<> generate(const Arguments& arguments)
{
    const auto        board    = TRY(read_board(arguments));
    const auto        drivers  = TRY(sysgen::read_drivers(arguments.drivers));
    auto              text     = TRY(read_file(arguments.layout));
    auto              document = TRY(sysgen::Document::parse(std::move(text)));
    const auto        blob     = TRY(read_file(arguments.tree));
    sysgen::TreeFiles trees{std::as_bytes(std::span{blob}), arguments.layout.parent_path()};
    auto layout = TRY(sysgen::Layout::create(std::move(document), board, drivers, std::ref(trees)));
    TRY(layout.expand());
    if (arguments.only_programs) {
        fmt::print("{}\n", fmt::join(layout.images(), "\n"));
        return {};
    }

    for (const auto& file : layout.config_files()) {
        TRY(write_file(arguments.output / file.file,
                       {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()}));
    }
    for (const auto& program : layout.programs()) {
        std::vector<sysgen::ConfigFile> files;
        for (const auto& file : layout.config_files()) {
            if (file.domain == program.domain) {
                files.push_back(file);
            }
        }
        if (!arguments.search.empty()) {
            const auto from = TRY(find_program(arguments.search, program));
            TRY(sysgen::fill_program(from, arguments.output / program.copy, files));
        }
    }
    const auto name = arguments.name.empty() ? name_of(arguments.layout) : arguments.name;
    TRY(write_file(arguments.output / (name + ".devices.json"), devices_json(layout)));
    // Last: whoever waits for it finds everything else.
    return write_file(arguments.output / (name + ".system"), layout.description());
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "Turns a layout into a Microkit system description and sDDF configuration sections."};
    Arguments arguments;
    app.add_option("layout", arguments.layout, "the layout")->required();
    app.add_option("--board", arguments.board, "the board's board.json")->required();
    app.add_option("--dtb", arguments.tree, "the board's device tree, as a blob")->required();
    app.add_option("--drivers", arguments.drivers, "folder of CLASS/DEVICE/config.json")
        ->required();
    app.add_option("--search-path", arguments.search,
                   "folders with programs; without it none is filled");
    app.add_option("--name", arguments.name, "the system's name; without it the layout's");
    auto* const output = app.add_option("-o,--output", arguments.output, "folder for what is made");
    app.add_flag("--programs", arguments.only_programs,
                 "make nothing, but print the files of the programs that the system consists of")
        ->excludes(output);
    CLI11_PARSE(app, argc, argv);
    if (arguments.output.empty() && !arguments.only_programs) {
        fmt::print(stderr, "sysgen: name the folder for what is made with -o\n");
        return 1;
    }

    const auto done = generate(arguments);
    if (!done) {
        const auto& error = done.error();
        const auto  place = error.line != 0
                                ? fmt::format("{}:{}", arguments.layout.string(), error.line)
                                : arguments.layout.string();
        fmt::print(stderr, "{}: error: {}\n    hint: {}\n", place, error.what, error.hint);
        return 1;
    }
    return 0;
}
