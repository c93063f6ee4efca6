// SPDX-License-Identifier: BSD-2-Clause
// A statically linked AArch64 program as a guest's kernel (System V ABI, chapters 4 and 5).
#pragma once

#include "base/address.hpp"
#include "base/fixed_vector.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace vmm {

/// A piece of an ELF program that goes to memory: its bytes, then zeros.
struct ElfSegment {
    base::GuestRange           memory; ///< by physical address
    std::span<const std::byte> bytes;  ///< not more than memory.size()
};

/// The program headers of an ELF file, checked.
struct ElfProgram {
    static constexpr std::size_t k_max_segments = 16;

    base::FixedVector<ElfSegment, k_max_segments> segments; ///< without empty ones
    base::GuestPhysical                           entry;    ///< in one of the segments
};

/// Whether the file has the magic number of an ELF file.
[[nodiscard]] bool is_elf(std::span<const std::byte> file);

/// Reads an ELF file. An entry point that is a virtual address is translated to the physical one.
/// Errors: a 32-bit, big-endian or foreign program, an object file, a dynamically linked program, a
/// cut-off or damaged file, segments that overlap each other, more than k_max_segments, an entry
/// point outside of them.
[[nodiscard]] base::Result<ElfProgram> read_elf(std::span<const std::byte> file);

} // namespace vmm
