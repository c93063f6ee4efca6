// SPDX-License-Identifier: BSD-2-Clause
// The physical side of the layout: which address everything gets.
#pragma once

#include "layout/physical_memory.hpp"
#include "layout/regions.hpp"
#include "program/program.hpp"
#include "sdk/board.hpp"

#include "picokit/system_table.hpp"

#include <span>
#include <string>
#include <vector>

namespace tool {

/// Everything that is known before addresses are.
struct Inputs {
    const Board&                      board;
    const System&                     system;
    const ElfFile&                    kernel;
    const std::vector<LoadedProgram>& programs;        ///< in the order of system.pds
    const std::vector<Region>&        regions;         ///< in the order of system.regions
    bool                              own_tcb = false; ///< PDs get a capability to their thread
};

/// Bytes of the image. Page-aligned or, for a segment, at its offset into the page.
struct ImagePart {
    std::uint64_t              address = 0;
    std::span<const std::byte> data;
    std::string                label;
};

struct PdPlacement {
    std::vector<std::vector<Extent>> segments; ///< whole pages, in the order of the program's
    std::vector<Extent>              stack;
    std::uint64_t                    ipc_buffer = 0;
};

struct Placement {
    Extent                           image;       ///< from the load address, multiple of 4 KiB
    Extent                           kernel;      ///< all segments of the kernel
    Extent                           table;       ///< room of the system table
    Extent                           page_tables; ///< room of the page tables
    std::vector<PdPlacement>         pds;
    std::vector<std::vector<Extent>> regions; ///< empty: unused, has no memory
    std::vector<ImagePart>           parts;   ///< ascending by address
    std::vector<Extent>              clears;  ///< ascending by address
    std::vector<picokit::CopyEntry>  copies;
    std::uint64_t                    free_bytes = 0; ///< of RAM
};

/// Places everything; the same inputs give the same placement. `table_size` and
/// `page_table_pages` are the room to leave. Refuses what does not fit.
[[nodiscard]] Result<Placement> place(const Inputs& inputs, std::uint64_t table_size,
                                      std::uint64_t page_table_pages);

/// The memory that the kernel's segments occupy. Refuses, naming the kernel's file, a kernel that
/// is not linked for the board.
[[nodiscard]] Result<Extent> kernel_extent(const Board& board, const ElfFile& kernel);

/// Refuses explicit physical addresses that do not exist, are the kernel's, or overlap.
[[nodiscard]] std::vector<Diagnostic> check_fixed_regions(const Board& board, const System& system,
                                                          const std::vector<Region>& regions,
                                                          Extent                     kernel);

} // namespace tool
