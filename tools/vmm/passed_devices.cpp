// SPDX-License-Identifier: BSD-2-Clause
#include "passed_devices.hpp"

#include "base/result.hpp"
#include "closure.hpp"
#include "commands.hpp"
#include "tree_source.hpp"
#include "unit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace vmm {

namespace {

using ::project::KnownBoard;

Result<check::Tree> tree_of(const BoardPlace& place)
{
    auto tree = check::read_tree(place.folder / "board.dts", place.name + "/board.dts");
    if (!tree) {
        return std::unexpected(tool::format_error(tree.error()));
    }
    return *std::move(tree);
}

/// Each name of board.json with its device.
std::vector<std::pair<std::string, const boardgen::Device*>>
named_devices(const boardgen::Board& board)
{
    std::vector<std::pair<std::string, const boardgen::Device*>> devices;
    for (const auto& [name, device] : board.devices) {
        devices.emplace_back(name, &device);
    }
    for (const auto& [name, array] : board.device_arrays) {
        for (std::size_t i = 0; i < array.size(); i++) {
            devices.emplace_back(fmt::format("{}.{}", name, i), &array[i]);
        }
    }
    return devices;
}

bool is_node_of(const check::Node& node, const boardgen::Device& device)
{
    return node.name == device.name && !node.registers.empty() && !device.registers.empty() &&
           node.registers.front().start == device.registers.front().start;
}

/// The path of what a text means; empty: nothing. The tree comes first, as in sysgen.
std::string path_in(const check::Tree& tree, const boardgen::Board& board, const std::string& text)
{
    if (const auto* const node = passthrough::find(tree, text)) {
        return node->path;
    }
    for (const auto& [name, device] : named_devices(board)) {
        const auto node = std::ranges::find_if(
            tree.nodes(), [&](const check::Node& each) { return is_node_of(each, *device); });
        if (name == text && node != tree.nodes().end()) {
            return node->path;
        }
    }
    return {};
}

} // namespace

Result<std::string> path_of_device(const BoardPlace& place, const std::string& text)
{
    const auto tree  = TRY(tree_of(place));
    const auto known = TRY(read_board_at(place));
    return path_in(tree, known.board, text);
}

std::vector<std::string> device_names(const BoardPlace& place, bool of_paths)
{
    std::vector<std::string> names;
    const auto               tree  = tree_of(place);
    const auto               known = read_board_at(place);
    if (!tree || !known) {
        return names;
    }
    const auto is_to_have = [&](const check::Node* node) {
        return node != nullptr && node->is_device() && !node->registers.empty() &&
               passthrough::kernel_s(*node).empty();
    };
    for (const auto& node : tree->nodes()) {
        if (is_to_have(&node) && (of_paths || passthrough::find(*tree, node.name) == &node)) {
            names.push_back(of_paths ? node.path : node.name);
        }
        for (const auto& property : node.raw.properties()) {
            const std::string alias{property.name};
            if (node.path == "/aliases" && !of_paths && is_to_have(tree->find(alias))) {
                names.push_back(alias);
            }
        }
    }
    for (const auto& [name, device] : named_devices(known->board)) {
        if (!of_paths && is_to_have(tree->find(path_in(*tree, known->board, name)))) {
            names.push_back(name);
        }
    }
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

Result<> add_passed_devices(::project::Wishes& wishes, const KnownBoard& known,
                            const BoardPlace& place, const std::vector<std::string>& devices)
{
    if (devices.empty()) {
        return {};
    }
    const auto tree    = TRY(tree_of(place));
    const auto path_of = [&](const std::string& name) {
        auto path = path_in(tree, known.board, name);
        return path.empty() ? name : path; // that there is none is said below
    };
    passthrough::Request request;
    for (const auto& offer : known.offers) {
        if (wishes.parts.contains(offer.part) && !offer.device.empty()) {
            request.taken.push_back(path_of(offer.device));
        }
    }
    for (const auto& name : devices) {
        const auto path = path_of(name);
        if (std::ranges::find(request.devices, path) != request.devices.end()) {
            return std::unexpected(fmt::format("--passthrough names {} twice", path));
        }
        request.devices.push_back(path);
        wishes.passed.push_back(fmt::format("<passthrough device=\"{}\" />", name));
    }
    const auto closure = passthrough::close(tree, request);
    if (!closure.refusals.empty()) {
        std::string text   = "the guest cannot have what --passthrough asks for";
        bool        choice = false;
        for (const auto& refusal : closure.refusals) {
            using Kind = passthrough::Refusal::Kind;
            text += fmt::format("\n  {}\n      hint: {}", refusal.what, refusal.hint);
            choice = choice || refusal.kind == Kind::shared_provider ||
                     refusal.kind == Kind::shared_page || refusal.kind == Kind::shared_interrupt;
        }
        if (choice) {
            text += fmt::format("\n`{} needs {} --board {}` tries the ways out (--give, --leave, "
                                "--share); with --layout it writes the lines for the layout of a "
                                "project that is made without --passthrough",
                                program_name(), fmt::join(devices, " "), place.name);
        }
        return std::unexpected(text);
    }
    wishes.identity = closure.needs_identity();
    return {};
}

} // namespace vmm
