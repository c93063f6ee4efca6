// SPDX-License-Identifier: BSD-2-Clause
#include "device_tree_nodes.hpp"

#include "fdt/reader.hpp"

#include <algorithm>

namespace vmm {
namespace {

bool is_described(const fdt::Node& node, std::span<const GuestDevice> devices)
{
    return std::ranges::any_of(devices, [&](const GuestDevice& device) {
        const auto reg = node.property("reg");
        return device.name == node.base_name() && !device.registers.empty() && reg &&
               reg->number(0, 2) == device.registers[0].start().raw();
    });
}

/// Trees have no more than fdt::k_max_depth levels, and so has this.
void copy(fdt::Writer& tree, const fdt::Node& node) // NOLINT(misc-no-recursion)
{
    tree.begin_node(node.name());
    for (const auto& property : node.properties()) {
        tree.property(property.name, property.value);
    }
    for (const auto& child : node.children()) {
        copy(tree, child);
    }
    tree.end_node();
}

} // namespace

base::Result<> add_nodes(fdt::Writer& tree, std::span<const std::byte> nodes,
                         std::span<const GuestDevice> devices)
{
    if (nodes.empty()) {
        return {};
    }
    const auto more = TRY(fdt::Tree::create(nodes));
    for (const auto& node : more.root().children()) {
        if (!is_described(node, devices)) {
            copy(tree, node);
        }
    }
    return {};
}

std::string_view serial_port_in(std::span<const std::byte> nodes)
{
    const auto more = fdt::Tree::create(nodes);
    if (!nodes.empty() && more) {
        for (const auto& node : more->root().children()) {
            const auto name = node.base_name();
            if (name == "serial" || name == "uart" || name == "pl011") {
                return node.name();
            }
        }
    }
    return {};
}

} // namespace vmm
