// SPDX-License-Identifier: BSD-2-Clause
// How large a program is, by what its bytes are for.
#pragma once

#include "qemu/process.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace bench {

using qemu::Result;

struct Sizes {
    std::uint64_t text      = 0; ///< sections with instructions
    std::uint64_t read_only = 0; ///< without a VMM's guest images
    std::uint64_t data      = 0; ///< writable, .bss included
    std::uint64_t images    = 0; ///< guest images inside a VMM
};

/// Of an ELF program; the error names the file.
[[nodiscard]] Result<Sizes> program_sizes(const std::filesystem::path& program);

/// Of a symbol in an ELF program. The error says that there is none.
[[nodiscard]] Result<std::uint64_t> symbol_address(const std::filesystem::path& program,
                                                   std::string_view             name);

} // namespace bench
