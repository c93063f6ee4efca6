// SPDX-License-Identifier: BSD-2-Clause
// Decoding of loads and stores.
#include "vmm/instruction.hpp"

#include "arch/a64.hpp"

namespace vmm {
namespace {

using Bits = arch::A64LoadStore;

std::int64_t sign_extend(std::uint32_t value, unsigned width)
{
    const unsigned unused = 64 - width;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << unused) >> unused;
}

/// What all instructions have; `count` 1, no index register.
MemoryInstruction make(MemoryOperation operation, Addressing addressing, Bits bits,
                       std::int64_t offset, AccessSize size)
{
    return {.operation   = operation,
            .addressing  = addressing,
            .base        = bits.get<Bits::rn>(),
            .offset      = offset,
            .index       = 0,
            .extend      = Extend::lsl,
            .shift       = 0,
            .count       = 1,
            .regs        = {bits.get<Bits::rt>(), 0},
            .size        = size,
            .sign_extend = false,
            .wide        = size == AccessSize::double_word};
}

std::optional<MemoryInstruction> decode_pair(Bits bits)
{
    // opc: 0 two words, 1 LDPSW, 2 two double words, 3 none.
    const auto opc  = bits.get<Bits::size>();
    const bool load = bits.get<Bits::load>();
    const auto mode = bits.get<Bits::pair_mode>();
    if (opc == 3 || mode > 3 || (opc == 1 && (!load || mode == 0))) {
        return std::nullopt;
    }
    constexpr std::array k_modes = {Addressing::offset, Addressing::post_index, Addressing::offset,
                                    Addressing::pre_index};
    const auto           size    = opc == 2 ? AccessSize::double_word : AccessSize::word;
    const auto           offset  = sign_extend(bits.get<Bits::imm7>(), 7) * bytes(size);

    auto result  = make(load ? MemoryOperation::load : MemoryOperation::store, k_modes[mode], bits,
                       offset, size);
    result.count = 2;
    result.regs[1] = bits.get<Bits::rt2>();
    if (opc == 1) {
        result.sign_extend = true;
        result.wide        = true;
    }
    return result;
}

/// opc of single registers: 0 store, 1 load, 2 load with sign to 64 bits, 3 with sign to 32 bits.
std::optional<MemoryInstruction> finish_single(Bits bits, MemoryInstruction result)
{
    const auto opc = bits.get<Bits::opc>();
    if (opc == 0) {
        result.operation = MemoryOperation::store;
        return result;
    }
    if (opc >= 2 && result.size == AccessSize::double_word) {
        if (opc == 3) {
            return std::nullopt;
        }
        result.operation = MemoryOperation::prefetch;
        return result;
    }
    if (opc == 3 && result.size == AccessSize::word) {
        return std::nullopt;
    }
    result.sign_extend = opc >= 2;
    result.wide        = opc == 2 || result.size == AccessSize::double_word;
    return result;
}

std::optional<MemoryInstruction> decode_single(Bits bits)
{
    const auto size = static_cast<AccessSize>(bits.get<Bits::size>());
    if (bits.get<Bits::kind>() == 1) {
        const auto offset = static_cast<std::int64_t>(bits.get<Bits::imm12>()) * bytes(size);
        return finish_single(bits,
                             make(MemoryOperation::load, Addressing::offset, bits, offset, size));
    }
    if (bits.get<Bits::kind>() != 0) {
        return std::nullopt;
    }
    const auto mode = bits.get<Bits::mode>();
    if (!bits.get<Bits::bit21>()) {
        // 0 unscaled, 1 post-index, 2 unprivileged, 3 pre-index
        constexpr std::array k_modes = {Addressing::offset, Addressing::post_index,
                                        Addressing::offset, Addressing::pre_index};
        return finish_single(bits, make(MemoryOperation::load, k_modes[mode], bits,
                                        sign_extend(bits.get<Bits::imm9>(), 9), size));
    }
    if (mode != 2) {
        return std::nullopt; // atomics
    }
    const auto option = bits.get<Bits::option>();
    if ((option & 0b010) == 0) {
        return std::nullopt; // byte and half-word extensions do not exist here
    }
    auto result   = make(MemoryOperation::load, Addressing::reg_offset, bits, 0, size);
    result.index  = bits.get<Bits::rm>();
    result.extend = static_cast<Extend>(option);
    result.shift  = bits.get<Bits::s>() ? bits.get<Bits::size>() : std::uint8_t{0};
    return finish_single(bits, result);
}

std::optional<MemoryInstruction> decode_literal(Bits bits)
{
    const auto offset = sign_extend(bits.get<Bits::imm19>(), 19) * 4;
    const auto opc    = bits.get<Bits::size>(); // 0 word, 1 double word, 2 LDRSW, 3 PRFM
    if (bits.get<Bits::kind>() != 0) {
        return std::nullopt;
    }
    const auto size   = opc == 1 ? AccessSize::double_word : AccessSize::word;
    auto       result = make(opc == 3 ? MemoryOperation::prefetch : MemoryOperation::load,
                       Addressing::literal, bits, offset, size);
    result.sign_extend = opc == 2;
    result.wide        = opc != 0;
    return result;
}

std::optional<MemoryInstruction> decode_ordered(Bits bits)
{
    const arch::A64Ordered ordered{bits.raw()};
    if (bits.get<Bits::kind>() != 0 || !ordered.get<arch::A64Ordered::o2>() ||
        ordered.get<arch::A64Ordered::o1>()) {
        return std::nullopt; // exclusives, compare and swap
    }
    const auto size = static_cast<AccessSize>(bits.get<Bits::size>());
    return make(bits.get<Bits::load>() ? MemoryOperation::load : MemoryOperation::store,
                Addressing::offset, bits, 0, size);
}

} // namespace

std::optional<MemoryInstruction> decode_memory_instruction(std::uint32_t word)
{
    const Bits bits{word};
    if ((word & arch::k_dc_zva_mask) == arch::k_dc_zva) {
        auto result =
            make(MemoryOperation::zero_block, Addressing::offset, bits, 0, AccessSize::double_word);
        // The address is in Xt, where 31 is XZR and not SP as in a base.
        result.base    = 31;
        result.regs[0] = bits.get<Bits::rt>();
        return result;
    }
    if (bits.get<Bits::simd>()) {
        return std::nullopt;
    }
    switch (bits.get<Bits::group>()) {
    case 0b001:
        return decode_ordered(bits);
    case 0b011:
        return decode_literal(bits);
    case 0b101:
        return decode_pair(bits);
    case 0b111:
        return decode_single(bits);
    default:
        return std::nullopt;
    }
}

} // namespace vmm
