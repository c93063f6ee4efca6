// SPDX-License-Identifier: BSD-2-Clause
// Writes small ELF files for tests, right ones and wrong ones.
#pragma once

#include "files.hpp"

#include <cstdint>
#include <elf.h>
#include <string>
#include <vector>

namespace tool::test {

[[nodiscard]] Bytes bytes_of(std::string_view text);

class ElfBuilder {
public:
    ElfBuilder& segment(std::uint64_t vaddr, Bytes data, std::uint64_t memory_size,
                        std::uint32_t flags, std::uint32_t type = PT_LOAD);
    ElfBuilder& symbol(std::string name, std::uint64_t address, std::uint64_t size,
                       unsigned char binding = STB_GLOBAL);
    ElfBuilder& drop_symbol(std::string_view name);
    ElfBuilder& entry(std::uint64_t address);
    ElfBuilder& strip(); ///< no symbol table

    [[nodiscard]] Bytes build() const;

private:
    struct SegmentSpec {
        std::uint64_t vaddr;
        Bytes         data;
        std::uint64_t memory_size;
        std::uint32_t flags;
        std::uint32_t type;
    };
    struct SymbolSpec {
        std::string   name;
        std::uint64_t address;
        std::uint64_t size;
        unsigned char binding;
    };

    std::vector<SegmentSpec> segments_;
    std::vector<SymbolSpec>  symbols_;
    std::uint64_t            entry_    = 0;
    bool                     stripped_ = false;
};

/// Where pd_program() has its variables.
inline constexpr std::uint64_t k_text = 0x20'0000;
inline constexpr std::uint64_t k_data = 0x20'1000;
inline constexpr std::uint64_t k_bss  = 0x20'2000;

/// A program as libmicrokit makes it: code, the variables that the tool sets, and var_a, var_b,
/// var_c (8 bytes), var_4 (4 bytes), var_16 (16 bytes), var_bss (8 bytes in .bss).
[[nodiscard]] ElfBuilder pd_program();

/// A kernel for `load`: text, data with picokit_system_table, and three pages of .bss.
[[nodiscard]] ElfBuilder kernel_program(std::uint64_t load);

} // namespace tool::test
