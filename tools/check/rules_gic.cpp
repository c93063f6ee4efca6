// SPDX-License-Identifier: BSD-2-Clause
// The interrupt controller that a guest finds.
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace check {
namespace {

constexpr std::uint64_t k_redistributors = 0x2'0000; ///< of one vCPU

// Positions in reg of a GICv2.
constexpr std::size_t k_distributor = 0, k_cpu_interface = 1, k_hypervisor = 2,
                      k_vcpu_interface = 3;

/// Frame `index` of the board's GIC, if that is of this version and has it.
std::optional<Range> frame(const Subject& subject, unsigned version, std::size_t index)
{
    if (!subject.board || subject.board->gic_version() != version ||
        subject.board->gic()->registers.size() <= index) {
        return std::nullopt;
    }
    return subject.board->gic()->registers[index];
}

/// The guest's own tree's GIC; null if there is no such tree or no GIC.
const Node* own_gic(const Guest& guest)
{
    return guest.tree && !guest.tree_is_ours ? guest.tree->gic() : nullptr;
}

/// Where the guest will look for its CPU interface (GICv2).
std::optional<std::uint64_t> expected_interface(const Subject& subject, const Guest& guest)
{
    const auto board = frame(subject, 2, k_cpu_interface);
    if (!board) {
        return std::nullopt;
    }
    const auto* const gic = own_gic(guest);
    return gic != nullptr && gic->registers.size() > k_cpu_interface
               ? gic->registers[k_cpu_interface].start
               : board->start;
}

/// Calls visit(guest, address of its CPU interface, the map that covers it or null).
template <class Visit>
void each_interface(const Subject& subject, Visit visit)
{
    for (const auto& guest : subject.guests) {
        const auto at = expected_interface(subject, *guest);
        if (!at || !frame(subject, 2, k_vcpu_interface)) {
            continue;
        }
        const auto maps = subject.mapped(guest->vm->maps);
        const auto found =
            std::ranges::find_if(maps, [&](const Mapped& one) { return one.here.contains(*at); });
        visit(*guest, *at, found != maps.end() ? &*found : nullptr, maps);
    }
}

bool shows(const Mapped& map, const Range& physical)
{
    return map.physical && map.physical->overlaps({physical.start, 1});
}

void interface_missing(const Subject& subject, Findings& findings)
{
    each_interface(subject, [&](const Guest& guest, std::uint64_t at, const Mapped* map,
                                const std::vector<Mapped>& maps) {
        const auto real = *frame(subject, 2, k_vcpu_interface);
        if (map == nullptr &&
            std::ranges::none_of(maps, [&](const Mapped& one) { return shows(one, real); })) {
            findings.add({guest.vm->where, {}},
                         fmt::format("'{}' has no CPU interface of the GICv2 at {}", guest.vm->name,
                                     hex(at)),
                         fmt::format("map a region with phys_addr=\"{}\" (the GIC's virtual CPU "
                                     "interface) at vaddr=\"{}\" with cached=\"false\"",
                                     hex(real.start), hex(at)));
        }
    });
}

void interface_wrong(const Subject& subject, Findings& findings)
{
    each_interface(subject, [&](const Guest& guest, std::uint64_t at, const Mapped* map,
                                const std::vector<Mapped>&) {
        const auto real = *frame(subject, 2, k_vcpu_interface);
        if (map != nullptr &&
            (!map->physical || map->physical->start + (at - map->here.start) != real.start)) {
            findings.add(
                {map->map->where, {}},
                fmt::format("'{}' finds {} where its CPU interface is ({}); that is at "
                            "{} of the board",
                            guest.vm->name,
                            map->physical ? "physical " + hex(map->physical->start) : "RAM",
                            hex(at), hex(real.start)),
                fmt::format("give memory region '{}' phys_addr=\"{}\"", map->region->name,
                            hex(real.start)));
        }
    });
}

void interface_moved(const Subject& subject, Findings& findings)
{
    each_interface(subject, [&](const Guest& guest, std::uint64_t at, const Mapped* map,
                                const std::vector<Mapped>& maps) {
        const auto real = *frame(subject, 2, k_vcpu_interface);
        const auto found =
            std::ranges::find_if(maps, [&](const Mapped& one) { return shows(one, real); });
        if (map == nullptr && found != maps.end()) {
            findings.add({found->map->where, {}},
                         fmt::format("the virtual CPU interface is mapped at {}; '{}' looks for it "
                                     "at {}",
                                     hex(found->here.start), guest.vm->name, hex(at)),
                         fmt::format("write vaddr=\"{}\"", hex(at)));
        }
    });
}

void frame_mapped(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        for (const auto& map : subject.mapped(guest->vm->maps)) {
            const auto look = [&](unsigned version, std::size_t index, std::string_view name) {
                const auto one = frame(subject, version, index);
                if (one && map.physical && map.physical->overlaps(*one)) {
                    findings.add({map.map->where, {}},
                                 fmt::format("'{}' has the board's {} at {}", guest->vm->name, name,
                                             hex(one->start)),
                                 "remove the map: the VMM emulates it");
                }
            };
            look(2, k_distributor, "GIC distributor");
            look(2, k_hypervisor, "virtual interface control registers");
            look(3, k_distributor, "GIC distributor");
            look(3, 1, "GIC redistributors");
        }
    }
}

void version(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree || guest->tree_is_ours || !subject.board) {
            continue;
        }
        const auto has_it = guest->tree->gic_version();
        const auto board  = subject.board->gic_version();
        if (has_it != board && board != 0) {
            const auto* const gic = guest->tree->gic();
            findings.add(gic != nullptr ? place_of(*guest->tree, *gic, "compatible")
                                        : place_of(*guest->tree, guest->tree->root()),
                         has_it == 0 ? fmt::format("the tree of '{}' has no GIC", guest->vm->name)
                                     : fmt::format("the tree of '{}' has a GICv{}, the board a "
                                                   "GICv{}",
                                                   guest->vm->name, has_it, board),
                         fmt::format("describe a GICv{}", board));
        }
    }
}

void address(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto* const gic = own_gic(*guest);
        if (gic == nullptr || !subject.board ||
            guest->tree->gic_version() != subject.board->gic_version()) {
            continue;
        }
        const auto& real = subject.board->gic()->registers;
        for (std::size_t i = 0; i < 2 && i < real.size(); ++i) {
            const bool same = i < gic->registers.size() && gic->registers[i].start == real[i].start;
            if (!same) {
                findings.add(place_of(*guest->tree, *gic, "reg"),
                             fmt::format("range {} of the GIC is at {} in the tree of '{}', and at "
                                         "{} on the board, where libvmm emulates it",
                                         i,
                                         i < gic->registers.size() ? hex(gic->registers[i].start)
                                                                   : "no address",
                                         guest->vm->name, hex(real[i].start)),
                             "copy reg from the board's tree");
                break;
            }
        }
    }
}

void redistributors(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto* const gic = own_gic(*guest);
        if (gic == nullptr || guest->tree->gic_version() != 3 || gic->registers.size() < 2 ||
            (subject.board && subject.board->gic_version() != 3)) {
            continue;
        }
        const auto needed = k_redistributors * guest->vm->vcpus.size();
        if (gic->registers[1].size < needed) {
            findings.add(place_of(*guest->tree, *gic, "reg"),
                         fmt::format("{} bytes of redistributors for the {} vCPUs of '{}'",
                                     hex(gic->registers[1].size), guest->vm->vcpus.size(),
                                     guest->vm->name),
                         fmt::format("make them {}: 0x20000 a vCPU", hex(needed)));
        }
    }
}

void its(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree || guest->tree_is_ours) {
            continue;
        }
        for (const auto& node : guest->tree->nodes()) {
            if (node.is_device() && node.is_any({"arm,gic-v3-its", "arm,gic-v2m-frame"})) {
                findings.add(place_of(*guest->tree, node),
                             fmt::format("{} is enabled for '{}'; nobody emulates it", node.name,
                                         guest->vm->name),
                             "add status = \"disabled\", or remove the node");
            }
        }
    }
}

constexpr std::array k_rules{
    Rule{
        "gic-interface-missing", Severity::error, "a GICv2 guest without the virtual CPU interface",
        "The guest acknowledges interrupts there. Its first access faults, during the start of its "
        "interrupt controller.",
        "map the GIC's virtual CPU interface (GICV, the fourth range of the board's node) where "
        "the guest's tree has the CPU interface (GICC, the second)",
        interface_missing},
    Rule{"gic-interface-wrong", Severity::error,
         "something else where the guest's GIC CPU interface should be",
         "With the real CPU interface (GICC) the guest would take the interrupts of the whole "
         "board; with anything else it gets none.",
         "the region's phys_addr is the fourth range of the board's GIC node", interface_wrong},
    Rule{"gic-interface-moved", Severity::error,
         "the virtual CPU interface at another address than the guest's tree says",
         "The guest's first access to its CPU interface faults.",
         "map it at the second range of the GIC node of the guest's tree", interface_moved},
    Rule{
        "gic-frame-mapped", Severity::error, "a guest with a frame of the real GIC",
        "It could mask and route the interrupts of every other program. The guest's distributor is "
        "emulated: what is mapped is not.",
        "remove the map", frame_mapped},
    Rule{"gic-version-differs", Severity::error, "a guest's tree with another GIC than the board's",
         "The guest's CPU interface is hardware: it is of the board's version.",
         "describe the GIC that the board has", version},
    Rule{"gic-address-differs", Severity::error, "a guest's tree with the GIC elsewhere",
         "The guest programs a distributor that is not there.", "copy reg from the board's tree",
         address},
    Rule{"gic-redistributors-small", Severity::error,
         "redistributors of a GICv3 for fewer vCPUs than there are",
         "The other CPUs find no redistributor, and do not start.", "0x20000 bytes for each vCPU",
         redistributors},
    Rule{"gic-msi", Severity::error, "a message-interrupt controller that nobody emulates",
         "The kernel programs an ITS or a v2m frame before it starts anything else, and faults.",
         "disable the node; PCI devices then use wired interrupts", its},
};

} // namespace

Chapter gic_rules() { return {"The interrupt controller", k_rules}; }

} // namespace check
