// SPDX-License-Identifier: BSD-2-Clause
// Interrupts: their numbers, their owners, their triggers.
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace check {
namespace {

constexpr std::uint32_t k_first_spi = 32;

/// Devices of the board with this interrupt.
std::vector<const Node*> sources_of(const Tree& board, std::uint64_t intid)
{
    std::vector<const Node*> all;
    for (const auto& node : board.nodes()) {
        if (has(node.interrupts, intid, &Line::intid) && node.has("compatible")) {
            all.push_back(&node);
        }
    }
    std::ranges::stable_partition(all, &Node::enabled);
    return all;
}

/// The domain's devices: its own and its guest's.
std::vector<const Node*> all_devices(const Subject& subject, const tool::ProtectionDomain& domain)
{
    auto all = devices_of(subject, domain.maps);
    if (domain.vm) {
        std::ranges::copy(devices_of(subject, domain.vm->maps), std::back_inserter(all));
    }
    return all;
}

bool has_line(const Node* device, std::uint64_t intid)
{
    return has(device->interrupts, intid, &Line::intid);
}

void not_offset(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board) {
        return;
    }
    for (const auto& domain : subject.system->pds) {
        const auto devices = all_devices(subject, domain);
        for (const auto& irq : domain.irqs) {
            const auto is = [&](std::uint64_t intid) {
                return std::ranges::find_if(devices,
                                            [&](const Node* one) { return has_line(one, intid); });
            };
            const auto meant = is(irq.number + k_first_spi);
            if (is(irq.number) == devices.end() && meant != devices.end() &&
                !owns(domain, irq.number + k_first_spi)) {
                findings.add({irq.where, {}},
                             fmt::format("interrupt {} of '{}' is SPI {} of {}, whose number is {}",
                                         irq.number, domain.name, irq.number, (*meant)->name,
                                         irq.number + k_first_spi),
                             fmt::format("write irq=\"{}\"", irq.number + k_first_spi));
            }
        }
    }
}

/// Calls visit(guest, device passed through, INTID) for each interrupt that the guest waits for.
template <class Visit>
void each_awaited(const Subject& subject, Visit visit)
{
    for (const auto& guest : subject.guests) {
        for (const auto& passed : passed_devices(subject, *guest)) {
            if (!passed.is_used()) {
                continue;
            }
            for (const auto& line : passed.device->interrupts) {
                if (line.intid >= k_first_spi) {
                    visit(*guest, passed, line.intid);
                }
            }
        }
    }
}

void missing(const Subject& subject, Findings& findings)
{
    each_awaited(subject, [&](const Guest& guest, const Passed& passed, std::uint32_t intid) {
        if (owner_of(subject, intid) == nullptr && !owns(*guest.vmm, intid - k_first_spi)) {
            findings.add({passed.map.map->where, {}},
                         fmt::format("the guest '{}' has {}, but nobody has its interrupt {}",
                                     guest.vm->name, passed.device->name, intid),
                         fmt::format("add <irq irq=\"{}\" id=\"…\" /> to '{}', and tell the VMM "
                                     "the channel",
                                     intid, guest.vmm->name));
        }
    });
}

void elsewhere(const Subject& subject, Findings& findings)
{
    each_awaited(subject, [&](const Guest& guest, const Passed& passed, std::uint32_t intid) {
        const auto* const owner = owner_of(subject, intid);
        if (owner != nullptr && owner != guest.vmm) {
            const auto& irq = *std::ranges::find(owner->irqs, intid, &tool::Irq::number);
            findings.add({irq.where, {}},
                         fmt::format("interrupt {} of {}, which the guest '{}' has, goes to '{}'",
                                     intid, passed.device->name, guest.vm->name, owner->name),
                         fmt::format("move the <irq> to '{}'", guest.vmm->name));
        }
    });
}

void trigger(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board) {
        return;
    }
    for (const auto& domain : subject.system->pds) {
        for (const auto& irq : domain.irqs) {
            for (const auto* device : sources_of(*subject.board, irq.number)) {
                const auto line = std::ranges::find(device->interrupts, irq.number, &Line::intid);
                if (irq.number >= k_first_spi && device->enabled && line->edge != irq.edge) {
                    findings.add(
                        {irq.where, {}},
                        fmt::format("interrupt {} of {} is {}, and is taken for {}", irq.number,
                                    device->name, line->edge ? "an edge" : "a level",
                                    irq.edge ? "an edge" : "a level"),
                        fmt::format("write trigger=\"{}\"", line->edge ? "edge" : "level"));
                    break;
                }
            }
        }
    }
}

void useless(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board) {
        return;
    }
    for (const auto& domain : subject.system->pds) {
        const auto devices = all_devices(subject, domain);
        for (const auto& irq : domain.irqs) {
            const auto sources = sources_of(*subject.board, irq.number);
            const bool offset  = std::ranges::any_of(devices, [&](const Node* one) {
                return has_line(one, irq.number + k_first_spi); // another rule's
            });
            if (!domain.vm || irq.number < k_first_spi || sources.empty() || offset ||
                std::ranges::any_of(sources, [&](const Node* one) { return has(devices, one); })) {
                continue;
            }
            findings.add({irq.where, {}},
                         fmt::format("'{}' has interrupt {} of {}, but neither it nor its guest "
                                     "has the registers",
                                     domain.name, irq.number, sources.front()->name),
                         "map the device's registers into the guest, or remove the <irq>");
        }
    }
}

void unknown(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board) {
        return;
    }
    for (const auto& domain : subject.system->pds) {
        const auto devices = all_devices(subject, domain);
        for (const auto& irq : domain.irqs) {
            const bool offset = std::ranges::any_of(devices, [&](const Node* one) {
                return has_line(one, irq.number + k_first_spi); // another rule's
            });
            if (irq.number >= k_first_spi && !offset &&
                sources_of(*subject.board, irq.number).empty()) {
                findings.add({irq.where, {}},
                             fmt::format("no device of the board has interrupt {}", irq.number),
                             "look for the device in the board's tree; SPI n is 32 + n");
            }
        }
    }
}

void shared(const Subject& subject, Findings& findings)
{
    each_awaited(subject, [&](const Guest& guest, const Passed& passed, std::uint32_t intid) {
        for (const auto* other : sources_of(*subject.board, intid)) {
            const auto mine = passed_devices(subject, guest);
            if (other == passed.device || !other->enabled || has(mine, other, &Passed::device)) {
                continue;
            }
            findings.add({passed.map.map->where, {}},
                         fmt::format("{} shares interrupt {} with {}, which the guest '{}' does "
                                     "not have",
                                     passed.device->name, intid, other->name, guest.vm->name),
                         fmt::format("give the guest {} as well, or make sure that it stays "
                                     "silent",
                                     other->name));
            break;
        }
    });
}

void guest_number(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (guest->tree_is_ours) {
            continue;
        }
        for (const auto& passed : passed_devices(subject, *guest)) {
            if (!passed.is_used()) {
                continue;
            }
            for (const auto& line : passed.node->interrupts) {
                if (has_line(passed.device, line.intid) || passed.device->interrupts.empty()) {
                    continue;
                }
                const auto right = passed.device->interrupts.front().intid;
                const bool twice = has_line(passed.device, line.intid - k_first_spi);
                findings.add(place_of(*guest->tree, *passed.node, "interrupts"),
                             fmt::format("interrupt {} of {} is {} on the board{}", line.intid,
                                         passed.node->name, twice ? line.intid - 32 : right,
                                         twice ? ": 32 was added in the tree as well" : ""),
                             fmt::format("write the number without offset: <0 {} 4>",
                                         (twice ? line.intid - k_first_spi : right) - k_first_spi));
            }
        }
    }
}

void channel(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        for (const auto& said : guest->settings.interrupts) {
            const auto irq = std::ranges::find(guest->vmm->irqs, said.channel, &tool::Irq::id);
            if (irq != guest->vmm->irqs.end() && irq->number == said.intid) {
                continue;
            }
            const bool none = irq == guest->vmm->irqs.end();
            findings.add({said.where, {}},
                         none
                             ? fmt::format("channel {} of '{}' is no interrupt", said.channel,
                                           guest->vmm->name)
                             : fmt::format("channel {} of '{}' is interrupt {}, not {}",
                                           said.channel, guest->vmm->name, irq->number, said.intid),
                         "make channel and interrupt those of the <irq> in the system description");
        }
    }
}

constexpr std::array k_rules{
    Rule{"irq-not-offset", Severity::error, "an interrupt number without the offset of 32",
         "Device trees count shared interrupts (SPIs) from 0, the GIC and Microkit from 32. The "
         "device's interrupt then reaches nobody, and its driver waits for ever.",
         "add 32 to the number of the device tree", not_offset},
    Rule{"irq-missing", Severity::error, "a device of the guest's whose interrupt nobody has",
         "The guest's driver finds its device and then waits for an interrupt that no protection "
         "domain may hand on.",
         "give the interrupt to the VMM's protection domain", missing},
    Rule{
        "irq-elsewhere", Severity::error,
        "a device of the guest's whose interrupt another protection domain has",
        "An interrupt has one owner. It reaches a program that does not know the device; the guest "
        "gets none.",
        "move the <irq> to the VMM of the guest that has the device", elsewhere},
    Rule{"irq-trigger", Severity::error,
         "an interrupt that is an edge on the board, and a level in the description, or reversed",
         "A level taken for an edge is lost when it is still high at the acknowledgement; an edge "
         "taken for a level may be lost, or come for ever.",
         "write the trigger that the board's device tree has", trigger},
    Rule{"irq-useless", Severity::warning, "an interrupt of a device that the guest does not have",
         "Nobody can silence the device: if it raises its interrupt once, the level stays.",
         "pass the device through, or remove the <irq>", useless},
    Rule{"irq-unknown", Severity::warning, "an interrupt that no device of the board has",
         "It never comes.", "correct the number by the board's device tree", unknown},
    Rule{"irq-shared", Severity::warning, "an interrupt that the guest's device shares",
         "The guest's driver cannot silence the other device. If that one raises the line, the "
         "interrupt comes without end, and the guest does nothing else.",
         "give the guest both devices, or a device with a line of its own", shared},
    Rule{"guest-irq-differs", Severity::error,
         "an interrupt that is another one in the guest's tree than on the board",
         "The VMM delivers the board's number. The guest has its driver listen to another one.",
         "use the board's numbers in the guest's tree; there the offset of 32 is not added",
         guest_number},
    Rule{"irq-channel", Severity::error,
         "a channel that the VMM takes for another interrupt than the description says",
         "The VMM injects another device's interrupt, or none.",
         "make the VMM's settings and the system description agree", channel},
};

} // namespace

Chapter interrupt_rules() { return {"Interrupts", k_rules}; }

} // namespace check
