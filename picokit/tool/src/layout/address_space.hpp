// SPDX-License-Identifier: BSD-2-Clause
// The virtual side of the layout: where things are in a PD or a guest, and what may not collide.
#pragma once

#include "layout/regions.hpp"
#include "program/program.hpp"
#include "sdk/board.hpp"

#include <cstdint>

namespace tool {

/// Fixed places at the top of a PD's address space (40 bits).
inline constexpr std::uint64_t k_address_limit = std::uint64_t{1} << 40;
inline constexpr std::uint64_t k_ipc_buffer    = k_address_limit - 0x1000;
inline constexpr std::uint64_t k_stack_top     = k_ipc_buffer - 0x1000; ///< below a guard page

[[nodiscard]] constexpr std::uint64_t stack_bottom(const ProtectionDomain& pd)
{
    return k_stack_top - pd.stack_size;
}

/// Refuses a program that needs more memory than the board has, before anybody makes room for it.
[[nodiscard]] Result<> check_program_size(const Board& board, const ProtectionDomain& pd,
                                          const LoadedProgram& program);

/// Checks alignment, limits and overlaps of all maps and of the segments of all programs.
[[nodiscard]] std::vector<Diagnostic>
check_address_spaces(const System& system, const std::vector<Region>& regions,
                     const std::vector<LoadedProgram>& programs);

} // namespace tool
