// SPDX-License-Identifier: BSD-2-Clause
// An A64 instruction in words, for reports: what accesses memory, and what else stops a guest.
#pragma once

#include "base/print.hpp"

#include <cstdint>

namespace vmm {

/// Prints the instruction nearly as an assembler takes it, "ldr w0, [x1, #24]"; one that is neither
/// a load, a store, nor one of exceptions, hints and system registers as ".inst 0x…".
void print_instruction(base::Sink sink, std::uint32_t word);

} // namespace vmm
