// SPDX-License-Identifier: BSD-2-Clause
#include "subject.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace check {
namespace {

/// Whether the tree says where RAM is. In many a firmware fills it in.
bool knows_ram(const std::optional<Tree>& board) { return board && !board->memory().empty(); }

} // namespace

std::string hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

std::string Guest::bootargs() const
{
    if (settings.bootargs) {
        return *settings.bootargs;
    }
    const auto* const chosen = tree ? tree->find("/chosen") : nullptr;
    return chosen != nullptr ? chosen->text("bootargs") : std::string{};
}

Place Guest::bootargs_place() const
{
    if (settings.bootargs) {
        return {settings.bootargs_at, {}};
    }
    const auto* const chosen = tree ? tree->find("/chosen") : nullptr;
    if (chosen == nullptr) {
        return {vm->where, {}};
    }
    return {tree->line(*chosen, "bootargs"), chosen->path};
}

const tool::MemoryRegion* Subject::region(std::string_view wanted) const
{
    const auto found = std::ranges::find(system->regions, wanted, &tool::MemoryRegion::name);
    return found != system->regions.end() ? &*found : nullptr;
}

std::vector<Mapped> Subject::mapped(const std::vector<tool::Map>& maps) const
{
    std::vector<Mapped> all;
    for (const auto& map : maps) {
        const auto* const from = region(map.region);
        if (from == nullptr || !from->size) {
            continue;
        }
        Mapped one{.map = &map, .region = from, .here = {map.vaddr, *from->size}, .physical = {}};
        if (from->phys_addr) {
            one.physical = Range{*from->phys_addr, *from->size};
        }
        all.push_back(one);
    }
    return all;
}

bool Subject::is_board_ram(const Range& range) const
{
    return board && std::ranges::any_of(board->memory(),
                                        [&](const Range& ram) { return ram.overlaps(range); });
}

namespace {

bool may_all(const Mapped& one)
{
    return one.map->permissions.write && one.map->permissions.execute;
}

/// Whether tree or settings of the guest say that RAM is here.
bool is_said_to_be_ram(const Guest& guest, const Range& here)
{
    const auto memory = guest.tree ? guest.tree->memory() : std::vector<Range>{};
    const bool begins = guest.settings.ram && guest.settings.ram->value >= here.start &&
                        guest.settings.ram->value < here.end();
    return begins ||
           std::ranges::any_of(memory, [&](const Range& range) { return range.overlaps(here); });
}

} // namespace

std::vector<Mapped> Subject::guest_ram(const Guest& guest) const
{
    std::vector<Mapped> all;
    for (const auto& one : mapped(guest.vm->maps)) {
        // Where nobody says it, what is cached is RAM.
        const bool ram = one.physical && knows_ram(board) ? is_board_ram(*one.physical)
                                                          : !one.physical || one.map->cached;
        if (ram) {
            all.push_back(one);
        }
    }
    if (std::ranges::any_of(all, may_all)) {
        std::erase_if(all, [&](const Mapped& one) { // windows
            return !may_all(one) && !is_said_to_be_ram(guest, one.here);
        });
    }
    return all;
}

std::vector<Mapped> Subject::guest_devices(const Guest& guest) const
{
    std::vector<Mapped> all;
    for (const auto& one : mapped(guest.vm->maps)) {
        if (one.physical && (knows_ram(board) ? !is_board_ram(*one.physical) : !one.map->cached)) {
            all.push_back(one);
        }
    }
    return all;
}

std::string to_text(const Mapped& mapped)
{
    return fmt::format("'{}' at {}", mapped.region->name, hex(mapped.here.start));
}

} // namespace check
