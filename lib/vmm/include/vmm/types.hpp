// SPDX-License-Identifier: BSD-2-Clause
// Words that every part of a machine uses.
#pragma once

#include <cstdint>

namespace vmm {

/// Number of a virtual CPU inside its machine: 0 … vcpus - 1.
using VcpuId = unsigned;

/// What a machine can be given at most; storage is sized by it.
inline constexpr unsigned k_max_vcpus = 16;

enum class GicVersion : std::uint8_t { v2, v3 };

/// Bytes that the PC moves by when an instruction was done for the guest (A64 knows no others).
inline constexpr std::uint64_t k_instruction_size = 4;

/// Width of a memory access.
enum class AccessSize : std::uint8_t { byte = 0, half = 1, word = 2, double_word = 3 };

[[nodiscard]] constexpr unsigned bytes(AccessSize size)
{
    return 1U << static_cast<unsigned>(size);
}

} // namespace vmm
