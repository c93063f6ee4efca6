// SPDX-License-Identifier: BSD-2-Clause
#include "graph_command.hpp"

#include "base/result.hpp"
#include "command_line.hpp"
#include "picture.hpp"
#include "qemu/process.hpp"
#include "reader.hpp"

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
    parser.description("Draw a system: domains, channels, interrupts, memory.");
    parser
        .add_option("FILE", words.system,
                    "a system description, a layout, the NAME.json of a build, or the name of an "
                    "example; without it the project's system")
        ->type_name("FILE");
    parser
        .add_option("--board", words.board,
                    "the board of a layout; without it the project's, or qemu_virt_aarch64")
        ->type_name("BOARD");
    parser
        .add_option("-o,--output", output,
                    "the folder for the pictures; without it the current one")
        ->type_name("FOLDER");
    parser
        .add_option("--format", formats,
                    "svg, png, pdf or dot, with commas between, in place of svg and png; dot "
                    "needs no Graphviz")
        ->type_name("svg|png|pdf|dot")
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

void describe_graph(CLI::App& app) { command_line::describe<GraphOptions>(app); }

int graph_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err)
{
    const auto done = [&]() -> Result<> {
        const auto options = TRY(command_line::parse<GraphOptions>("vmm graph", std::move(words)));
        TRY(options.check());
        return run(options, places, out);
    }();
    return done ? 0 : command_line::complain(err, "vmm graph", done.error(), k_exit_wrong);
}

} // namespace graph
