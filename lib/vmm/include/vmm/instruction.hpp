// SPDX-License-Identifier: BSD-2-Clause
// A64 loads and stores (Arm ARM DDI 0487, C4.1.66) as data, for accesses whose syndrome says
// nothing.
#pragma once

#include "vmm/exit.hpp"
#include "vmm/types.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace vmm {

/// How the address is made of the base register.
enum class Addressing : std::uint8_t {
    offset,     ///< base + offset
    pre_index,  ///< base + offset, which also becomes the base
    post_index, ///< base; afterwards base + offset becomes the base
    literal,    ///< pc + offset
    reg_offset, ///< base + (extended index register << shift)
};

/// How an index register is extended (DDI 0487, "ExtendReg").
enum class Extend : std::uint8_t { uxtw = 2, lsl = 3, sxtw = 6, sxtx = 7 };

enum class MemoryOperation : std::uint8_t {
    load,
    store,
    zero_block, ///< DC ZVA: zeroes the block of DCZID_EL0 that holds the address in the base
    prefetch,   ///< a hint: nothing happens
};

/// One instruction that accesses memory through general registers.
struct MemoryInstruction {
    MemoryOperation               operation;
    Addressing                    addressing;
    RegisterNumber                base; ///< 31 is SP
    std::int64_t                  offset;
    RegisterNumber                index;  ///< reg_offset only
    Extend                        extend; ///< reg_offset only
    std::uint8_t                  shift;  ///< reg_offset only
    unsigned                      count;  ///< registers: 1, or 2 for pairs
    std::array<RegisterNumber, 2> regs;
    AccessSize                    size; ///< of each register's access
    bool                          sign_extend;
    bool                          wide;

    [[nodiscard]] constexpr LoadTarget target(unsigned which) const
    {
        return {.reg = regs[which], .size = size, .sign_extend = sign_extend, .wide = wide};
    }
};

/// Decodes loads, stores and their pairs of general registers in every addressing mode, the ordered
/// forms (LDAR, STLR), unprivileged and unscaled ones, PRFM and DC ZVA. Nothing for any other
/// instruction: SIMD registers, exclusives and atomics, for which a device is no partner.
[[nodiscard]] std::optional<MemoryInstruction> decode_memory_instruction(std::uint32_t word);

} // namespace vmm
