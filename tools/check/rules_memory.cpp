// SPDX-License-Identifier: BSD-2-Clause
// Guest RAM in its three places, and physical memory.
#include "passed.hpp"
#include "rule.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace check {
namespace {

constexpr std::uint64_t k_large_page = 0x20'0000;
/// At the end of RAM: a table of capabilities of a few MiB, aligned to its size, and a little more.
constexpr std::uint64_t k_first_objects = 0x80'0000;

std::string text(const Range& range)
{
    return fmt::format("{:#x} to {:#x}", range.start, range.end());
}

/// The first address of a range that no part covers.
template <class Parts, class Member = std::identity>
std::optional<std::uint64_t> gap(const Range& range, const Parts& parts, Member member = {})
{
    auto at = range.start;
    for (bool moved = true; moved && at < range.end();) {
        moved = false;
        for (const auto& part : parts) {
            const Range& covered = std::invoke(member, part);
            if (covered.contains(at)) {
                at    = covered.end();
                moved = true;
            }
        }
    }
    return at < range.end() ? std::optional{at} : std::nullopt;
}

/// Calls visit(guest, RAM) for each piece of RAM of each guest.
template <class Visit>
void each_ram(const Subject& subject, Visit visit)
{
    for (const auto& guest : subject.guests) {
        for (const auto& ram : subject.guest_ram(*guest)) {
            visit(*guest, ram);
        }
    }
}

void not_mapped(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        if (!guest->tree) {
            continue;
        }
        const auto ram = subject.guest_ram(*guest);
        for (const auto& node : guest->tree->nodes()) {
            if (!Tree::is_memory(node) || !node.enabled) {
                continue;
            }
            for (const auto& range : node.registers) {
                if (const auto hole = gap(range, ram, &Mapped::here)) {
                    findings.add(
                        place_of(*guest->tree, node, "reg"),
                        fmt::format("the tree gives '{}' RAM {}; at {} its machine has none",
                                    guest->vm->name, text(range), hex(*hole)),
                        ram.empty()
                            ? "map a memory region for it"
                            : fmt::format("say reg = what is mapped: {}", text(ram.front().here)));
                }
            }
        }
    }
}

void unused(const Subject& subject, Findings& findings)
{
    each_ram(subject, [&](const Guest& guest, const Mapped& ram) {
        if (!guest.tree || guest.tree_is_ours) {
            return;
        }
        const auto memory = guest.tree->memory();
        if (memory.empty()) {
            return; // memory-empty speaks of it
        }
        if (const auto hole = gap(ram.here, memory); hole && ram.region->size >= k_large_page) {
            findings.add({ram.map->where, {}},
                         fmt::format("'{}' has RAM {}, but from {} on its tree does not mention it",
                                     guest.vm->name, text(ram.here), hex(*hole)),
                         "enlarge reg of the memory node, or make the region smaller");
        }
    });
}

void settings(const Subject& subject, Findings& findings)
{
    for (const auto& guest : subject.guests) {
        const auto& said = guest->settings;
        const auto  all  = subject.guest_ram(*guest);
        if (all.empty() || (!said.ram && !said.ram_size)) {
            continue;
        }
        const auto start = said.ram ? said.ram->value : all.front().here.start;
        const auto at =
            std::ranges::find_if(all, [&](const Mapped& ram) { return ram.here.start == start; });
        if (at == all.end()) {
            findings.add({said.ram->where, {}},
                         fmt::format("the VMM takes {} for the start of RAM; '{}' has RAM {}",
                                     hex(start), guest->vm->name, text(all.front().here)),
                         fmt::format("say {}", hex(all.front().here.start)));
        } else if (said.ram_size && said.ram_size->value != at->here.size) {
            findings.add({said.ram_size->where, {}},
                         fmt::format("the VMM takes {} for the size of RAM; '{}' has {}",
                                     hex(said.ram_size->value), guest->vm->name,
                                     hex(at->here.size)),
                         fmt::format("say {}, or let the image tool write it (setvar_size)",
                                     hex(at->here.size)));
        }
    }
}

void not_in_vmm(const Subject& subject, Findings& findings)
{
    each_ram(subject, [&](const Guest& guest, const Mapped& ram) {
        if (!has(guest.vmm->maps, ram.region->name, &tool::Map::region)) {
            findings.add(
                {ram.map->where, {}},
                fmt::format("RAM {} of '{}' is not mapped into its VMM '{}'", to_text(ram),
                            guest.vm->name, guest.vmm->name),
                fmt::format("add <map mr=\"{}\" … /> to '{}'", ram.region->name, guest.vmm->name));
        }
    });
}

void permissions(const Subject& subject, Findings& findings)
{
    each_ram(subject, [&](const Guest& guest, const Mapped& ram) {
        const auto& may = ram.map->permissions;
        if (!may.execute || !may.write) {
            findings.add({ram.map->where, {}},
                         fmt::format("'{}' may not {} its RAM {}", guest.vm->name,
                                     may.write ? "execute" : "write", to_text(ram)),
                         "write perms=\"rwx\"");
        }
    });
}

void cached(const Subject& subject, Findings& findings)
{
    const auto look = [&](const tool::Map& map, const std::string& whose) {
        if (!map.cached) {
            findings.add({map.where, {}},
                         fmt::format("RAM '{}' is not cached in '{}'", map.region, whose),
                         "write cached=\"true\"");
        }
    };
    each_ram(subject, [&](const Guest& guest, const Mapped& ram) {
        look(*ram.map, guest.vm->name);
        for (const auto& map : guest.vmm->maps) {
            if (map.region == ram.region->name) {
                look(map, guest.vmm->name);
            }
        }
    });
}

void small_pages(const Subject& subject, Findings& findings)
{
    each_ram(subject, [&](const Guest& guest, const Mapped& ram) {
        const auto aligned = [](std::uint64_t value) { return value % k_large_page == 0; };
        if (ram.here.size < k_large_page || (aligned(ram.here.start) && aligned(ram.here.size) &&
                                             aligned(ram.physical ? ram.physical->start : 0))) {
            return;
        }
        findings.add({ram.map->where, {}},
                     fmt::format("RAM {} of '{}' gets pages of 4 KiB: not all of size, addresses "
                                 "and phys_addr are multiples of 2 MiB",
                                 to_text(ram), guest.vm->name),
                     "make them multiples of 0x200000, in the VMM's map as well");
    });
}

/// Calls visit(guest, device) for each device that moves data by itself.
template <class Visit>
void each_dma(const Subject& subject, Visit visit)
{
    for (const auto& guest : subject.guests) {
        for (const auto& passed : passed_devices(subject, *guest)) {
            if (passed.is_used() && does_dma(*passed.device)) {
                visit(*guest, passed);
            }
        }
    }
}

void not_identity(const Subject& subject, Findings& findings)
{
    each_dma(subject, [&](const Guest& guest, const Passed& passed) {
        for (const auto& ram : subject.guest_ram(guest)) {
            if (ram.physical && ram.physical->start == ram.here.start) {
                continue;
            }
            findings.add({ram.map->where, {}},
                         fmt::format("{} of '{}' moves data by physical addresses; RAM {} is {}",
                                     passed.device->name, guest.vm->name, to_text(ram),
                                     ram.physical ? "at " + hex(ram.physical->start) : "anywhere"),
                         fmt::format("give memory region '{}' phys_addr=\"{}\"", ram.region->name,
                                     hex(ram.here.start)));
        }
    });
}

void unprotected(const Subject& subject, Findings& findings)
{
    each_dma(subject, [&](const Guest& guest, const Passed& passed) {
        findings.add({passed.map.map->where, {}},
                     fmt::format("through {} the guest '{}' reaches all of the board's memory",
                                 passed.device->name, guest.vm->name),
                     "give the guest a virtIO device instead, or, if it is trusted, allow this "
                     "rule in a comment");
    });
}

void beyond(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board) {
        return;
    }
    for (const auto& region : subject.system->regions) {
        const Range range{region.phys_addr.value_or(0), region.size.value_or(0)};
        if (!region.phys_addr || !subject.is_board_ram(range)) {
            continue;
        }
        if (const auto hole = gap(range, subject.board->memory())) {
            findings.add({region.where, {}},
                         fmt::format("memory region '{}' is {}; the board's RAM ends at {}",
                                     region.name, text(range), hex(*hole)),
                         "make it smaller, or move it");
        }
    }
}

void kernels(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board || subject.board->memory().empty()) {
        return;
    }
    const auto all = subject.board->memory();
    const auto end = std::ranges::max(all, {}, &Range::start).end();
    for (const auto& region : subject.system->regions) {
        const Range range{region.phys_addr.value_or(0), region.size.value_or(0)};
        if (region.phys_addr && range.end() <= end && // else region-beyond-memory speaks of it
            range.end() > end - k_first_objects) {
            findings.add({region.where, {}},
                         fmt::format("memory region '{}' is {}; RAM ends at {}, and just before "
                                     "that are seL4's first objects",
                                     region.name, text(range), hex(end)),
                         fmt::format("end it at {} or below, or leave phys_addr out",
                                     hex(end - k_first_objects)));
        }
    }
}

void nowhere(const Subject& subject, Findings& findings)
{
    if (!subject.system || !subject.board) {
        return;
    }
    for (const auto& region : subject.system->regions) {
        const Range range{region.phys_addr.value_or(0), region.size.value_or(0)};
        if (region.phys_addr && range.size != 0 && !subject.board->memory().empty() &&
            !subject.is_board_ram(range) && subject.board->devices_at(range).empty()) {
            findings.add({region.where, {}},
                         fmt::format("at {} of memory region '{}' the board has neither RAM nor a "
                                     "device",
                                     hex(range.start), region.name),
                         "correct phys_addr by the board's device tree");
        }
    }
}

void overlap(const Subject& subject, Findings& findings)
{
    if (!subject.system) {
        return;
    }
    const auto& regions = subject.system->regions;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            const auto& a = regions[k];
            const auto& b = regions[i];
            if (a.phys_addr && b.phys_addr && a.size && b.size &&
                Range{*a.phys_addr, *a.size}.overlaps({*b.phys_addr, *b.size})) {
                findings.add({b.where, {}},
                             fmt::format("memory region '{}' ({}) overlaps '{}' ({})", b.name,
                                         text({*b.phys_addr, *b.size}), a.name,
                                         text({*a.phys_addr, *a.size})),
                             "move one, or map one region twice");
            }
        }
    }
}

void unmapped(const Subject& subject, Findings& findings)
{
    if (!subject.system) {
        return;
    }
    for (const auto& region : subject.system->regions) {
        const bool used = std::ranges::any_of(subject.system->pds, [&](const auto& domain) {
            return has(domain.maps, region.name, &tool::Map::region) ||
                   has(domain.setvars, region.name, &tool::Setvar::region) ||
                   (domain.vm && has(domain.vm->maps, region.name, &tool::Map::region));
        });
        if (!used) {
            findings.add({region.where, {}},
                         fmt::format("memory region '{}' is mapped nowhere", region.name),
                         "add a <map>, or remove the region");
        }
    }
}

void over_gic(const Subject& subject, Findings& findings)
{
    each_ram(subject, [&](const Guest& guest, const Mapped& ram) {
        const auto* const gic = subject.board ? subject.board->gic() : nullptr;
        if (gic == nullptr) {
            return;
        }
        for (const auto& frame : gic->registers) {
            if (frame.overlaps(ram.here)) {
                findings.add({ram.map->where, {}},
                             fmt::format("RAM {} of '{}' covers the interrupt controller at {}",
                                         to_text(ram), guest.vm->name, hex(frame.start)),
                             "move the RAM: change vaddr");
                return;
            }
        }
    });
}

constexpr std::array k_rules{
    Rule{"ram-not-mapped", Severity::error, "RAM in the guest's tree that its machine has not",
         "The guest's kernel takes the memory node at its word. It dies at the first page that is "
         "not there, long after its start, with an abort that names no reason.",
         "let memory node and <map> say the same", not_mapped},
    Rule{"ram-unused", Severity::warning,
         "RAM of the machine that the guest's tree does not mention", "The guest does not use it.",
         "let memory node and <map> say the same", unused},
    Rule{"ram-settings-differ", Severity::error,
         "guest RAM that the VMM's settings place elsewhere, or make another size",
         "The VMM loads images to where no RAM is, or refuses to start.",
         "let settings and <map> say the same, best by setvar_size", settings},
    Rule{"ram-not-in-vmm", Severity::error, "guest RAM that is not mapped into the VMM",
         "The VMM can load no image into it, and its virtIO devices cannot reach the guest's "
         "buffers.",
         "map the region into the VMM's protection domain too", not_in_vmm},
    Rule{"ram-permissions", Severity::error, "guest RAM that the guest may not execute or write",
         "The guest's first instruction, or its first store, is a fault.",
         "write perms=\"rwx\" in the map of the virtual machine", permissions},
    Rule{"ram-uncached", Severity::error, "guest RAM that is mapped without caches",
         "Device memory refuses unaligned accesses and exclusives: kernels hang in their first "
         "lock. "
         "In the VMM alone it makes what both see differ.",
         "remove cached=\"false\"", cached},
    Rule{"ram-small-pages", Severity::warning, "guest RAM in pages of 4 KiB",
         "Each miss of the TLB walks one more level of stage 2; the image's tables grow.",
         "make size, vaddr and phys_addr multiples of 2 MiB", small_pages},
    Rule{"ram-over-gic", Severity::error, "guest RAM where the guest's interrupt controller is",
         "The VMM answers accesses to the distributor only where nothing is mapped: the guest "
         "writes into RAM instead, and gets no interrupt.",
         "choose another address for the RAM", over_gic},
    Rule{
        "dma-not-identity", Severity::error,
        "a DMA device is passed through, and guest RAM is not where the guest believes it to be",
        "The guest's driver gives its device guest-physical addresses. Without an IOMMU the device "
        "takes them for physical ones, and writes into somebody else's memory.",
        "give the RAM's region a phys_addr that equals the vaddr in the guest", not_identity},
    Rule{"dma-unprotected", Severity::warning, "a DMA device is passed through without an IOMMU",
         "A guest that controls it can read and write every byte of the board's RAM, also the "
         "kernel's: there is no isolation from this guest.",
         "use a driver domain and a virtIO device; or state in a comment that the guest is trusted",
         unprotected},
    Rule{"region-beyond-memory", Severity::error, "a memory region that is partly outside of RAM",
         "What lies outside is no memory: reads give anything, or an external abort.",
         "keep it inside the memory of the board's device tree", beyond},
    Rule{"region-at-end-of-ram", Severity::warning,
         "a memory region where seL4 puts its first objects",
         "picokit does not mind. seL4 takes the end of the board's RAM for itself as it boots, and "
         "the tool of an official SDK refuses the region.",
         "leave the last 8 MiB of RAM alone", kernels},
    Rule{"region-nowhere", Severity::warning, "a memory region where the board has nothing",
         "Accesses give external aborts, zeros, or hang the bus.",
         "correct phys_addr by the board's device tree", nowhere},
    Rule{"region-overlap", Severity::error, "two memory regions on the same physical memory",
         "The Microkit tool refuses it; two domains would write over each other.",
         "use one region, and map it twice if it is to be shared", overlap},
    Rule{"region-unmapped", Severity::warning, "a memory region that nobody maps",
         "It takes memory that nobody uses; mostly a <map> is missing.",
         "add the <map>, or remove the region", unmapped},
};

} // namespace

Chapter memory_rules() { return {"Memory", k_rules}; }

} // namespace check
