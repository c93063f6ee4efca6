// SPDX-License-Identifier: BSD-2-Clause
#include "needs_command.hpp"

#include "closure.hpp"
#include "describe.hpp"
#include "device_tree_compiler.hpp"
#include "tree_source.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <ostream>

namespace passthrough {
namespace {

namespace fs = std::filesystem;

constexpr int k_done = 0, k_refused = 1, k_wrong_call = 2;

struct Arguments {
    std::vector<std::string> devices, give, leave, share;
    std::string              board, tree;
    bool                     json = false, layout = false, nodes = false;

    void add_to(CLI::App& app)
    {
        app.description(
            "Finds what a guest must have in order to use a device of the board, or why "
            "it cannot have it.");
        app.add_option("devices", devices,
                       "devices: paths, aliases or names of nodes in the board's device tree")
            ->required();
        app.add_option("--board", board, "the board");
        app.add_option("--board-dtb", tree, "the board's device tree, as a blob or a source");
        app.add_option("--give", give,
                       "give the guest this provider, though others on the board need it too");
        app.add_option(
            "--leave", leave,
            "leave this provider as the firmware left it; rates of its clocks: NODE=HZ,…");
        app.add_option(
            "--share", share,
            "let the guest reach this neighbour (or all of this name), which nobody else uses");
        app.add_flag("--json", json, "the answer as JSON");
        app.add_flag("--layout", layout, "the answer as elements of a layout's <guest>");
        app.add_flag("--nodes", nodes, "the answer as the nodes of the guest's device tree");
        app.footer("Exit codes: 0 it can be passed through, 1 it cannot, 2 a wrong call.");
    }

    /// The error is a clause.
    [[nodiscard]] std::expected<Request, std::string> request() const
    {
        Request request{.devices = devices, .choices = {}, .taken = {}};
        for (const auto& node : give) {
            request.choices.push_back({Choice::Kind::give, node, {}});
        }
        for (const auto& node : share) {
            request.choices.push_back({Choice::Kind::share, node, {}});
        }
        for (const auto& text : leave) {
            const auto equals = std::min(text.find('='), text.size());
            Choice     choice{Choice::Kind::leave, text.substr(0, equals), {}};
            for (const char* at = text.data() + equals; at != text.data() + text.size();) {
                std::uint64_t rate = 0;
                const auto    read = std::from_chars(at + 1, text.data() + text.size(), rate);
                if (read.ec != std::errc{} || (*read.ptr != ',' && *read.ptr != '\0')) {
                    return std::unexpected(fmt::format("--leave {}: behind the node stands its "
                                                       "frequency in Hz, or several with commas",
                                                       text));
                }
                choice.frequencies.push_back(rate);
                at = read.ptr;
            }
            request.choices.push_back(std::move(choice));
        }
        return request;
    }
};

/// The device tree of a board; empty: there is no such board.
std::string tree_of(const std::string& board, const description::Places& places)
{
    auto folders = places.boards;
    folders.push_back(places.source / "boards");
    for (const auto& folder : folders) {
        const auto file = folder / board / "board.dts";
        if (!board.empty() && fs::exists(file)) {
            return file.string();
        }
    }
    return {};
}

} // namespace

void describe_needs(CLI::App& app)
{
    static Arguments unused;
    unused.add_to(app);
}

int needs_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err)
{
    CLI::App  parser{"", "vmm needs"};
    Arguments arguments;
    arguments.add_to(parser);
    try {
        std::ranges::reverse(words); // what CLI11 wants
        parser.parse(words);
    } catch (const CLI::ParseError& problem) {
        return parser.exit(problem, out, err) == 0 ? k_done : k_wrong_call;
    }
    if (arguments.tree.empty()) {
        if (arguments.board.empty()) {
            arguments.board = places.board;
        }
        arguments.tree = tree_of(arguments.board, places);
    }
    if (arguments.tree.empty()) {
        err << (arguments.board.empty()
                    ? "vmm needs: name the board with --board, or its device tree with "
                      "--board-dtb\n"
                    : fmt::format("vmm needs: there is no board {}\n", arguments.board));
        return k_wrong_call;
    }
    const fs::path file{arguments.tree};
    const auto     tree = check::read_tree(file, file.filename().string());
    if (!tree) {
        err << "vmm needs: " << tool::format_error(tree.error());
        return k_wrong_call;
    }
    const auto request = arguments.request();
    if (!request) {
        err << "vmm needs: " << request.error() << '\n';
        return k_wrong_call;
    }
    const auto closure = close(*tree, *request);
    if (arguments.json) {
        out << to_json(closure);
    } else if (!closure.refusals.empty()) {
        err << refusals_text(closure);
    } else if (arguments.nodes) {
        const auto blob = guest_nodes(*tree, closure);
        const auto text = blob ? description::decompile(
                                     {reinterpret_cast<const char*>(blob->data()), blob->size()})
                               : description::Output{std::unexpect, blob.error()};
        if (!text) {
            err << "vmm needs: " << text.error() << '\n';
            return k_refused;
        }
        out << *text;
    } else {
        out << (arguments.layout ? layout_elements(*request) : explain(closure));
    }
    return closure.refusals.empty() ? k_done : k_refused;
}

} // namespace passthrough
