// SPDX-License-Identifier: BSD-2-Clause
// What the tool needs of an ELF executable: segments with their bytes, the entry, the symbols.
#pragma once

#include "files.hpp"
#include "sdf/model.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace tool {

/// A PT_LOAD with a size in memory above zero.
struct Segment {
    std::uint64_t vaddr       = 0;
    std::uint64_t memory_size = 0;
    Permissions   permissions;
    Bytes         data; ///< at most memory_size bytes; the rest is zero

    /// The pages it touches.
    [[nodiscard]] std::uint64_t first_page() const;
    [[nodiscard]] std::uint64_t end_page() const;
};

struct Symbol {
    std::uint64_t address = 0;
    std::uint64_t size    = 0;
};

struct ElfFile {
    std::string          name; ///< for messages: as the description or command line has it
    std::uint64_t        entry = 0;
    std::vector<Segment> segments; ///< ascending by address
    /// Defined symbols, local ones too. Names can repeat.
    std::unordered_multimap<std::string, Symbol> symbols;
    bool                                         has_symbol_table = false;

    /// The segment that holds [address, address + size); null if none does.
    [[nodiscard]] Segment* segment_of(std::uint64_t address, std::uint64_t size);
};

/// Reads a 64-bit little-endian AArch64 ELF executable. Refuses, at `where` and naming the file,
/// anything else, a file without program headers, and segments that the file does not contain or
/// that share a page.
[[nodiscard]] Result<ElfFile> read_elf(const std::filesystem::path& path, const Location& where);

/// Reads only the symbol table, as for a separate file of symbols.
[[nodiscard]] Result<ElfFile> read_elf_symbols(const std::filesystem::path& path,
                                               const Location&              where);

} // namespace tool
