// SPDX-License-Identifier: BSD-2-Clause
#include "unit.hpp"

#include "closure.hpp"
#include "device_kind.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace passthrough {
namespace {

using check::Node;
using check::Tree;

bool has_own_registers(const Node& node)
{
    return std::ranges::any_of(node.registers, [](const auto& range) { return range.size != 0; });
}

/// Nodes that only hold others: the root, buses, and those without a driver (/clocks, /firmware).
bool is_container(const Node& node)
{
    return node.parent == nullptr || is_bus(node) || !node.has("compatible");
}

/// Registers of many small devices, each of which works without the others.
bool is_collection(const Node& node) { return node.is_any({"simple-mfd", "syscon"}); }

} // namespace

bool is_within(const Node& node, const Node& unit)
{
    for (const auto* at = &node; at != nullptr; at = at->parent) {
        if (at == &unit) {
            return true;
        }
    }
    return false;
}

const Node& unit_of(const Node& node)
{
    const auto* outermost = &node;
    for (const auto* at = &node; at->parent != nullptr && !is_bus(*at); at = at->parent) {
        if (has_own_registers(*at)) {
            return *at;
        }
        if (at->has("compatible")) {
            outermost = at;
        }
    }
    return *outermost;
}

const Node& driven_unit_of(const Node& node)
{
    const auto* unit = &unit_of(node);
    while (unit->parent != nullptr && !is_container(*unit->parent) &&
           !is_collection(*unit->parent)) {
        unit = unit->parent;
    }
    return *unit;
}

bool has_registers(const Tree& board, const Node& unit)
{
    return std::ranges::any_of(board.nodes(), [&](const Node& node) {
        return is_within(node, unit) && has_own_registers(node);
    });
}

std::string kernel_s(const Node& node)
{
    if (check::is_gic(node) || node.is("arm,gic-v3-its")) {
        return "the interrupt controller";
    }
    if (node.is_any({"arm,armv8-timer", "arm,armv7-timer"})) {
        return "the CPUs' timer";
    }
    if (node.is_any({"arm,psci", "arm,psci-0.2", "arm,psci-1.0"})) {
        return "the firmware's switch for CPUs";
    }
    if (node.text("device_type") == "cpu" || node.path.starts_with("/cpus")) {
        return "a CPU";
    }
    if (Tree::is_memory(node) || node.path.starts_with("/reserved-memory")) {
        return "memory";
    }
    if (node.parent == nullptr || is_bus(node)) {
        return "a bus and no device";
    }
    return {};
}

std::string similar(const Tree& board, std::string_view text)
{
    const auto                    slash = text.rfind('/');
    const auto                    last  = slash == text.npos ? text : text.substr(slash + 1);
    const auto                    base  = last.substr(0, last.find('@'));
    std::vector<std::string_view> alike;
    for (const auto& node : board.nodes()) {
        if (!base.empty() && node.has("compatible") &&
            (node.base_name().find(base) != std::string_view::npos ||
             (!node.base_name().empty() && base.find(node.base_name()) != base.npos))) {
            alike.push_back(node.path);
        }
    }
    constexpr std::size_t k_shown = 6;
    if (alike.empty()) {
        return "name a node by its path in the board's device tree, or by an alias";
    }
    const bool more = alike.size() > k_shown;
    alike.resize(std::min(alike.size(), k_shown));
    return fmt::format("the tree has {}{}", fmt::join(alike, ", "), more ? ", …" : "");
}

std::uint64_t assigned_rate(const Tree& board, const Node& user, const check::Dependency& clock)
{
    if (clock.provider != nullptr && clock.provider->is("fixed-clock")) {
        return clock.provider->cell("clock-frequency").value_or(0);
    }
    const auto  rates = user.cells("assigned-clock-rates");
    std::size_t index = 0;
    for (const auto& one : check::dependencies(board, user)) {
        if (one.property != "assigned-clocks") {
            continue;
        }
        if (one.provider == clock.provider && one.arguments == clock.arguments) {
            return index < rates.size() ? rates[index] : 0;
        }
        ++index;
    }
    return 0;
}

Users::Users(const Tree& board)
{
    for (const auto& node : board.nodes()) {
        if (!node.enabled) {
            continue;
        }
        for (const auto& one : check::dependencies(board, node)) {
            if (one.provider == nullptr) {
                continue;
            }
            const auto& unit = unit_of(*one.provider);
            const auto& user = check::device_behind(node);
            auto&       list = users_[&unit];
            if (!is_within(user, unit) && std::ranges::find(list, &user) == list.end()) {
                list.push_back(&user);
            }
        }
    }
}

const std::vector<const Node*>& Users::of(const Node& unit) const
{
    static const std::vector<const Node*> k_nobody;
    const auto                            found = users_.find(&unit);
    return found != users_.end() ? found->second : k_nobody;
}

const check::Node* find(const check::Tree& board, std::string_view text)
{
    if (text.empty() || text == "/") {
        return nullptr;
    }
    if (const auto* const node = board.find(text)) {
        return node;
    }
    const Node* found = nullptr;
    for (const auto& node : board.nodes()) {
        if (node.name == text || (text.find('@') == text.npos && node.base_name() == text)) {
            if (found != nullptr) {
                return nullptr;
            }
            found = &node;
        }
    }
    return found;
}

} // namespace passthrough
