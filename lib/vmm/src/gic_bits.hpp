// SPDX-License-Identifier: BSD-2-Clause
// Small words about bit sets, shared by the files of the virtual GIC.
#pragma once

#include <bit>
#include <cstdint>

namespace vmm {

/// The interrupts that a CPU sends to another one: INTIDs 0 to 15.
inline constexpr std::uint32_t k_sgis = 0xffff;

[[nodiscard]] constexpr unsigned lowest(std::uint64_t bits)
{
    return static_cast<unsigned>(std::countr_zero(bits));
}

/// At most one bit.
[[nodiscard]] constexpr bool is_single(std::uint64_t bits) { return (bits & (bits - 1)) == 0; }

[[nodiscard]] constexpr std::uint64_t register_bit(unsigned index)
{
    return std::uint64_t{1} << index;
}

/// An interrupt's bit in its word of 32.
[[nodiscard]] constexpr std::uint32_t intid_bit(std::uint32_t intid)
{
    return std::uint32_t{1} << (intid % 32);
}

} // namespace vmm
