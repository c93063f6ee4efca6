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

constexpr auto k_footer =
    "Makes NAME.svg and NAME.png, the system, and NAME-memory.svg and NAME-memory.png, its "
    "memory;\n"
    "with each the source, NAME.dot and NAME-memory.dot. Graphviz (`apt install graphviz`) draws "
    "them.\n"
    "Exit codes: 0 all is drawn, 1 a wrong call, a system that cannot be read, or no Graphviz.";

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

void GraphOptions::add_to(CLI::App& parser)
{
    parser.description("Draws a system: domains, channels, interrupts, memory.");
    parser.add_option("SYSTEM", words.system,
                      "a system description, a layout, the NAME.json of a build, or the name of an "
                      "example");
    parser.add_option("--board", words.board, "the board of a layout (qemu_virt_aarch64)");
    parser.add_option("-o,--output", output,
                      "the folder for the pictures; the current one if it is not given");
    parser
        .add_option("--format", formats,
                    "svg, png, pdf or dot, with commas between, in place of svg and png; dot "
                    "needs no Graphviz")
        ->delimiter(',')
        ->allow_extra_args(false);
    parser.add_flag("--json", json, "print the system as JSON and draw nothing");
    parser.footer(k_footer);
}

Result<> GraphOptions::check() const
{
    for (const auto& format : formats) {
        if (format != "svg" && format != "png" && format != "pdf" && format != "dot") {
            return std::unexpected(
                fmt::format("--format {}: give svg, png, pdf or dot, with commas between", format));
        }
    }
    return {};
}

void describe_graph(CLI::App& app)
{
    static GraphOptions options; // the app keeps references
    options.add_to(app);
}

int graph_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err)
{
    CLI::App     parser{"", "vmm graph"};
    GraphOptions options;
    options.add_to(parser);
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& problem) {
        return parser.exit(problem, out, err) == 0 ? 0 : k_exit_wrong;
    }
    auto done = options.check();
    if (done) {
        done = run(options, places, out);
    }
    if (!done) {
        err << fmt::format("vmm graph: {}\n", done.error());
        return k_exit_wrong;
    }
    return 0;
}

} // namespace graph
