// SPDX-License-Identifier: BSD-2-Clause
// What each register reads after reset, and which of its bits can be set.
#include "gic_fake.hpp"

#include "arch/gicd.hpp"
#include "arch/gicr.hpp"

namespace vmm_test {
namespace {

// What a word reads after reset, after all ones, and after all zeroes: the bits that exist.
struct Word {
    std::uint64_t offset;
    std::uint32_t reset, ones, zeroes;
};

void check_words(FakeMachine& machine, GicFrame frame, std::uint64_t base,
                 std::initializer_list<Word> words)
{
    for (const auto& word : words) {
        SCOPED_TRACE(testing::Message() << "offset " << std::hex << word.offset);
        const auto at = base + word.offset;
        EXPECT_EQ(machine.gic.read(0, frame, at, 4), word.reset);
        machine.gic.write(0, frame, at, 4, 0xffff'ffff);
        EXPECT_EQ(machine.gic.read(0, frame, at, 4), word.ones);
        machine.gic.write(0, frame, at, 4, 0);
        EXPECT_EQ(machine.gic.read(0, frame, at, 4), word.zeroes);
    }
}

TEST(GicRegisters, ResetValuesAndImplementedBitsOfGicV2)
{
    FakeMachine machine{{GicVersion::v2, 2, 48, 4}}; // INTIDs 0 … 79: the last word is half there
    check_words(machine, GicFrame::distributor, 0,
                {
                    {CTLR, 0, 3, 0},
                    {TYPER, 0x22, 0x22, 0x22},
                    {IIDR, 0x43b, 0x43b, 0x43b},
                    {IGROUPR, 0, ~0U, 0},
                    {IGROUPR + 4, 0, ~0U, 0},
                    {IGROUPR + 8, 0, 0xffff, 0},
                    {IGROUPR + 12, 0, 0, 0},
                    {ISENABLER, 0xffff, ~0U, ~0U},
                    {ISENABLER + 4, 0, ~0U, ~0U},
                    {ISENABLER + 8, 0, 0xffff, 0xffff},
                    {ISENABLER + 12, 0, 0, 0},
                    {ICENABLER, ~0U, 0xffff, 0xffff},
                    {ICENABLER + 4, ~0U, 0, 0},
                    {ICENABLER + 8, 0xffff, 0, 0},
                    {ISPENDR, 0, 0xffff'0000, 0xffff'0000},
                    {ISPENDR + 4, 0, ~0U, ~0U},
                    {ISPENDR + 8, 0, 0xffff, 0xffff},
                    {ISPENDR + 0x7c, 0, 0, 0},
                    {ICPENDR, 0xffff'0000, 0, 0},
                    {ICPENDR + 4, ~0U, 0, 0},
                    {ICPENDR + 8, 0xffff, 0, 0},
                    {ISACTIVER, 0, ~0U, ~0U},
                    {ISACTIVER + 8, 0, 0xffff, 0xffff},
                    {ICACTIVER, ~0U, 0, 0},
                    {ICACTIVER + 8, 0xffff, 0, 0},
                    {IPRIORITYR, 0, 0xf8f8'f8f8, 0},
                    {IPRIORITYR + 76, 0, 0xf8f8'f8f8, 0},
                    {IPRIORITYR + 80, 0, 0, 0},
                    {IPRIORITYR + 1016, 0, 0, 0},
                    {ITARGETSR, 0x0101'0101, 0x0101'0101, 0x0101'0101},
                    {ITARGETSR + 28, 0x0101'0101, 0x0101'0101, 0x0101'0101},
                    {ITARGETSR + 32, 0, 0x0303'0303, 0},
                    {ITARGETSR + 80, 0, 0, 0},
                    {ICFGR, 0xaaaa'aaaa, 0xaaaa'aaaa, 0xaaaa'aaaa},
                    {ICFGR + 4, 0, 0xaaaa'aaaa, 0},
                    {ICFGR + 8, 0, 0xaaaa'aaaa, 0},
                    {ICFGR + 16, 0, 0xaaaa'aaaa, 0},
                    {ICFGR + 20, 0, 0, 0},
                    {0xe00, 0, 0, 0},
                    {SGIR, 0, 0, 0},
                    {SPENDSGIR, 0, 0x0303'0303, 0x0303'0303},
                    {CPENDSGIR, 0x0303'0303, 0, 0},
                    {0xfd0, 0x04, 0x04, 0x04},
                    {0xfd4, 0, 0, 0},
                    {0xfe0, 0x90, 0x90, 0x90},
                    {0xfe4, 0xb4, 0xb4, 0xb4},
                    {0xfe8, 0x2b, 0x2b, 0x2b}, // ArchRev 2
                    {0xfec, 0, 0, 0},
                    {0xff0, 0x0d, 0x0d, 0x0d},
                    {0xff4, 0xf0, 0xf0, 0xf0},
                    {0xff8, 0x05, 0x05, 0x05},
                    {0xffc, 0xb1, 0xb1, 0xb1},
                });
}

TEST(GicRegisters, ResetValuesAndImplementedBitsOfGicV3)
{
    FakeMachine machine{{GicVersion::v3, 2, 988, 4}}; // INTIDs to 1019
    check_words(machine, GicFrame::distributor, 0,
                {
                    {CTLR, 0x50, 0x53, 0x50}, // ARE and DS always one
                    {TYPER, 0x0149'001f, 0x0149'001f, 0x0149'001f},
                    {IIDR, 0x43b, 0x43b, 0x43b},
                    {0x0c, 0, 0, 0},
                    {0x10, 0, 0, 0},
                    {IGROUPR, 0, 0, 0},
                    {IGROUPR + 4, 0, ~0U, 0},
                    {IGROUPR + 0x7c, 0, 0x0fff'ffff, 0},
                    {ISENABLER, 0, 0, 0},
                    {ISENABLER + 0x7c, 0, 0x0fff'ffff, 0x0fff'ffff},
                    {ICENABLER, 0, 0, 0},
                    {ICENABLER + 0x7c, 0x0fff'ffff, 0, 0},
                    {ISPENDR, 0, 0, 0},
                    {ISPENDR + 4, 0, ~0U, ~0U},
                    {ICPENDR + 4, ~0U, 0, 0},
                    {ISACTIVER + 4, 0, ~0U, ~0U},
                    {ICACTIVER + 4, ~0U, 0, 0},
                    {IPRIORITYR, 0, 0, 0},
                    {IPRIORITYR + 28, 0, 0, 0},
                    {IPRIORITYR + 32, 0, 0xf8f8'f8f8, 0},
                    {IPRIORITYR + 1016, 0, 0xf8f8'f8f8, 0},
                    {ITARGETSR + 32, 0, 0, 0},
                    {ICFGR, 0, 0, 0},
                    {ICFGR + 4, 0, 0, 0},
                    {ICFGR + 8, 0, 0xaaaa'aaaa, 0},
                    {ICFGR + 0xfc, 0, 0x00aa'aaaa, 0},
                    {0xd00, 0, 0, 0},
                    {0xe00, 0, 0, 0},
                    {SGIR, 0, 0, 0},
                    {SPENDSGIR, 0, 0, 0},
                    {CPENDSGIR, 0, 0, 0},
                    {IROUTER + 8 * 32, 0, 0x80ff'ffff, 0},
                    {IROUTER + 8 * 32 + 4, 0, 0xff, 0},
                    {IROUTER + 8 * 1019, 0, 0x80ff'ffff, 0},
                    {IROUTER + 8 * 1019 + 4, 0, 0xff, 0},
                    {0xffd0, 0x44, 0x44, 0x44},
                    {0xffe0, 0x92, 0x92, 0x92},
                    {0xffe4, 0xb4, 0xb4, 0xb4},
                    {0xffe8, 0x3b, 0x3b, 0x3b}, // ArchRev 3
                    {0xfff0, 0x0d, 0x0d, 0x0d},
                    {0xfff4, 0xf0, 0xf0, 0xf0},
                    {0xfff8, 0x05, 0x05, 0x05},
                    {0xfffc, 0xb1, 0xb1, 0xb1},
                });
    for (VcpuId vcpu = 0; vcpu < 2; ++vcpu) {
        const auto typer = vcpu == 0 ? 0x000U : 0x110U; // number in 23 … 8, Last in 4
        check_words(machine, GicFrame::redistributor, vcpu * vmm::k_gic_redistributor_stride,
                    {
                        {0x0, 0, 0, 0},
                        {0x4, 0x43b, 0x43b, 0x43b},
                        {GICR_TYPER, typer, typer, typer},
                        {GICR_TYPER + 4, vcpu, vcpu, vcpu}, // affinity
                        {GICR_WAKER, 6, 6, 0},
                        {0x70, 0, 0, 0},
                        {0x74, 0, 0, 0},
                        {0xc0, 0, 0, 0},
                        {0xffd0, 0x44, 0x44, 0x44},
                        {0xffe8, 0x3b, 0x3b, 0x3b},
                        {SGI_BASE + IGROUPR, 0, ~0U, 0},
                        {SGI_BASE + ISENABLER, 0, ~0U, ~0U},
                        {SGI_BASE + ICENABLER, ~0U, 0, 0},
                        {SGI_BASE + ISPENDR, 0, ~0U, ~0U},
                        {SGI_BASE + ICPENDR, ~0U, 0, 0},
                        {SGI_BASE + ISACTIVER, 0, ~0U, ~0U},
                        {SGI_BASE + ICACTIVER, ~0U, 0, 0},
                        {SGI_BASE + IPRIORITYR, 0, 0xf8f8'f8f8, 0},
                        {SGI_BASE + IPRIORITYR + 28, 0, 0xf8f8'f8f8, 0},
                        {SGI_BASE + ICFGR, 0xaaaa'aaaa, 0xaaaa'aaaa, 0xaaaa'aaaa},
                        {SGI_BASE + ICFGR + 4, 0, 0xaaaa'aaaa, 0},
                        {SGI_BASE + 0xd00, 0, 0, 0},
                        {SGI_BASE + 0xe00, 0, 0, 0},
                    });
    }
}

TEST(GicV2, IHI0048_4_3_12_OneCpuHasNoTargetRegisters)
{
    FakeMachine machine{{GicVersion::v2, 1, 32, 4}};
    check_words(machine, GicFrame::distributor, 0,
                {{ITARGETSR, 0, 0, 0}, {ITARGETSR + 32, 0, 0, 0}, {TYPER, 1, 1, 1}});
}

TEST(GicV2, IHI0048_4_1_4_BytesAndWordsSeeTheSamePriorities)
{
    FakeMachine machine{{GicVersion::v2, 2, 32, 4}};
    machine.write(IPRIORITYR + 33, 0x28, 0, 1);
    machine.write(IPRIORITYR + 35, 0xff, 0, 1);
    EXPECT_EQ(machine.read(IPRIORITYR + 32), 0xf800'2800U);
    machine.write(IPRIORITYR + 32, 0x1020'3040);
    EXPECT_EQ(machine.read(IPRIORITYR + 34, 0, 1), 0x20U);
}

TEST(GicV2, IHI0048_4_1_PrivateRegistersAreBankedByReader)
{
    FakeMachine machine{{GicVersion::v2, 4, 32, 4}};
    machine.write(ISENABLER, 1U << 27, 2);
    machine.write(IPRIORITYR + 27, 0x40, 2, 1);
    machine.write(IGROUPR, 1U << 3, 2);
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        EXPECT_EQ(machine.read(ISENABLER, vcpu), vcpu == 2 ? 0x0800'ffffU : 0xffffU);
        EXPECT_EQ(machine.read(IPRIORITYR + 27, vcpu, 1), vcpu == 2 ? 0x40U : 0U);
        EXPECT_EQ(machine.read(IGROUPR, vcpu), vcpu == 2 ? 8U : 0U);
        EXPECT_EQ(machine.read(ITARGETSR, vcpu), 0x0101'0101U << vcpu);
    }
}

TEST(GicV3, IHI0069_12_9_21_RouterIsOneDoubleWordOrTwoWords)
{
    FakeMachine machine{{GicVersion::v3, 2, 32, 4}};
    const auto  at = IROUTER + 8 * 40;
    machine.write(at, ~std::uint64_t{0}, 0, 8);
    EXPECT_EQ(machine.gic.read(0, GicFrame::distributor, at, 8), 0xff'80ff'ffffU);
    machine.write(at + 4, 0x12);
    EXPECT_EQ(machine.gic.read(0, GicFrame::distributor, at, 8), 0x12'80ff'ffffU);
    machine.write(at, 0x0034'5678);
    EXPECT_EQ(machine.gic.read(0, GicFrame::distributor, at, 8), 0x12'0034'5678U);
}

TEST(GicV3, IHI0069_12_11_33_TyperIsReadableInHalves)
{
    FakeMachine machine{{GicVersion::v3, 3, 32, 4}};
    const auto  typer = machine.gic.read(0, GicFrame::redistributor,
                                         2 * vmm::k_gic_redistributor_stride + GICR_TYPER, 8);
    EXPECT_EQ(typer, 0x2'0000'0210U);
    EXPECT_EQ(arch::GicrTyper{typer}.get<arch::GicrTyper::affinity>(), vmm::gic_affinity(2));
    EXPECT_EQ(machine.read_r(2, GICR_TYPER + 4), 2U);
}

TEST(GicV3, IHI0069_12_9_38_TyperSaysWhatThereIs)
{
    FakeMachine           machine{{GicVersion::v3, 16, 100, 4}};
    const arch::GicdTyper typer{machine.read(TYPER)};
    EXPECT_EQ(typer.get<arch::GicdTyper::it_lines_number>(), 4); // 132 interrupts: 5 words
    EXPECT_EQ(typer.get<arch::GicdTyper::cpu_number>(), 0);
    EXPECT_EQ(typer.get<arch::GicdTyper::id_bits>(), 9);
    EXPECT_FALSE(typer.get<arch::GicdTyper::security_extn>());
    EXPECT_FALSE(typer.get<arch::GicdTyper::lpis>());
    EXPECT_FALSE(typer.get<arch::GicdTyper::no1n>());
    EXPECT_TRUE(typer.get<arch::GicdTyper::mbis>());
}

} // namespace
} // namespace vmm_test
