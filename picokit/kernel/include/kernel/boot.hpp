// SPDX-License-Identifier: BSD-2-Clause
// What boot.S and the C++ code want of each other.
#pragma once

#include "kernel/cores.hpp"
#include "picokit/system_table.hpp"

#include <array>
#include <cstdint>

namespace kernel {

/// Root of the first translation tables (boot_map.cpp).
struct alignas(4096) BootMap {
    std::array<const unsigned char*, 512> entries{};
};
extern "C" const BootMap picokit_boot_map;

/// Address of the system table; the tool writes it into the kernel's ELF file.
extern "C" const std::uint64_t picokit_system_table;

extern "C" {
/// Zeroes [start, end), multiples of 4 KiB, down to the point of coherency.
void clear_and_clean_range(std::uint64_t start, std::uint64_t end);
/// Copies `size` bytes, a multiple of 16; the copy may be executed.
void copy_range(std::uint64_t to, std::uint64_t from, std::uint64_t size);

/// With the first map: what the table wants cleared and copied.
void picokit_prepare_memory();
/// With the kernel's own map: everything else. Returns the first thread to run.
Thread* picokit_boot(Core& core);
/// At EL3 only: lets non-secure code have the GIC.
void picokit_boot_el3_gic();
}

} // namespace kernel
