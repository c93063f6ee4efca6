// SPDX-License-Identifier: BSD-2-Clause
#include "tree.hpp"

#include "fdt/address.hpp"
#include "fdt/interrupt.hpp"

#include <algorithm>
#include <array>

namespace check {
namespace {

/// Edge-triggered specifiers have one of these bits in their third cell.
constexpr std::uint32_t k_edge_bits = 3;

std::string path_of(const fdt::Position& at)
{
    std::array<char, 512> room{};
    return std::string{at.path(room)};
}

/// Controllers that hand their specifiers on to the GIC as they are.
bool is_transparent(const fdt::Node& controller)
{
    for (const std::string_view name : {"fsl,imx8mq-gpc", "fsl,imx7d-gpc", "fsl,imx8mm-gpc"}) {
        if (controller.is_compatible(name)) {
            return true;
        }
    }
    return false;
}

std::optional<Line> line_of(const fdt::Interrupt& interrupt, const fdt::Node& gic)
{
    if ((interrupt.controller != gic && !is_transparent(interrupt.controller)) ||
        interrupt.cells.size() < 3) {
        return std::nullopt;
    }
    const bool edge = (interrupt.cells[2] & k_edge_bits) != 0;
    switch (interrupt.cells[0]) {
    case 0:
        return Line{interrupt.cells[1] + 32, edge};
    case 1:
        return Line{interrupt.cells[1] + 16, edge};
    default:
        return std::nullopt;
    }
}

} // namespace

bool Node::is_any(std::span<const std::string_view> names) const
{
    return std::ranges::any_of(names, [&](std::string_view one) { return is(one); });
}

std::string Node::text(std::string_view property, std::size_t index) const
{
    const auto found = raw.property(property);
    const auto value = found ? found->string(index) : std::nullopt;
    return value ? std::string{*value} : std::string{};
}

std::vector<std::uint32_t> Node::cells(std::string_view property) const
{
    std::vector<std::uint32_t> all;
    if (const auto found = raw.property(property)) {
        for (std::size_t i = 0; const auto cell = found->cell(i); ++i) {
            all.push_back(*cell);
        }
    }
    return all;
}

std::optional<std::uint32_t> Node::cell(std::string_view property) const
{
    const auto found = raw.property(property);
    return found ? found->cell() : std::nullopt;
}

std::expected<Tree, std::string> Tree::create(std::vector<std::byte> blob, std::string file,
                                              Lines lines)
{
    Tree tree;
    tree.file_     = std::move(file);
    tree.blob_     = std::move(blob);
    tree.lines_    = std::move(lines);
    const auto raw = fdt::Tree::create(tree.blob_);
    if (!raw) {
        return std::unexpected(std::string{raw.error().what});
    }
    std::size_t count = 0;
    for (fdt::Walk walk{*raw}; walk.next();) {
        ++count;
    }
    tree.nodes_.reserve(count); // pointers into it stay good
    std::vector<const Node*> above;
    for (fdt::Walk walk{*raw}; walk.next();) {
        const auto& at = walk.position();
        above.resize(at.depth() - 1);
        Node node;
        node.path    = path_of(at);
        node.name    = at.node().name();
        node.parent  = above.empty() ? nullptr : above.back();
        node.raw     = at.node();
        node.enabled = at.is_enabled();
        node.phandle = at.node().phandle();
        for (std::size_t i = 0; const auto one = fdt::registers(at, i); ++i) {
            node.registers.push_back({one->address, one->size});
        }
        tree.nodes_.push_back(std::move(node));
        above.push_back(&tree.nodes_.back());
    }
    tree.read_interrupts(*raw);
    return tree;
}

void Tree::read_interrupts(const fdt::Tree& tree)
{
    gic_ = find_compatible(k_gicv2_names);
    if (gic_ == nullptr) {
        gic_ = find_compatible({"arm,gic-v3"});
    }
    if (gic_ == nullptr) {
        return;
    }
    for (auto& node : nodes_) {
        if (!node.has("interrupts") && !node.has("interrupts-extended")) {
            continue;
        }
        const auto at = tree.locate(node.raw);
        for (std::size_t i = 0;; ++i) {
            const auto found = fdt::interrupt(tree, at, i);
            if (!found || !*found) {
                break;
            }
            if (const auto line = line_of(**found, gic_->raw)) {
                node.interrupts.push_back(*line);
            }
        }
    }
}

const Node* Tree::find(std::string_view path) const
{
    path = path.substr(0, path.find(':'));
    std::string whole{path};
    if (!path.starts_with('/')) {
        const auto  slash   = std::min(path.find('/'), path.size());
        const auto* aliases = find("/aliases");
        const auto  alias =
            aliases != nullptr ? aliases->text(path.substr(0, slash)) : std::string{};
        if (alias.empty()) {
            return nullptr;
        }
        whole = alias + std::string{path.substr(slash)};
    }
    const auto found = std::ranges::find(nodes_, whole, &Node::path);
    return found != nodes_.end() ? &*found : nullptr;
}

const Node* Tree::find_phandle(std::uint32_t phandle) const
{
    const auto found = std::ranges::find(nodes_, std::optional{phandle}, &Node::phandle);
    return found != nodes_.end() ? &*found : nullptr;
}

const Node* Tree::find_compatible(std::span<const std::string_view> names) const
{
    const auto found = std::ranges::find_if(
        nodes_, [&](const Node& node) { return node.enabled && node.is_any(names); });
    return found != nodes_.end() ? &*found : nullptr;
}

std::vector<const Node*> Tree::devices_at(const Range& range) const
{
    std::vector<const Node*> found;
    for (const auto& node : nodes_) {
        if (!node.has("compatible") || is_memory(node) || is_bus(node) ||
            (node.parent != nullptr && node.parent->path == "/reserved-memory")) {
            continue;
        }
        if (std::ranges::any_of(node.registers,
                                [&](const Range& one) { return one.overlaps(range); })) {
            found.push_back(&node);
        }
    }
    std::ranges::stable_partition(found, &Node::enabled);
    return found;
}

bool Tree::is_memory(const Node& node)
{
    return node.parent != nullptr && node.parent->parent == nullptr &&
           (node.has("device_type") ? node.text("device_type") == "memory"
                                    : node.base_name() == "memory");
}

std::vector<Range> Tree::memory() const
{
    std::vector<Range> all;
    for (const auto& node : nodes_) {
        if (is_memory(node) && node.enabled) {
            std::ranges::copy_if(node.registers, std::back_inserter(all),
                                 [](const Range& range) { return range.size != 0; });
        }
    }
    return all;
}

unsigned Tree::gic_version() const { return gic_ == nullptr ? 0 : gic_->is("arm,gic-v3") ? 3 : 2; }

tool::Location Tree::line(const Node& node, std::string_view property) const
{
    if (!property.empty()) {
        if (const auto at = lines_.find(node.path + ":" + std::string{property});
            at != lines_.end()) {
            return at->second;
        }
    }
    const auto at = lines_.find(node.path);
    return at != lines_.end() ? at->second : tool::Location{file_, 0, 0};
}

} // namespace check
