// SPDX-License-Identifier: BSD-2-Clause
// Passed-through devices: their pages, and their nodes in the guest's tree.
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace check {
namespace {

constexpr std::uint64_t k_page = 0x1000;

/// Calls visit(guest, device) for each device whose page a guest has.
template <class Visit>
void each_passed(const Subject& subject, Visit visit)
{
    for (const auto& guest : subject.guests) {
        for (const auto& passed : passed_devices(subject, *guest)) {
            visit(*guest, passed);
        }
    }
}

void cached(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board) {
        return;
    }
    for (const auto& domain : subject.system->pds) {
        auto maps = domain.maps;
        if (domain.vm) {
            std::ranges::copy(domain.vm->maps, std::back_inserter(maps));
        }
        for (const auto& map : maps) {
            const auto devices = devices_of(subject, {map});
            if (map.cached && !devices.empty()) {
                findings.add({map.where, {}},
                             fmt::format("the registers of {} are mapped as cached memory",
                                         devices.front()->name),
                             "write cached=\"false\"");
            }
        }
    }
}

void moved(const Subject& subject, Findings& findings)
{
    each_passed(subject, [&](const Guest& guest, const Passed& passed) {
        const auto& map = passed.map;
        if (passed.device->enabled && (!guest.tree || guest.tree_is_ours) &&
            map.here.start != map.physical->start) {
            findings.add({map.map->where, {}},
                         fmt::format("{} is at {} for the guest '{}', and at {} in the tree that "
                                     "libvmm writes for it",
                                     passed.device->name, hex(map.here.start), guest.vm->name,
                                     hex(map.physical->start)),
                         fmt::format("write vaddr=\"{}\", or give the guest a tree of its own",
                                     hex(map.physical->start)));
        }
    });
}

void partial(const Subject& subject, Findings& findings)
{
    each_passed(subject, [&](const Guest& guest, const Passed& passed) {
        if (!passed.is_used()) {
            return;
        }
        const auto all = subject.guest_devices(guest);
        for (const auto& registers : passed.device->registers) {
            if (!registers.overlaps(*passed.map.physical)) {
                continue;
            }
            // Whether all of its pages are there, by whichever maps.
            for (auto at = registers.start; at < registers.end(); at += k_page) {
                const bool mapped = std::ranges::any_of(
                    all, [&](const Mapped& one) { return one.physical->contains(at); });
                if (!mapped) {
                    findings.add({passed.map.map->where, {}},
                                 fmt::format("the registers of {} go on to {}, and the guest '{}' "
                                             "has them up to {}",
                                             passed.device->name, hex(registers.end()),
                                             guest.vm->name, hex(at / k_page * k_page)),
                                 fmt::format("make memory region '{}' {} bytes",
                                             passed.map.region->name, hex(registers.size)));
                    return;
                }
            }
        }
    });
}

void two_owners(const Subject& subject, Findings& findings)
{
    each_passed(subject, [&](const Guest& guest, const Passed& passed) {
        if (!passed.device->enabled) {
            return;
        }
        for (const auto& other : subject.system->pds) {
            const bool by_guest = &other != guest.vmm && other.vm && &*other.vm > guest.vm &&
                                  has(devices_of(subject, other.vm->maps), passed.device);
            const bool by_domain =
                &other != guest.vmm && has(devices_of(subject, other.maps), passed.device);
            if (by_guest || by_domain) {
                findings.add({passed.map.map->where, {}},
                             fmt::format("{} belongs to the guest '{}', and to {} '{}'",
                                         passed.device->name, guest.vm->name,
                                         by_guest ? "the guest" : "the protection domain",
                                         by_guest ? other.vm->name : other.name),
                             "give it to one of them, and let that serve the other");
            }
        }
    });
}

void page_shared(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto all = passed_devices(subject, *guest);
        for (const auto& passed : all) {
            const bool meant = passed.is_used();
            if (!meant) {
                continue;
            }
            for (const auto& other : all) {
                // A node inside another's registers is a part of it.
                const bool part =
                    other.device->parent == passed.device || passed.device->parent == other.device;
                if (other.map.map == passed.map.map && other.device != passed.device &&
                    other.device->enabled && !other.is_used() && !part) {
                    findings.add({passed.map.map->where, {}},
                                 fmt::format("with {} the guest '{}' gets {}, which is on the same "
                                             "page",
                                             passed.device->name, guest->vm->name,
                                             other.device->name),
                                 fmt::format("pass {} through on purpose (a node in the guest's "
                                             "tree), or neither",
                                             other.device->name));
                }
            }
        }
    }
}

void board_disabled(const Subject& subject, Findings& findings)
{
    each_passed(subject, [&](const Guest& guest, const Passed& passed) {
        if (passed.is_used() && !passed.device->enabled) {
            findings.add({passed.map.map->where, {}},
                         fmt::format("{} of the guest '{}' is disabled in the board's tree",
                                     passed.device->name, guest.vm->name),
                         "enable it in the board's tree if the board has it wired");
        }
    });
}

void node_unmapped(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree || guest->tree_is_ours) {
            continue;
        }
        for (const auto& node : guest->tree->nodes()) {
            if (!node.is_device() || Tree::is_memory(node) || node.registers.empty() ||
                (node.parent != nullptr && node.parent->path == "/reserved-memory")) {
                continue;
            }
            const auto& first = node.registers.front();
            if (first.size != 0 && !is_answered(subject, *guest, node, first)) {
                findings.add(place_of(*guest->tree, node),
                             fmt::format("{} is enabled, and nothing is mapped at {} for '{}'",
                                         node.name, hex(first.start), guest->vm->name),
                             "map its registers into the virtual machine, or add status = "
                             "\"disabled\" to the node");
            }
        }
    }
}

void node_disabled(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto all = passed_devices(subject, *guest);
        for (const auto& passed : all) {
            const bool another = std::ranges::any_of(all, [&](const Passed& other) {
                return other.map.map == passed.map.map && other.is_used();
            });
            if (passed.node != nullptr && !passed.is_used() && passed.device->enabled && !another) {
                findings.add(place_of(*guest->tree, *passed.node, "status"),
                             fmt::format("{} is mapped into '{}', and its node is disabled",
                                         passed.node->name, guest->vm->name),
                             "set status = \"okay\", or remove the <map>");
            }
        }
    }
}

void node_missing(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree || guest->tree_is_ours) {
            continue;
        }
        const auto all = passed_devices(subject, *guest);
        for (const auto& passed : all) {
            const bool another = std::ranges::any_of(all, [&](const Passed& other) {
                return other.map.map == passed.map.map && other.node != nullptr;
            });
            if (passed.node == nullptr && passed.device->enabled && !another) {
                findings.add({passed.map.map->where, {}},
                             fmt::format("{} is mapped into '{}', and its tree has no node for it",
                                         passed.device->name, guest->vm->name),
                             "copy the node from the board's tree, or remove the <map>");
                break;
            }
        }
    }
}

void other_device(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto all = passed_devices(subject, *guest);
        for (const auto& passed : all) {
            if (!passed.is_used() || guest->tree_is_ours || !passed.device->enabled) {
                continue;
            }
            // Another device of the page may be the one.
            const bool alike = std::ranges::any_of(all, [&](const Passed& other) {
                if (other.map.map != passed.map.map) {
                    return false;
                }
                for (std::size_t i = 0; !other.device->text("compatible", i).empty(); ++i) {
                    if (passed.node->is(other.device->text("compatible", i))) {
                        return true;
                    }
                }
                return false;
            });
            if (!alike) {
                findings.add(
                    place_of(*guest->tree, *passed.node, "compatible"),
                    fmt::format("{} is a {} for the guest, and a {} on the board",
                                passed.node->name, passed.node->text("compatible"),
                                passed.device->text("compatible")),
                    fmt::format("write compatible = \"{}\"", passed.device->text("compatible")));
            }
        }
    }
}

constexpr std::array k_rules{
    Rule{"device-cached", Severity::error, "device registers mapped as cached memory",
         "Writes stay in the cache and reads come from it: the device does nothing, or something "
         "much later.",
         "write cached=\"false\" in the map", cached},
    Rule{"device-moved", Severity::error,
         "a device that is mapped elsewhere than the tree that libvmm writes says",
         "The guest's driver uses the board's address, where nothing is mapped: a fault.",
         "map it at its physical address, or bring a tree of your own", moved},
    Rule{"device-partial", Severity::error, "a device of which only a part is mapped",
         "The driver faults when it comes to the rest of the registers, often minutes later.",
         "make the region as large as reg of the board's tree", partial},
    Rule{"device-two-owners", Severity::error, "a device that two programs have",
         "Each undoes what the other programs into it.",
         "one owner; others reach the device through it", two_owners},
    Rule{"page-shared", Severity::warning, "a page with registers of another device",
         "Pages are what can be given away. The guest may switch the other device off, or, if it "
         "is a clock or power controller, the whole board.",
         "do not pass such a device through, or accept that the guest has both", page_shared},
    Rule{"device-disabled-on-board", Severity::warning,
         "a passed-through device that the board's tree disables",
         "Disabled mostly means not wired, not clocked, or in use by the firmware.",
         "make sure that the board has it, and enable it in the board's tree", board_disabled},
    Rule{"node-unmapped", Severity::error, "a node is enabled, but nothing is mapped for it",
         "The guest's driver probes it, and its first access faults: the guest dies during its "
         "start, or hangs there.",
         "map the registers, or disable the node", node_unmapped},
    Rule{"node-disabled", Severity::warning, "a device is mapped, but its node is disabled",
         "The guest does not use the device that it was given.",
         "enable the node, or remove the map", node_disabled},
    Rule{"node-missing", Severity::warning, "a device is mapped, but the guest's tree has no node",
         "The guest does not use the device that it was given.",
         "copy the node from the board's tree, or remove the map", node_missing},
    Rule{"node-other-device", Severity::error, "a node of another kind of device than is there",
         "The wrong driver programs the device.", "copy `compatible` from the board's tree",
         other_device},
};

} // namespace

Chapter device_rules() { return {"Passed-through devices", k_rules}; }

} // namespace check
