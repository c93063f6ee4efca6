// SPDX-License-Identifier: BSD-2-Clause
// Memory regions once their files are read: final sizes and page sizes.
#pragma once

#include "files.hpp"
#include "sdf/model.hpp"

#include <vector>

namespace tool {

struct Region {
    const MemoryRegion* declared  = nullptr;
    std::uint64_t       size      = 0; ///< multiple of page_size
    std::uint64_t       page_size = 0; ///< 0x1000 or 0x200000
    Bytes               prefill;       ///< empty: starts as zero
    bool                mapped     = false;
    bool                contiguous = false; ///< a program is told its physical address
};

/// In the order of system.regions. Reads prefill files; gives a region without a page size 2 MiB
/// pages where its size, its physical address and every place it is mapped at allow them. Refuses
/// files that are missing, empty or larger than their region.
[[nodiscard]] Result<std::vector<Region>> resolve_regions(const System&     system,
                                                          const SearchPath& search);

/// Values of symbols that are about regions and known before memory is laid out.
[[nodiscard]] std::uint64_t region_setvar(const Setvar& setvar, const System& system,
                                          const std::vector<Region>& regions);

} // namespace tool
