// SPDX-License-Identifier: BSD-2-Clause
// The programs of the protection domains, and writing into their variables.
#pragma once

#include "program/elf_file.hpp"

#include <span>

namespace tool {

/// The ELF of one PD; its own copy, because its variables differ from those of others.
struct LoadedProgram {
    ElfFile     image;
    std::string symbols_name; ///< the file that the symbols came from
};

/// Loads `path` and, if given, the symbols of `path_for_symbols`. Refuses what read_elf refuses,
/// files that are not found, and a program without a symbol table.
[[nodiscard]] Result<LoadedProgram> load_program(const Program& program, const SearchPath& search);

/// How the size of a symbol must relate to what is written to it.
enum class SymbolSize : std::uint8_t { exact, at_least };

/// Writes `value` at a symbol, and zero to what is left of it. Refuses, at `where`, a symbol that
/// is missing, ambiguous, of the wrong size, or outside the loadable segments.
[[nodiscard]] Result<> write_symbol(LoadedProgram& program, const std::string& symbol,
                                    std::span<const std::byte> value, SymbolSize size,
                                    const Location& where);
[[nodiscard]] Result<> write_symbol(LoadedProgram& program, const std::string& symbol,
                                    std::uint64_t value, SymbolSize size, const Location& where);

} // namespace tool
