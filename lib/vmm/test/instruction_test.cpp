// SPDX-License-Identifier: BSD-2-Clause
// Loads and stores decoded. The words come from an assembler; each line shows its source.
#include "vmm/instruction.hpp"

#include <gtest/gtest.h>

namespace {

using vmm::AccessSize;
using vmm::Addressing;
using vmm::decode_memory_instruction;
using vmm::Extend;
using vmm::MemoryInstruction;
using vmm::MemoryOperation;

MemoryInstruction decoded(std::uint32_t word)
{
    const auto instruction = decode_memory_instruction(word);
    EXPECT_TRUE(instruction) << std::hex << word;
    return instruction.value_or(MemoryInstruction{});
}

TEST(Instruction, Pairs)
{
    auto i = decoded(0xa940'0440); // ldp x0, x1, [x2]
    EXPECT_EQ(i.operation, MemoryOperation::load);
    EXPECT_EQ(i.addressing, Addressing::offset);
    EXPECT_EQ(i.count, 2u);
    EXPECT_EQ(i.regs[0], 0);
    EXPECT_EQ(i.regs[1], 1);
    EXPECT_EQ(i.base, 2);
    EXPECT_EQ(i.size, AccessSize::double_word);

    i = decoded(0xa9bf'7bfd); // stp x29, x30, [sp, #-16]!
    EXPECT_EQ(i.operation, MemoryOperation::store);
    EXPECT_EQ(i.addressing, Addressing::pre_index);
    EXPECT_EQ(i.offset, -16);
    EXPECT_EQ(i.base, 31);

    i = decoded(0x28c1'0c82); // ldp w2, w3, [x4], #8
    EXPECT_EQ(i.addressing, Addressing::post_index);
    EXPECT_EQ(i.size, AccessSize::word);
    EXPECT_EQ(i.offset, 8);
    EXPECT_FALSE(i.sign_extend);

    i = decoded(0x6940'1885); // ldpsw x5, x6, [x4]
    EXPECT_TRUE(i.sign_extend);
    EXPECT_TRUE(i.wide);
    EXPECT_EQ(i.size, AccessSize::word);

    i = decoded(0xa840'0440); // ldnp x0, x1, [x2]
    EXPECT_EQ(i.addressing, Addressing::offset);
}

TEST(Instruction, SinglesWithEveryAddressing)
{
    auto i = decoded(0xb840'4420); // ldr w0, [x1], #4
    EXPECT_EQ(i.addressing, Addressing::post_index);
    EXPECT_EQ(i.offset, 4);
    EXPECT_EQ(i.size, AccessSize::word);

    i = decoded(0xf81f'8c41); // str x1, [x2, #-8]!
    EXPECT_EQ(i.operation, MemoryOperation::store);
    EXPECT_EQ(i.addressing, Addressing::pre_index);
    EXPECT_EQ(i.offset, -8);

    i = decoded(0xf940'0c20); // ldr x0, [x1, #24]
    EXPECT_EQ(i.addressing, Addressing::offset);
    EXPECT_EQ(i.offset, 24);

    i = decoded(0x385f'f020); // ldurb w0, [x1, #-1]
    EXPECT_EQ(i.size, AccessSize::byte);
    EXPECT_EQ(i.offset, -1);

    i = decoded(0xb840'0820); // ldtr w0, [x1]
    EXPECT_EQ(i.addressing, Addressing::offset);

    i = decoded(0xb862'd820); // ldr w0, [x1, w2, sxtw #2]
    EXPECT_EQ(i.addressing, Addressing::reg_offset);
    EXPECT_EQ(i.index, 2);
    EXPECT_EQ(i.extend, Extend::sxtw);
    EXPECT_EQ(i.shift, 2);

    i = decoded(0x5800'0040); // ldr x0, .+8
    EXPECT_EQ(i.addressing, Addressing::literal);
    EXPECT_EQ(i.offset, 8);
    EXPECT_EQ(i.size, AccessSize::double_word);
}

TEST(Instruction, Signs)
{
    auto i = decoded(0x39c0'0020); // ldrsb w0, [x1]
    EXPECT_TRUE(i.sign_extend);
    EXPECT_FALSE(i.wide);
    i = decoded(0x3980'0020); // ldrsb x0, [x1]
    EXPECT_TRUE(i.wide);
    i = decoded(0xb980'0020); // ldrsw x0, [x1]
    EXPECT_TRUE(i.sign_extend);
    EXPECT_EQ(i.size, AccessSize::word);
}

TEST(Instruction, OrderedHintsAndBlocks)
{
    EXPECT_EQ(decoded(0x88df'fc20).operation, MemoryOperation::load);     // ldar w0, [x1]
    EXPECT_EQ(decoded(0xc89f'fc20).operation, MemoryOperation::store);    // stlr x0, [x1]
    EXPECT_EQ(decoded(0xf980'0020).operation, MemoryOperation::prefetch); // prfm pldl1keep, [x1]
    const auto zva = decoded(0xd50b'7423);                                // dc zva, x3
    EXPECT_EQ(zva.operation, MemoryOperation::zero_block);
    EXPECT_EQ(zva.regs[0], 3);
}

TEST(Instruction, VectorRegisters)
{
    struct {
        std::uint32_t   word;
        MemoryOperation operation;
        Addressing      addressing;
        unsigned        unit;
        unsigned        count;
        std::int64_t    offset;
    } const k_cases[] = {
        {0x3dc0'0020, MemoryOperation::load, Addressing::offset, 16, 1, 0},     // ldr q0, [x1]
        {0x3d80'0420, MemoryOperation::store, Addressing::offset, 16, 1, 16},   // str q0, [x1, #16]
        {0xfd40'0420, MemoryOperation::load, Addressing::offset, 8, 1, 8},      // ldr d0, [x1, #8]
        {0xbc00'4420, MemoryOperation::store, Addressing::post_index, 4, 1, 4}, // str s0, [x1], #4
        {0x7c5f'ec20, MemoryOperation::load, Addressing::pre_index, 2, 1, -2}, // ldr h0, [x1, #-2]!
        {0x3d40'0c20, MemoryOperation::load, Addressing::offset, 1, 1, 3},     // ldr b0, [x1, #3]
        {0x3ce2'7820, MemoryOperation::load, Addressing::reg_offset, 16, 1,
         0}, // ldr q0, [x1, x2, lsl #4]
        {0xad40'8440, MemoryOperation::load, Addressing::offset, 16, 2,
         16},                                                               // ldp q0, q1, [x2, #16]
        {0x6d00'0440, MemoryOperation::store, Addressing::offset, 8, 2, 0}, // stp d0, d1, [x2]
        {0x2cc1'0440, MemoryOperation::load, Addressing::post_index, 4, 2,
         8},                                                                 // ldp s0, s1, [x2], #8
        {0x9c00'0040, MemoryOperation::load, Addressing::literal, 16, 1, 8}, // ldr q0, .+8
        {0x1c00'0040, MemoryOperation::load, Addressing::literal, 4, 1, 8},  // ldr s0, .+8
    };
    for (const auto& expected : k_cases) {
        const auto i = decoded(expected.word);
        EXPECT_EQ(i.operation, expected.operation) << std::hex << expected.word;
        EXPECT_EQ(i.addressing, expected.addressing) << std::hex << expected.word;
        EXPECT_EQ(i.unit, expected.unit) << std::hex << expected.word;
        EXPECT_EQ(i.count, expected.count) << std::hex << expected.word;
        EXPECT_EQ(i.offset, expected.offset) << std::hex << expected.word;
        EXPECT_EQ(i.bank, vmm::RegisterBank::vector);
        EXPECT_EQ(i.stores, expected.operation == MemoryOperation::store);
    }
    EXPECT_EQ(decoded(0x3ce2'7820).shift, 4);
}

TEST(Instruction, WhatOnlyMemoryCanDo)
{
    for (const std::uint32_t word : {
             0x885f'7c20U, // ldxr w0, [x1]
             0xc85f'fc20U, // ldaxr x0, [x1]
             0x8802'7c20U, // stxr w2, w0, [x1]
             0xc87f'0820U, // ldxp x0, x2, [x1]
             0xc823'0820U, // stxp w3, x0, x2, [x1]
             0xb822'0020U, // ldadd w2, w0, [x1]
             0xf822'8020U, // swp x2, x0, [x1]
             0x88a2'7c20U, // cas w2, w0, [x1]
             0x4822'7c20U, // casp x2, x3, x0, x1, [x1]
         }) {
        EXPECT_EQ(decoded(word).operation, MemoryOperation::exclusive) << std::hex << word;
    }
    EXPECT_FALSE(decoded(0x885f'7c20).stores);
    EXPECT_TRUE(decoded(0x8802'7c20).stores);
    EXPECT_TRUE(decoded(0xb822'0020).stores);
    EXPECT_EQ(decoded(0xc87f'0820).count * decoded(0xc87f'0820).unit, 16u);
    EXPECT_EQ(decoded(0x4822'7c20).count * decoded(0x4822'7c20).unit, 16u);
}

TEST(Instruction, LaterLoadsAndRights)
{
    EXPECT_EQ(decoded(0xb8bf'c020).operation, MemoryOperation::load); // ldapr w0, [x1]
    EXPECT_EQ(decoded(0x995f'c020).operation, MemoryOperation::load); // ldapur w0, [x1, #-4]
    EXPECT_EQ(decoded(0x995f'c020).offset, -4);
    EXPECT_EQ(decoded(0xd900'8020).operation, MemoryOperation::store); // stlur x0, [x1, #8]
    EXPECT_TRUE(decoded(0xb840'4820).unprivileged);                    // ldtr w0, [x1, #4]
    EXPECT_TRUE(decoded(0xf800'0820).unprivileged);                    // sttr x0, [x1]
    EXPECT_FALSE(decoded(0xb840'4020).unprivileged);                   // ldur w0, [x1, #4]
}

TEST(Instruction, WhatIsUnknown)
{
    for (const std::uint32_t word : {
             0x4c40'7820U, // ld1 {v0.4s}, [x1]
             0xf820'0420U, // ldraa x0, [x1]: authenticated
             0x6900'0440U, // stgp: with tags
             0xd920'0420U, // stg
             0xbd80'0020U, // vector, size 2 with opc 2
             0x9100'0420U, // add x1, x1, #1
             0xd503'201fU, // nop
             0x0000'0000U,
             0xffff'ffffU,
         }) {
        EXPECT_FALSE(decode_memory_instruction(word)) << std::hex << word;
    }
}

TEST(Instruction, AnyWordIsSafe)
{
    std::uint32_t word = 1;
    for (unsigned i = 0; i < 2'000'000; ++i) {
        word = word * 1664525 + 1013904223;
        if (const auto instruction = decode_memory_instruction(word)) {
            ASSERT_LE(instruction->count, 2u);
            ASSERT_LE(vmm::bytes(instruction->size), 8u);
            ASSERT_LE(instruction->unit, 16u);
            ASSERT_TRUE(
                instruction->unit == vmm::bytes(instruction->size) ||
                (instruction->unit == 16 && instruction->bank == vmm::RegisterBank::vector));
        }
    }
}

} // namespace
