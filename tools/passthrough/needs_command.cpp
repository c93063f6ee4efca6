// SPDX-License-Identifier: BSD-2-Clause
#include "needs_command.hpp"

#include "closure.hpp"
#include "command_line.hpp"
#include "describe.hpp"
#include "device_tree_compiler.hpp"
#include "tree_source.hpp"

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
        app.description("Find what a guest must have in order to use a device of the board, or why "
                        "it cannot have it.");
        app.add_option("NODE", devices,
                       "the device, or several: a node of the board's device tree by path, alias "
                       "or name, or a name of the board's board.json")
            ->required()
            ->type_name("NODE");
        app.add_option("--board", board,
                       "the board; without it the project's (`vmm boards` lists them)")
            ->type_name("BOARD");
        app.add_option("--board-dtb", tree,
                       "in place of that, the board's device tree, as a blob or a source")
            ->type_name("FILE");
        app.add_option("--give", give,
                       "give the guest this provider, though others on the board need it too. "
                       "Again for more")
            ->type_name("NODE")
            ->allow_extra_args(false);
        app.add_option("--leave", leave,
                       "leave this provider as the firmware left it; rates of its clocks: "
                       "NODE=HZ,…. Again for more")
            ->type_name("NODE")
            ->allow_extra_args(false);
        app.add_option("--share", share,
                       "let the guest reach this neighbour (or all of this name), which nobody "
                       "else uses. Again for more")
            ->type_name("NODE")
            ->allow_extra_args(false);
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

} // namespace

void describe_needs(CLI::App& app) { command_line::describe<Arguments>(app); }

int needs_command(std::vector<std::string> words, const description::Places& places,
                  std::ostream& out, std::ostream& err, const DeviceNames& names)
{
    const auto fail = [&](int code, const std::string& what) {
        return command_line::complain(err, "vmm needs", what, code);
    };
    auto parsed = command_line::parse<Arguments>("vmm needs", std::move(words));
    if (!parsed) {
        return fail(k_wrong_call, parsed.error());
    }
    auto& arguments = *parsed;
    if (arguments.tree.empty()) {
        const auto& board = arguments.board.empty() ? places.board : arguments.board;
        if (board.empty()) {
            return fail(k_wrong_call, "name the board with --board (`vmm boards` lists them), or "
                                      "its device tree with --board-dtb");
        }
        const auto folder = description::find_board(board, places);
        if (!folder) {
            return fail(k_wrong_call, folder.error());
        }
        arguments.board = board;
        arguments.tree  = *folder / "board.dts";
    } else {
        arguments.board.clear();
    }
    const fs::path file{arguments.tree};
    const auto     tree = check::read_tree(file, file.filename().string());
    if (!tree) {
        return fail(k_wrong_call, tool::format_error(tree.error()));
    }
    const auto request = arguments.request();
    if (!request) {
        return fail(k_wrong_call, request.error());
    }
    auto paths = *request;
    for (auto& device : paths.devices) {
        if (names && !arguments.board.empty() && find(*tree, device) == nullptr) {
            const auto path = names(arguments.board, device);
            device          = path.empty() ? device : path;
        }
    }
    const auto closure = close(*tree, paths);
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
            return fail(k_refused, text.error());
        }
        out << *text;
    } else {
        out << (arguments.layout ? layout_elements(*request) : explain(closure));
    }
    return closure.refusals.empty() ? k_done : k_refused;
}

} // namespace passthrough
