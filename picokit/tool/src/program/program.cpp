// SPDX-License-Identifier: BSD-2-Clause
// The programs of the protection domains, and writing into their variables.
#include "program/program.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace tool {

Result<LoadedProgram> load_program(const Program& program, const SearchPath& search)
{
    const auto    path  = TRY(search.find(program.path, "program image", program.where));
    auto          image = TRY(read_elf(path, program.where));
    LoadedProgram loaded{std::move(image), path.string()};
    if (program.path_for_symbols) {
        const auto other =
            TRY(search.find(*program.path_for_symbols, "file of symbols", program.where));
        auto symbols                  = TRY(read_elf_symbols(other, program.where));
        loaded.image.symbols          = std::move(symbols.symbols);
        loaded.image.has_symbol_table = symbols.has_symbol_table;
        loaded.symbols_name           = other.string();
    }
    if (!loaded.image.has_symbol_table) {
        return refuse(program.where, fmt::format("'{}' has no symbol table", loaded.symbols_name),
                      "do not strip it, or name an unstripped copy with path_for_symbols");
    }
    return loaded;
}

Result<> write_symbol(LoadedProgram& program, const std::string& symbol,
                      std::span<const std::byte> value, SymbolSize size, const Location& where)
{
    const auto& file        = program.symbols_name;
    const auto [first, end] = program.image.symbols.equal_range(symbol);
    if (first == end) {
        return refuse(where, fmt::format("symbol '{}' not found in '{}'", symbol, file),
                      symbol.starts_with("microkit_")
                          ? "link the program with libmicrokit.a"
                          : "define it as a global variable of 8 bytes, and keep it from being "
                            "optimised away");
    }
    if (std::next(first) != end) {
        return refuse(where, fmt::format("symbol '{}' occurs more than once in '{}'", symbol, file),
                      "rename all but one; local symbols count too");
    }
    const auto& found = first->second;
    if (size == SymbolSize::exact && found.size != value.size()) {
        return refuse(where,
                      fmt::format("symbol '{}' in '{}' has {} bytes, not {}", symbol, file,
                                  found.size, value.size()),
                      "declare it as a 64-bit variable, such as uint64_t or uintptr_t");
    }
    if (found.size < value.size()) {
        return refuse(where,
                      fmt::format("symbol '{}' in '{}' has {} bytes; {} are to be written", symbol,
                                  file, found.size, value.size()),
                      "link the program with the libmicrokit.a of this SDK");
    }
    auto* const segment = program.image.segment_of(found.address, found.size);
    if (segment == nullptr) {
        return refuse(where,
                      fmt::format("symbol '{}' at {:#x} is not in a loadable segment of '{}'",
                                  symbol, found.address, program.image.name),
                      program.symbols_name == program.image.name
                          ? "define it as a variable"
                          : fmt::format("'{}' must be of the same build", program.symbols_name));
    }
    const auto offset = static_cast<std::size_t>(found.address - segment->vaddr);
    // A variable in .bss becomes data.
    segment->data.resize(
        std::max(segment->data.size(), offset + static_cast<std::size_t>(found.size)));
    const auto target = segment->data.begin() + static_cast<std::ptrdiff_t>(offset);
    std::fill_n(target, found.size, std::byte{0});
    std::ranges::copy(value, target);
    return {};
}

Result<> write_symbol(LoadedProgram& program, const std::string& symbol, std::uint64_t value,
                      SymbolSize size, const Location& where)
{
    std::array<std::byte, 8> bytes;
    for (auto& byte : bytes) {
        byte = static_cast<std::byte>(value & 0xff);
        value >>= 8;
    }
    return write_symbol(program, symbol, bytes, size, where);
}

} // namespace tool
