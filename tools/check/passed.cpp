// SPDX-License-Identifier: BSD-2-Clause
#include "passed.hpp"

#include <algorithm>

namespace check {
std::vector<Passed> passed_devices(const Subject& subject, const Guest& guest)
{
    std::vector<Passed> all;
    if (!subject.board) {
        return all;
    }
    for (const auto& map : subject.guest_devices(guest)) {
        for (const auto* device : subject.board->devices_at(*map.physical)) {
            if (is_gic(*device) || is_bus(*device)) {
                continue;
            }
            Passed     one{.map = map, .device = device, .node = nullptr};
            const auto registers = std::ranges::find_if(
                device->registers, [&](const Range& r) { return r.overlaps(*map.physical); });
            // The guest has it at the map's address.
            const auto at = registers->start - map.physical->start + map.here.start;
            if (guest.tree) {
                const auto nodes = guest.tree->devices_at({at, 1});
                one.node         = nodes.empty() ? nullptr : nodes.front();
            }
            all.push_back(one);
        }
    }
    return all;
}

std::vector<const Node*> devices_of(const Subject& subject, const std::vector<tool::Map>& maps)
{
    std::vector<const Node*> all;
    for (const auto& map : subject.mapped(maps)) {
        if (subject.board && map.physical && !subject.is_board_ram(*map.physical)) {
            for (const auto* device : subject.board->devices_at(*map.physical)) {
                all.push_back(device);
            }
        }
    }
    return all;
}

const tool::ProtectionDomain* owner_of(const Subject& subject, std::uint64_t intid)
{
    const auto found = std::ranges::find_if(
        subject.system->pds, [&](const auto& domain) { return owns(domain, intid); });
    return found != subject.system->pds.end() ? &*found : nullptr;
}

bool owns(const tool::ProtectionDomain& domain, std::uint64_t intid)
{
    return has(domain.irqs, intid, &tool::Irq::number);
}

bool is_answered(const Subject& subject, const Guest& guest, const Node& node,
                 const Range& registers)
{
    if (is_gic(node) || is_bus(node)) {
        return true; // rules of the GIC; nothing that a driver would touch
    }
    const auto covers = [&](const Range& range) { return range.contains(registers.start); };
    if (std::ranges::any_of(guest.emulated, covers, &Emulated::window)) {
        return true;
    }
    // A virtIO device of QEMU's is hardware; elsewhere it can only be the VMM's.
    if (!guest.emulated_is_known && node.is("virtio,mmio")) {
        const auto real =
            subject.board ? subject.board->devices_at(registers) : std::vector<const Node*>{};
        if (real.empty()) {
            return true;
        }
    }
    return std::ranges::any_of(subject.mapped(guest.vm->maps), covers, &Mapped::here);
}

Place place_of(const Tree& tree, const Node& node, std::string_view property)
{
    return {tree.line(node, property), node.path};
}

} // namespace check
