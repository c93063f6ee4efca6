// SPDX-License-Identifier: BSD-2-Clause
#include "graph_command.hpp"

#include "base/result.hpp"
#include "picture.hpp"
#include "qemu/process.hpp"
#include "reader.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <ostream>

namespace graph {
namespace {

namespace fs = std::filesystem;

template <class T = void>
using Result = std::expected<T, std::string>;

constexpr const char* k_help =
    R"(vmm graph SYSTEM [options]   draw a system: domains, channels, interrupts, memory

SYSTEM is a system description (NAME.system), a layout (NAME.layout.xml), the NAME.json of a build,
or the name of an example. Makes NAME.svg and NAME.png, the system, and NAME-memory.svg and
NAME-memory.png, its memory; with each the source NAME.dot, NAME-memory.dot. Graphviz
(`apt install graphviz`) draws them.

  --board B        the board of a layout (qemu_virt_aarch64)
  -o, --output D   the folder for the pictures; the current one if it is not given
  --format F,…     svg, png, pdf or dot in place of svg and png; dot needs no Graphviz
  --json           print the system as JSON and draw nothing
  --help           this text

Exit codes: 0 when all is drawn, 1 for a wrong call, a system that cannot be read, or no Graphviz.
)";

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

Result<> render(const fs::path& source, const std::string& format, std::ostream& out)
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
    out << file.string() << '\n';
    return {};
}

Result<> run(const GraphOptions& options, description::Places places, std::ostream& out)
{
    if (places.board.empty()) {
        places.board = "qemu_virt_aarch64";
    }
    const auto sources = TRY(description::find_sources(options.words, places));
    const auto system  = TRY(description::read_system(sources));
    if (options.json) {
        out << to_json(system);
        return {};
    }
    const auto      name   = description::name_of(sources.system);
    const fs::path  folder = options.output.empty() ? fs::path{"."} : options.output;
    std::error_code error;
    fs::create_directories(folder, error);
    for (const auto& [file, text] : {std::pair{name + ".dot", draw_system(system, name)},
                                     {name + "-memory.dot", draw_memory(system, name)}}) {
        TRY(write(folder / file, text));
        for (const auto& format : options.formats) {
            if (format == "dot") {
                out << (folder / file).string() << '\n';
            } else {
                TRY(render(folder / file, format, out));
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
    parser.add_option("system", options.words.system);
    parser.add_option("--board", options.words.board);
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
    return options;
}

int graph_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err)
{
    const auto options = parse_graph(std::move(words));
    if (options && options->help) {
        out << k_help;
        return 0;
    }
    const auto done = options ? run(*options, places, out) : std::unexpected(options.error());
    if (!done) {
        err << fmt::format("vmm graph: {}\n", done.error());
        return k_exit_wrong;
    }
    return 0;
}

} // namespace graph
