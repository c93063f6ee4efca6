// SPDX-License-Identifier: BSD-2-Clause
// From `interrupts` and `interrupts-extended` to a controller and its cells.
#include "fdt/interrupt.hpp"

namespace fdt {

namespace {

constexpr std::string_view k_hint = "give the node an interrupt-parent that exists";

base::Result<std::size_t> cells_of(const Node& controller)
{
    const auto property = controller.property("#interrupt-cells");
    const auto cells    = property ? property->cell() : std::nullopt;
    if (!cells || *cells == 0 || *cells > k_max_interrupt_cells) {
        return base::fail("the interrupt controller has no usable #interrupt-cells", k_hint,
                          cells.value_or(0));
    }
    return *cells;
}

base::Result<std::optional<Interrupt>> specifier(const Property& property, std::size_t at,
                                                 const Node& controller, std::size_t count)
{
    Interrupt interrupt{controller, {}};
    for (std::size_t i = 0; i < count; ++i) {
        const auto cell = property.cell(at + i);
        if (!cell || !interrupt.cells.push_back(*cell)) {
            return base::fail("the list of interrupts is cut off",
                              "give each interrupt as many cells as its controller asks for");
        }
    }
    return interrupt;
}

base::Result<std::optional<Interrupt>> extended(const Tree& tree, const Property& property,
                                                std::size_t index)
{
    for (std::size_t at = 0; at < property.cells();) {
        const auto controller = tree.find_phandle(*property.cell(at));
        if (!controller) {
            return base::fail("interrupts-extended names no node", k_hint, *property.cell(at));
        }
        const auto count = TRY(cells_of(*controller));
        if (index == 0) {
            return specifier(property, at + 1, *controller, count);
        }
        --index;
        at += 1 + count;
    }
    return std::nullopt;
}

} // namespace

std::optional<Node> interrupt_parent(const Tree& tree, const Position& node)
{
    for (auto level = node.depth(); level > 0; --level) {
        const auto at = node.at(level - 1);
        if (const auto parent = at.property("interrupt-parent")) {
            const auto phandle = parent->cell();
            return phandle ? tree.find_phandle(*phandle) : std::nullopt;
        }
        if (level < node.depth() && at.property("#interrupt-cells")) {
            return at;
        }
    }
    return std::nullopt;
}

base::Result<std::optional<Interrupt>> interrupt(const Tree& tree, const Position& node,
                                                 std::size_t index)
{
    if (const auto property = node.node().property("interrupts-extended")) {
        return extended(tree, *property, index);
    }
    const auto property = node.node().property("interrupts");
    if (!property) {
        return std::nullopt;
    }
    const auto controller = interrupt_parent(tree, node);
    if (!controller) {
        return base::fail("interrupt-parent names no node", k_hint);
    }
    const auto count = TRY(cells_of(*controller));
    if (index >= (property->cells() + count - 1) / count) {
        return std::nullopt;
    }
    return specifier(*property, index * count, *controller, count);
}

} // namespace fdt
