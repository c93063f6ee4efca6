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
    prefetch,   ///< a hint: nothing happens, and nothing can fault
    exclusive,  ///< load and store exclusive, compare and swap, atomics: only memory can do that
};

/// Whose registers an instruction transfers.
enum class RegisterBank : std::uint8_t { general, vector };

/// One instruction that accesses memory.
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
    AccessSize                    size; ///< of each register's access; of half of it for 16 bytes
    bool                          sign_extend;
    bool                          wide;
    bool                          unprivileged; ///< LDTR, STTR: with the rights of EL0
    bool                          stores;       ///< writes memory, if only perhaps
    RegisterBank                  bank;
    unsigned                      unit; ///< bytes of each register: 1 to 16; 16 only of vectors

    [[nodiscard]] constexpr LoadTarget target(unsigned which) const
    {
        return {.reg = regs[which], .size = size, .sign_extend = sign_extend, .wide = wide};
    }
};

/// Decodes loads, stores and their pairs of general and vector registers in every addressing mode,
/// the ordered forms (LDAR, STLR, LDAPR, LDAPUR), unprivileged and unscaled ones, PRFM and DC ZVA;
/// exclusives, compare and swap, and atomics as what they are. Nothing for any other instruction.
[[nodiscard]] std::optional<MemoryInstruction> decode_memory_instruction(std::uint32_t word);

} // namespace vmm
