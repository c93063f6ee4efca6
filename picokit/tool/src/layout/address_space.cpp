// SPDX-License-Identifier: BSD-2-Clause
// The virtual side of the layout: where things are in a PD or a guest, and what may not collide.
#include "layout/address_space.hpp"

#include "arch/translation.hpp"
#include "base/checked.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace tool {
namespace {

/// Something that occupies [start, end) and what to call it.
struct Occupant {
    std::uint64_t start;
    std::uint64_t end;
    std::string   name;
};

class Checker {
public:
    Checker(std::string space, std::uint64_t limit, std::string limit_hint)
        : space_{std::move(space)}
        , limit_{limit}
        , limit_hint_{std::move(limit_hint)}
    {
    }

    [[nodiscard]] Result<> add_segment(const Segment& segment, const std::string& file,
                                       const Location& where)
    {
        if (segment.end_page() > limit_) {
            return refuse(where,
                          fmt::format("segment {:#x}..{:#x} of '{}' exceeds the limit {:#x} of {}",
                                      segment.vaddr, segment.vaddr + segment.memory_size, file,
                                      limit_, space_),
                          limit_hint_);
        }
        occupants_.push_back(
            {segment.first_page(), segment.end_page(), fmt::format("a segment of '{}'", file)});
        return {};
    }

    [[nodiscard]] Result<> add_map(const Map& map, const Region& region)
    {
        // Alignment counts in the page size that was written, not in the one that was chosen.
        const auto page = region.declared->page_size.value_or(arch::k_page_size);
        if (!base::is_aligned(map.vaddr, page)) {
            return refuse(map.where,
                          fmt::format("vaddr {:#x} of memory region '{}' in {} is not aligned",
                                      map.vaddr, map.region, space_),
                          fmt::format("use a multiple of the page size, {:#x}", page));
        }
        const auto end = base::checked_add(map.vaddr, region.size);
        if (map.vaddr >= limit_ || !end || *end > limit_) {
            return refuse(
                map.where,
                fmt::format("memory region '{}' of {:#x} bytes at vaddr {:#x} exceeds the "
                            "limit {:#x} of {}",
                            map.region, region.size, map.vaddr, limit_, space_),
                limit_hint_);
        }
        for (const auto& other : occupants_) {
            if (map.vaddr < other.end && other.start < *end) {
                return refuse(map.where,
                              fmt::format("memory region '{}' at {:#x}..{:#x} overlaps {} at "
                                          "{:#x}..{:#x} in {}",
                                          map.region, map.vaddr, *end, other.name, other.start,
                                          other.end, space_),
                              "move one of the two");
            }
        }
        occupants_.push_back(
            {map.vaddr, *end,
             fmt::format("memory region '{}' (mapped at line {})", map.region, map.where.line)});
        return {};
    }

private:
    std::string           space_;
    std::uint64_t         limit_;
    std::string           limit_hint_;
    std::vector<Occupant> occupants_;
};

void check_pd(const System& system, std::size_t index, const std::vector<Region>& regions,
              const LoadedProgram& program, std::vector<Diagnostic>& errors)
{
    const auto& pd = system.pds[index];
    Checker     checker{fmt::format("protection domain '{}'", pd.name), stack_bottom(pd),
                    "use lower addresses: stack, guard page and IPC buffer are above the limit"};
    const auto  keep = [&](const Result<>& result) {
        if (!result) {
            errors.push_back(result.error());
        }
    };
    for (const auto& segment : program.image.segments) {
        keep(checker.add_segment(segment, program.image.name, pd.program.where));
    }
    for (const auto& map : pd.maps) {
        keep(checker.add_map(map, regions[*system.find_region(map.region)]));
    }
    if (pd.vm) {
        Checker guest{fmt::format("virtual machine '{}'", pd.vm->name), k_address_limit,
                      "guest-physical addresses have 40 bits"};
        for (const auto& map : pd.vm->maps) {
            keep(guest.add_map(map, regions[*system.find_region(map.region)]));
        }
    }
}

} // namespace

Result<> check_program_size(const Board& board, const ProtectionDomain& pd,
                            const LoadedProgram& program)
{
    std::uint64_t ram = 0;
    for (const auto& range : board.ram) {
        ram += range.range.size();
    }
    auto left = ram;
    for (const auto& segment : program.image.segments) {
        const auto size = segment.end_page() - segment.first_page();
        if (size > left) {
            return refuse(
                pd.program.where,
                fmt::format("'{}' does not fit into the RAM of board '{}': its segment at "
                            "{:#x} has {:#x} bytes, of {:#x}",
                            program.image.name, board.name, segment.vaddr, segment.memory_size,
                            ram),
                "make its data smaller, or put large data into a memory region");
        }
        left -= size;
    }
    return {};
}

std::vector<Diagnostic> check_address_spaces(const System&                     system,
                                             const std::vector<Region>&        regions,
                                             const std::vector<LoadedProgram>& programs)
{
    std::vector<Diagnostic> errors;
    for (std::size_t i = 0; i < system.pds.size(); ++i) {
        check_pd(system, i, regions, programs[i], errors);
    }
    return errors;
}

} // namespace tool
