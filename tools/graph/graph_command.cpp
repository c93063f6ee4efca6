// SPDX-License-Identifier: BSD-2-Clause
#include "graph_command.hpp"

#include "base/result.hpp"
#include "input.hpp"
#include "picture.hpp"
#include "qemu/process.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <fstream>

namespace graph {
namespace {

namespace fs = std::filesystem;

template <class T = void>
using Result = std::expected<T, std::string>;

constexpr const char* k_help =
    R"(vmm graph SYSTEM [options]   draw a system: domains, channels, interrupts, memory

SYSTEM is a system description (NAME.system), a layout (NAME.layout.xml), or the name of an example.
Makes NAME.svg and NAME.png, the system, and NAME-memory.svg and NAME-memory.png, its memory; with
each the source NAME.dot, NAME-memory.dot. Graphviz (`apt install graphviz`) draws them.

  --board B        the board of a layout (qemu_virt_aarch64)
  -o, --output D   the folder for the pictures; the current one if it is not given
  --format F,…     svg, png, pdf or dot in place of svg and png; dot needs no Graphviz
  --json           print the system as JSON and draw nothing
  --help           this text

Exit codes: 0 when all is drawn, 1 for a wrong call, a system that cannot be read, or no Graphviz.
)";

/// "linux" of "folder/linux.layout.xml" and of "folder/linux.system".
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

/// The file that a name stands for.
Result<fs::path> find_system(const GraphOptions& options, const Folders& folders)
{
    std::error_code ignored;
    if (fs::is_regular_file(options.system, ignored)) {
        return options.system;
    }
    const auto folder = folders.source / "examples" / options.system;
    for (const auto& candidate :
         {options.board + "." + options.system + ".layout.xml", options.system + ".layout.xml",
          options.system + ".system", options.board + "/" + options.system + ".system"}) {
        if (fs::is_regular_file(folder / candidate, ignored)) {
            return folder / candidate;
        }
    }
    return std::unexpected(
        fmt::format("there is no file and no example's layout '{}'; name a .system file, a layout, "
                    "or an example that has one (./run list)",
                    options.system));
}

Result<Files> files_of(const GraphOptions& options, const Folders& folders)
{
    Files files;
    files.system = TRY(find_system(options, folders));
    if (is_layout(files.system)) {
        files.board_json = folders.source / "boards" / options.board / "board.json";
        files.board_tree = folders.boards / options.board / "board.dtb";
        files.drivers    = folders.source / "components/drivers";
        if (!fs::exists(files.board_json)) {
            return std::unexpected(
                fmt::format("--board {}: there is no such board in boards/", options.board));
        }
    }
    return files;
}

Result<> write(const fs::path& file, const std::string& text)
{
    std::ofstream stream{file, std::ios::binary};
    stream << text;
    stream.close();
    if (!stream) {
        return std::unexpected(fmt::format(
            "{} cannot be written; look at --output and its permissions", file.string()));
    }
    return {};
}

Result<> render(const fs::path& source, const std::string& format)
{
    auto file = source;
    file.replace_extension(format);
    auto process = qemu::Process::start(
        {"dot", "-T" + format, "-Gdpi=96", source.string(), "-o", file.string()},
        qemu::Streams::inherited);
    if (!process) {
        return std::unexpected(fmt::format("Graphviz' program dot draws {}, and cannot be started "
                                           "({}); `apt install graphviz`, or "
                                           "--format dot",
                                           file.string(), process.error()));
    }
    if (const auto exit = process->wait(); !exit.is_success()) {
        return std::unexpected(
            fmt::format("drawing {} failed: dot {}; if it is not there, `apt install graphviz`",
                        file.string(), exit.text()));
    }
    fmt::print("{}\n", file.string());
    return {};
}

Result<> run(const GraphOptions& options, const Folders& folders)
{
    const auto files  = TRY(files_of(options, folders));
    const auto system = TRY(read_system(files));
    if (options.json) {
        fmt::print("{}", to_json(system));
        return {};
    }
    const auto      name   = name_of(files.system);
    const fs::path  folder = options.output.empty() ? fs::path{"."} : options.output;
    std::error_code error;
    fs::create_directories(folder, error);
    for (const auto& [file, text] : {std::pair{name + ".dot", draw_system(system, name)},
                                     {name + "-memory.dot", draw_memory(system, name)}}) {
        TRY(write(folder / file, text));
        for (const auto& format : options.formats) {
            if (format == "dot") {
                fmt::print("{}\n", (folder / file).string());
            } else {
                TRY(render(folder / file, format));
            }
        }
    }
    return {};
}

} // namespace

Result<GraphOptions> parse_graph(std::vector<std::string> words)
{
    GraphOptions options;
    CLI::App     parser;
    parser.set_help_flag();
    parser.add_flag("-h,--help", options.help);
    parser.add_option("system", options.system);
    parser.add_option("--board", options.board);
    parser.add_option("-o,--output", options.output);
    parser.add_option("--format", options.formats)->delimiter(',')->allow_extra_args(false);
    parser.add_flag("--json", options.json);
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& error) {
        return std::unexpected(fmt::format("{} (vmm graph --help)", error.what()));
    }
    for (const auto& format : options.formats) {
        if (format != "svg" && format != "png" && format != "pdf" && format != "dot") {
            return std::unexpected(
                fmt::format("--format {}: give svg, png, pdf or dot, with commas between", format));
        }
    }
    if (options.system.empty() && !options.help) {
        return std::unexpected(
            "which system? Name a .system file, a layout or an example (vmm graph "
            "--help)");
    }
    return options;
}

int graph_main(std::vector<std::string> words, const Folders& folders)
{
    const auto options = parse_graph(std::move(words));
    if (options && options->help) {
        fmt::print("{}", k_help);
        return 0;
    }
    const auto done = options ? run(*options, folders) : std::unexpected(options.error());
    if (!done) {
        fmt::print(stderr, "vmm graph: {}\n", done.error());
        return k_exit_wrong;
    }
    return 0;
}

} // namespace graph
