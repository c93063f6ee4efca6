// SPDX-License-Identifier: BSD-2-Clause
// Memory regions once their files are read: final sizes and page sizes.
#include "layout/regions.hpp"

#include "arch/translation.hpp"
#include "base/checked.hpp"

#include <fmt/format.h>

namespace tool {
namespace {

Result<Region> read_region(const MemoryRegion& declared, const SearchPath& search)
{
    Region region;
    region.declared  = &declared;
    region.page_size = declared.page_size.value_or(arch::k_page_size);
    region.size      = declared.size.value_or(0);
    if (!declared.prefill_path) {
        return region;
    }
    const auto path = TRY(search.find(*declared.prefill_path, "prefill file", declared.where));
    region.prefill  = TRY(read_file(path, declared.where));
    if (region.prefill.empty()) {
        return refuse(declared.where,
                      fmt::format("prefill file '{}' of memory region '{}' is empty", path.string(),
                                  declared.name),
                      "check how it is made, or remove prefill_path: regions start as zero");
    }
    const auto length = static_cast<std::uint64_t>(region.prefill.size());
    if (!declared.size) {
        region.size = *base::align_up(length, region.page_size);
    }
    if (length > region.size) {
        return refuse(declared.where,
                      fmt::format("prefill file '{}' has {:#x} bytes; memory region '{}' has {:#x}",
                                  path.string(), length, declared.name, region.size),
                      "make the region larger, or leave 'size' out");
    }
    return region;
}

/// Calls `use` for the map of every address space.
template <class Use>
void for_each_map(const System& system, Use use)
{
    for (const auto& pd : system.pds) {
        for (const auto& map : pd.maps) {
            use(map);
        }
        if (pd.vm) {
            for (const auto& map : pd.vm->maps) {
                use(map);
            }
        }
    }
}

} // namespace

Result<std::vector<Region>> resolve_regions(const System& system, const SearchPath& search)
{
    std::vector<Region> regions;
    std::vector<bool>   large;
    for (const auto& declared : system.regions) {
        regions.push_back(TRY(read_region(declared, search)));
        large.push_back(!declared.page_size &&
                        base::is_aligned(regions.back().size, arch::k_block_size) &&
                        base::is_aligned(declared.phys_addr.value_or(0), arch::k_block_size));
    }
    for_each_map(system, [&](const Map& map) {
        const auto index      = *system.find_region(map.region);
        regions[index].mapped = true;
        large[index]          = large[index] && base::is_aligned(map.vaddr, arch::k_block_size);
    });
    for (std::size_t i = 0; i < regions.size(); ++i) {
        regions[i].page_size = large[i] ? arch::k_block_size : regions[i].page_size;
    }
    for (const auto& pd : system.pds) {
        for (const auto& setvar : pd.setvars) {
            if (setvar.source == SetvarSource::region_paddr) {
                regions[*system.find_region(setvar.region)].contiguous = true;
            }
        }
    }
    return regions;
}

std::uint64_t region_setvar(const Setvar& setvar, const System& system,
                            const std::vector<Region>& regions)
{
    if (setvar.source == SetvarSource::value) {
        return setvar.value;
    }
    const auto& region = regions[*system.find_region(setvar.region)];
    return setvar.source == SetvarSource::region_size ? region.size : region.prefill.size();
}

} // namespace tool
