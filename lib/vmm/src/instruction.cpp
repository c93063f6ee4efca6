// SPDX-License-Identifier: BSD-2-Clause
// Decoding of loads and stores.
#include "vmm/instruction.hpp"

#include "arch/a64.hpp"

#include <algorithm>
#include <bit>

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
    return {.operation    = operation,
            .addressing   = addressing,
            .base         = bits.get<Bits::rn>(),
            .offset       = offset,
            .index        = 0,
            .extend       = Extend::lsl,
            .shift        = 0,
            .count        = 1,
            .regs         = {bits.get<Bits::rt>(), 0},
            .size         = size,
            .sign_extend  = false,
            .wide         = size == AccessSize::double_word,
            .unprivileged = false,
            .stores       = operation == MemoryOperation::store,
            .bank         = RegisterBank::general,
            .unit         = bytes(size)};
}

/// The same for vector registers of `unit` bytes.
MemoryInstruction make_vector(MemoryOperation operation, Addressing addressing, Bits bits,
                              std::int64_t offset, unsigned log2_unit)
{
    constexpr unsigned k_largest = 3;

    const auto size   = static_cast<AccessSize>(std::min(log2_unit, k_largest));
    auto       result = make(operation, addressing, bits, offset, size);
    result.bank       = RegisterBank::vector;
    result.unit       = 1U << log2_unit;
    return result;
}

std::optional<MemoryInstruction> decode_pair(Bits bits)
{
    // opc of general registers: 0 two words, 1 LDPSW, 2 two double words; of vectors 4, 8, 16
    // bytes. 3 is none (STGP, with tags, is opc 1).
    const auto opc    = bits.get<Bits::size>();
    const bool load   = bits.get<Bits::load>();
    const bool vector = bits.get<Bits::simd>();
    const auto mode   = bits.get<Bits::pair_mode>();
    if (opc == 3 || mode > 3 || (!vector && opc == 1 && (!load || mode == 0))) {
        return std::nullopt;
    }
    constexpr std::array k_modes = {Addressing::offset, Addressing::post_index, Addressing::offset,
                                    Addressing::pre_index};

    const auto operation = load ? MemoryOperation::load : MemoryOperation::store;
    const auto size      = opc == 2 ? AccessSize::double_word : AccessSize::word;
    auto       result    = vector ? make_vector(operation, k_modes[mode], bits, 0, opc + 2U)
                                  : make(operation, k_modes[mode], bits, 0, size);
    result.offset        = sign_extend(bits.get<Bits::imm7>(), 7) * result.unit;
    result.count         = 2;
    result.regs[1]       = bits.get<Bits::rt2>();
    if (!vector && opc == 1) {
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
        result.stores    = true;
        return result;
    }
    if (opc >= 2 && result.size == AccessSize::double_word) {
        if (opc == 3 || result.unprivileged) {
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

/// Addressing of single registers; operation and size are as `result` has them.
std::optional<MemoryInstruction> finish_addressing(Bits bits, MemoryInstruction result)
{
    const auto log2_unit = static_cast<std::uint8_t>(std::countr_zero(result.unit));
    if (bits.get<Bits::kind>() == 1) {
        result.addressing = Addressing::offset;
        result.offset     = static_cast<std::int64_t>(bits.get<Bits::imm12>()) << log2_unit;
        return result;
    }
    const auto mode = bits.get<Bits::mode>();
    if (!bits.get<Bits::bit21>()) {
        // 0 unscaled, 1 post-index, 2 unprivileged, 3 pre-index
        constexpr std::array k_modes = {Addressing::offset, Addressing::post_index,
                                        Addressing::offset, Addressing::pre_index};
        result.addressing            = k_modes[mode];
        result.offset                = sign_extend(bits.get<Bits::imm9>(), 9);
        result.unprivileged          = mode == 2;
        if (result.unprivileged && result.bank == RegisterBank::vector) {
            return std::nullopt;
        }
        return result;
    }
    const auto option = bits.get<Bits::option>();
    if (mode != 2 || (option & 0b010) == 0) {
        return std::nullopt; // byte and half-word extensions do not exist here
    }
    result.addressing = Addressing::reg_offset;
    result.index      = bits.get<Bits::rm>();
    result.extend     = static_cast<Extend>(option);
    result.shift      = bits.get<Bits::s>() ? log2_unit : std::uint8_t{0};
    return result;
}

/// An instruction that only memory can answer. Which of load and store faulted is not known.
MemoryInstruction make_exclusive(Bits bits, bool stores)
{
    auto result   = make(MemoryOperation::exclusive, Addressing::offset, bits, 0,
                         static_cast<AccessSize>(bits.get<Bits::size>()));
    result.stores = stores;
    return result;
}

std::optional<MemoryInstruction> decode_single(Bits bits)
{
    if (bits.get<Bits::kind>() > 1) {
        return std::nullopt;
    }
    const auto size   = bits.get<Bits::size>();
    const bool vector = bits.get<Bits::simd>();
    if (bits.get<Bits::kind>() == 0 && bits.get<Bits::bit21>() && bits.get<Bits::mode>() == 0) {
        if (vector) {
            return std::nullopt;
        }
        if ((bits.raw() & arch::k_ldapr_mask) == arch::k_ldapr) {
            return make(MemoryOperation::load, Addressing::offset, bits, 0,
                        static_cast<AccessSize>(size));
        }
        return make_exclusive(bits, true); // LDADD, SWP, …
    }
    if (!vector) {
        const auto result = finish_addressing(bits, make(MemoryOperation::load, Addressing::offset,
                                                         bits, 0, static_cast<AccessSize>(size)));
        return result ? finish_single(bits, *result) : std::nullopt;
    }
    // opc: bit 0 load, bit 1 sixteen bytes, which have size 0.
    const auto opc = bits.get<Bits::opc>();
    if (opc >= 2 && size != 0) {
        return std::nullopt;
    }
    const auto operation = (opc & 1) != 0 ? MemoryOperation::load : MemoryOperation::store;
    return finish_addressing(
        bits, make_vector(operation, Addressing::offset, bits, 0, opc >= 2 ? 4U : size));
}

/// Literals, and in the same group LDAPUR and STLUR.
std::optional<MemoryInstruction> decode_literal(Bits bits)
{
    const auto         size          = bits.get<Bits::size>();
    const bool         vector        = bits.get<Bits::simd>();
    constexpr unsigned k_double_word = 3;
    if (bits.get<Bits::kind>() == 1 && !vector && !bits.get<Bits::bit21>() &&
        bits.get<Bits::mode>() == 0 && (size != k_double_word || bits.get<Bits::opc>() < 2)) {
        return finish_single(bits, make(MemoryOperation::load, Addressing::offset, bits,
                                        sign_extend(bits.get<Bits::imm9>(), 9),
                                        static_cast<AccessSize>(size)));
    }
    if (bits.get<Bits::kind>() != 0) {
        return std::nullopt;
    }
    const auto offset = sign_extend(bits.get<Bits::imm19>(), 19) * 4;
    if (vector) {
        // size: 0, 1, 2 mean 4, 8, 16 bytes
        return size == 3 ? std::nullopt
                         : std::optional{make_vector(MemoryOperation::load, Addressing::literal,
                                                     bits, offset, size + 2U)};
    }
    // size: 0 word, 1 double word, 2 LDRSW, 3 PRFM
    auto result =
        make(size == 3 ? MemoryOperation::prefetch : MemoryOperation::load, Addressing::literal,
             bits, offset, size == 1 ? AccessSize::double_word : AccessSize::word);
    result.sign_extend = size == 2;
    result.wide        = size != 0;
    return result;
}

std::optional<MemoryInstruction> decode_ordered(Bits bits)
{
    if (bits.get<Bits::kind>() != 0 || bits.get<Bits::simd>()) {
        return std::nullopt; // LD1 to LD4 and their kin
    }
    const arch::A64Ordered ordered{bits.raw()};
    const bool             load = bits.get<Bits::load>();
    if (ordered.get<arch::A64Ordered::o2>() && !ordered.get<arch::A64Ordered::o1>()) {
        return make(load ? MemoryOperation::load : MemoryOperation::store, Addressing::offset, bits,
                    0, static_cast<AccessSize>(bits.get<Bits::size>()));
    }
    const bool swaps = ordered.get<arch::A64Ordered::o1>() &&
                       (ordered.get<arch::A64Ordered::o2>() || bits.get<Bits::size>() < 2);
    auto result = make_exclusive(bits, swaps || !load);
    if (ordered.get<arch::A64Ordered::o1>() && !ordered.get<arch::A64Ordered::o2>()) {
        result.count = 2; // LDXP, STXP, CASP; of CASP the lower bit of `size` is the register's
        result.size =
            (bits.get<Bits::size>() & 1) != 0 ? AccessSize::double_word : AccessSize::word;
        result.unit = bytes(result.size);
    }
    return result;
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
        result.stores  = true;
        return result;
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
