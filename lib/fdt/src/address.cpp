// SPDX-License-Identifier: BSD-2-Clause
// Addresses go up the tree one bus at a time, each with its own `ranges`.
#include "fdt/address.hpp"

#include "base/checked.hpp"

namespace fdt {

namespace {

/// One step up: `registers` in the address space below `bus` to that of `bus` itself.
std::optional<Registers> through(const Node& bus, const Node& above, Registers registers)
{
    const auto ranges = bus.property("ranges");
    if (!ranges) {
        return std::nullopt;
    }
    if (ranges->value.empty()) {
        return registers;
    }
    const std::size_t child  = bus.address_cells();
    const std::size_t parent = above.address_cells();
    const std::size_t size   = bus.size_cells();
    if (child > 2 || parent > 2 || size > 2 || child + parent + size == 0) {
        return std::nullopt;
    }
    for (std::size_t at = 0; at < ranges->cells(); at += child + parent + size) {
        const auto from   = ranges->number(at, child);
        const auto to     = ranges->number(at + child, parent);
        const auto length = ranges->number(at + child + parent, size);
        if (!from || !to || !length) {
            return std::nullopt;
        }
        if (registers.address >= *from &&
            base::range_fits(registers.address - *from, registers.size, *length)) {
            const auto moved = base::checked_add(*to, registers.address - *from);
            return moved ? std::optional{Registers{*moved, registers.size}} : std::nullopt;
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<Registers> raw_registers(const Position& node, std::size_t index)
{
    const auto reg = node.depth() < 2 ? std::nullopt : node.node().property("reg");
    if (!reg) {
        return std::nullopt;
    }
    const auto        bus           = node.at(node.depth() - 2);
    const std::size_t address_cells = bus.address_cells();
    const std::size_t size_cells    = bus.size_cells();
    if (address_cells > 2 || size_cells > 2 || address_cells + size_cells == 0 ||
        index >= reg->cells() / (address_cells + size_cells)) {
        return std::nullopt;
    }
    const auto at      = index * (address_cells + size_cells);
    const auto address = reg->number(at, address_cells);
    const auto size    = reg->number(at + address_cells, size_cells);
    return address && size ? std::optional{Registers{*address, *size}} : std::nullopt;
}

std::optional<Registers> registers(const Position& node, std::size_t index)
{
    auto found = raw_registers(node, index);
    if (!found || node.at(node.depth() - 2).size_cells() == 0) {
        return std::nullopt;
    }
    for (auto level = node.depth() - 2; level > 0 && found; --level) {
        found = through(node.at(level), node.at(level - 1), *found);
    }
    return found;
}

std::optional<Coverage> covering(const Tree& tree, std::uint64_t address)
{
    std::optional<Coverage> best;
    bool                    best_enabled = false;
    for (Walk walk{tree}; walk.next();) {
        if (!walk.node().property("reg")) {
            continue;
        }
        const auto enabled = walk.position().is_enabled();
        if (best_enabled && !enabled) {
            continue;
        }
        for (std::size_t index = 0; raw_registers(walk.position(), index); ++index) {
            const auto found = registers(walk.position(), index);
            if (!found || address < found->address || address - found->address >= found->size) {
                continue;
            }
            if (!best || enabled != best_enabled || found->size < best->registers.size) {
                best         = Coverage{walk.position(), *found, index};
                best_enabled = enabled;
            }
        }
    }
    return best;
}

} // namespace fdt
