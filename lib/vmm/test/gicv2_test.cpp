// SPDX-License-Identifier: BSD-2-Clause
// What only GICv2 has: SGIs with a sender, and targets by CPU bit. Clauses of IHI 0048B.
#include "gic_fake.hpp"

namespace vmm_test {
namespace {

class GicV2 : public testing::TestWithParam<Kernel> {
protected:
    GicV2() { machine.start(); }

    static bool                    sees() { return GetParam() == Kernel::seeing; }
    static constexpr std::uint32_t sgi(std::uint32_t filter, std::uint32_t list,
                                       std::uint32_t intid)
    {
        return filter << 24 | list << 16 | intid;
    }

    FakeMachine machine{{GicVersion::v2, 4, 64, 4}, GetParam()};
    vmm::Gic&   gic = machine.gic;
};

INSTANTIATE_TEST_SUITE_P(All, GicV2, testing::Values(Kernel::blind, Kernel::seeing),
                         [](const auto& kernel) {
                             return std::string{kernel.param == Kernel::blind ? "Blind" : "Seeing"};
                         });

TEST_P(GicV2, IHI0048_4_3_15_SgirSendsToListToOthersAndToSelf)
{
    machine.write(SGIR, sgi(0, 0b1010, 3), 1);
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        EXPECT_EQ(machine.take_all(vcpu), vcpu == 1 || vcpu == 3 ? Intids{3 | 1 << 10} : Intids{});
    }
    machine.write(SGIR, sgi(1, 0xff, 4), 2);
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        EXPECT_EQ(machine.take_all(vcpu), vcpu != 2 ? Intids{4 | 2 << 10} : Intids{});
    }
    machine.write(SGIR, sgi(2, 0, 5), 3);
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        EXPECT_EQ(machine.take_all(vcpu), vcpu == 3 ? Intids{5 | 3 << 10} : Intids{});
    }
}

TEST_P(GicV2, IHI0048_4_3_15_SgirIgnoresReservedFilterAndCpusThatAreNotThere)
{
    machine.write(SGIR, sgi(3, 0xff, 3), 0);
    machine.write(SGIR, sgi(0, 0xf0, 3), 0);
    machine.write(SGIR, sgi(0, 0, 3), 0);
    EXPECT_EQ(gic.counters().sgis, 0U);
    EXPECT_EQ(machine.loads, 0U);
    machine.write(SGIR, sgi(0, 0xff, 3) | 0xfc00'fff0, 0); // reserved bits are ignored
    EXPECT_EQ(gic.counters().sgis, 4U);
}

TEST_P(GicV2, IHI0048_3_2_2_TheSameSgiOfSeveralSendersIsTakenOncePerSender)
{
    for (VcpuId sender = 0; sender < 4; ++sender) {
        machine.write(SGIR, sgi(0, 1, 7), sender);
    }
    EXPECT_EQ(machine.read(SPENDSGIR + 4) >> 24, 0b1111U);
    EXPECT_EQ(machine.take_all(0), (Intids{7, 7 | 1 << 10, 7 | 2 << 10, 7 | 3 << 10}));
    EXPECT_EQ(machine.read(SPENDSGIR + 4), 0U);
}

TEST_P(GicV2, IHI0048_3_2_2_TheSameSgiOfOneSenderMergesUntilTaken)
{
    machine.set_bit(ISACTIVER, 7); // keeps it out of the list registers
    machine.write(SGIR, sgi(2, 0, 7));
    machine.write(SGIR, sgi(2, 0, 7));
    machine.set_bit(ICACTIVER, 7);
    EXPECT_EQ(machine.take_all(0), Intids{7});
}

TEST_P(GicV2, IHI0048_4_3_17_SpendsgirSetsPendingForTheSendersNamed)
{
    machine.write(SPENDSGIR + 9, 0b0101, 2, 1);
    EXPECT_EQ(machine.read(SPENDSGIR + 9, 2, 1), 0b0101U);
    EXPECT_EQ(machine.read(SPENDSGIR + 9, 1, 1), 0U); // banked
    EXPECT_TRUE(machine.get_bit(ISPENDR, 9, 2));
    EXPECT_EQ(machine.take_all(2), (Intids{9, 9 | 2 << 10}));
    // All four bytes of a word at once; senders that are not there do not count.
    machine.write(SPENDSGIR + 12, 0xff00'0001, 2);
    EXPECT_EQ(machine.read(SPENDSGIR + 12, 2), 0x0f00'0001U);
    EXPECT_EQ(machine.take_all(2).size(), 5U);
}

TEST_P(GicV2, IHI0048_4_3_16_CpendsgirClearsOnlyTheSendersNamed)
{
    machine.set_bit(ISACTIVER, 9);
    machine.write(SPENDSGIR + 9, 0b1111, 0, 1);
    machine.write(CPENDSGIR + 9, 0b0110, 0, 1);
    EXPECT_EQ(machine.read(CPENDSGIR + 9, 0, 1), 0b1001U);
    machine.write(CPENDSGIR + 9, 0b1001, 0, 1);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 9));
    machine.set_bit(ICACTIVER, 9);
    EXPECT_EQ(machine.acknowledge(0), k_spurious);
}

TEST_P(GicV2, IHI0048_4_3_16_CpendsgirReachesTheOneInFlight)
{
    machine.write(SGIR, sgi(2, 0, 7), 0); // in a list register now
    EXPECT_EQ(machine.read(SPENDSGIR + 7, 0, 1), 1U);
    machine.write(CPENDSGIR + 7, 0b1110, 0, 1);
    EXPECT_EQ(machine.read(SPENDSGIR + 7, 0, 1), 1U);
    machine.write(CPENDSGIR + 7, 0b0001, 0, 1);
    EXPECT_EQ(machine.read(SPENDSGIR + 7, 0, 1), 0U);
    EXPECT_EQ(machine.acknowledge(0), k_spurious);
    machine.write(SGIR, sgi(2, 0, 7), 0);
    EXPECT_EQ(machine.take_all(0), Intids{7});
}

TEST_P(GicV2, IHI0048_4_3_7_SgisArePendedBySpendsgirOnly)
{
    machine.write(ISPENDR, 0xffff);
    EXPECT_EQ(machine.read(ISPENDR), 0U);
    machine.set_bit(ISACTIVER, 2);
    machine.write(SGIR, sgi(2, 0, 2));
    machine.write(ICPENDR, 0xffff);
    EXPECT_EQ(machine.read(ISPENDR), 4U);
}

TEST_P(GicV2, IHI0048_4_3_5_SgisAreAlwaysEnabled)
{
    machine.write(ICENABLER, ~0U);
    EXPECT_EQ(machine.read(ISENABLER), 0xffffU);
    machine.write(SGIR, sgi(2, 0, 2));
    EXPECT_EQ(machine.take_all(0), Intids{2});
}

TEST_P(GicV2, AnSgiThatIsInFlightWaitsForItsEndToComeAgain)
{
    machine.write(SGIR, sgi(0, 1, 6), 1);
    const auto iar = machine.acknowledge(0);
    EXPECT_EQ(iar, 6U | 1U << 10);
    machine.write(SGIR, sgi(0, 1, 6), 1);
    machine.write(SGIR, sgi(0, 1, 6), 2);
    EXPECT_EQ(machine.read(SPENDSGIR + 6, 0, 1), 0b0110U);
    machine.end(iar, 0);
    EXPECT_EQ(machine.take_all(0), (Intids{6 | 1 << 10, 6 | 2 << 10}));
}

TEST_P(GicV2, IHI0048_4_3_12_SharedInterruptsGoToTheirTarget)
{
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        machine.write(ITARGETSR + 40, 1U << vcpu, 0, 1);
        gic.pulse(0, 40);
        for (VcpuId other = 0; other < 4; ++other) {
            EXPECT_EQ(machine.take_all(other), other == vcpu ? Intids{40} : Intids{});
        }
    }
}

TEST_P(GicV2, IHI0048_4_3_12_WithoutTargetItStaysPending)
{
    machine.write(ITARGETSR + 40, 0, 0, 1);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.loads, 0U);
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40, 3));
    machine.write(ITARGETSR + 40, 8, 0, 1);
    EXPECT_EQ(machine.take_all(3), Intids{40});
}

TEST_P(GicV2, IHI0048_3_2_3_OfSeveralTargetsExactlyOneTakesIt)
{
    machine.write(ITARGETSR + 40, 0x0f0f'0f0f);
    machine.write(ITARGETSR + 44, 0x0f0f'0f0f);
    for (std::uint32_t intid = 40; intid < 48; ++intid) {
        gic.pulse(0, intid);
    }
    std::size_t taken = 0;
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        EXPECT_GE(machine.in_use(vcpu), 1U) << "an idle CPU helps";
        taken += machine.take_all(vcpu).size();
    }
    EXPECT_EQ(taken, 8U);
}

TEST_P(GicV2, RetargetingWhileWaitingMovesIt)
{
    machine.write(CTLR, 0);
    for (std::uint32_t intid = 32; intid < 64; ++intid) {
        gic.pulse(0, intid);
    }
    machine.write(CTLR, 3);
    machine.write(ITARGETSR + 60, 4, 0, 1); // did not fit into CPU 0's list registers
    EXPECT_EQ(machine.take_all(2), Intids{60});
    EXPECT_EQ(machine.take_all(0).size(), 31U);
}

TEST_P(GicV2, RetargetingInFlightMovesItWhereWeCanTell)
{
    gic.set_line(0, 40, true);
    machine.write(ITARGETSR + 40, 2, 0, 1);
    const VcpuId now = sees() ? 1 : 0;
    EXPECT_EQ(machine.acknowledge(1 - now), k_spurious);
    ASSERT_EQ(machine.acknowledge(now), 40U);
    machine.end(40, now);
    ASSERT_EQ(machine.acknowledge(1), 40U); // the line is high: from now on it is the new target's
    gic.set_line(0, 40, false);
    machine.end(40, 1);
    EXPECT_EQ(machine.take_all(0), Intids{});
}

TEST_P(GicV2, RetargetingWhileHandledStaysWhereItIs)
{
    gic.set_line(0, 40, true);
    ASSERT_EQ(machine.acknowledge(0), 40U);
    machine.write(ITARGETSR + 40, 2, 0, 1);
    EXPECT_EQ(machine.acknowledge(1), k_spurious);
    gic.set_line(0, 40, false);
    machine.end(40, 0);
    EXPECT_EQ(machine.acknowledge(1), k_spurious);
}

TEST_P(GicV2, ThePrivateInterruptsOfEachCpuAreItsOwn)
{
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        gic.set_line(vcpu, 27, true);
    }
    gic.set_line(2, 27, false);
    for (VcpuId vcpu = 0; vcpu < 4; ++vcpu) {
        const auto iar = machine.acknowledge(vcpu);
        if (vcpu == 2 && GetParam() == Kernel::seeing) {
            EXPECT_EQ(iar, k_spurious);
            continue;
        }
        EXPECT_EQ(iar, 27U);
        gic.set_line(vcpu, 27, false);
        machine.end(iar, vcpu);
        EXPECT_EQ(machine.acknowledge(vcpu), k_spurious);
    }
}

TEST_P(GicV2, AnotherCpusAccessDoesNotDisturbARegisterThatMayBeEnding)
{
    // Its maintenance message may be on the way; a blind machine must leave the register alone.
    gic.pulse(0, 40);
    machine.set_bit(ICPENDR, 40, 1);
    if (sees()) {
        EXPECT_EQ(machine.acknowledge(0), k_spurious);
    } else {
        EXPECT_EQ(machine.take_all(0), Intids{40});
    }
    gic.pulse(0, 40);
    EXPECT_EQ(machine.take_all(0), Intids{40});
}

TEST_P(GicV2, ACpuThatGoesHandsItsSharedInterruptsToOtherTargets)
{
    machine.write(ITARGETSR + 40, 0b0011, 0, 1);
    machine.write(ITARGETSR + 41, 0b0001, 0, 1);
    machine.set_edge(40);
    machine.set_edge(41);
    gic.pulse(0, 40);
    gic.pulse(0, 41);
    machine.write(SGIR, sgi(0, 1, 5), 3);
    gic.set_online(0, false);
    EXPECT_EQ(machine.take_all(1), Intids{40});
    EXPECT_TRUE(machine.get_bit(ISPENDR, 41, 1));
    gic.set_online(0, true);
    auto taken = machine.take_all(0);
    std::sort(taken.begin(), taken.end());
    EXPECT_EQ(taken, (Intids{41, 5 | 3 << 10}));
}

TEST_P(GicV2, OfflineCpusGetNothingUntilTheyCome)
{
    gic.set_online(3, false);
    machine.write(SGIR, sgi(1, 0, 1), 0);
    machine.write(ITARGETSR + 40, 8, 0, 1);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.in_use(3), 0U);
    gic.set_online(3, true);
    EXPECT_EQ(machine.take_all(3).size(), 2U);
}

TEST(GicV2Single, EverythingGoesToTheOnlyCpu)
{
    FakeMachine machine{{GicVersion::v2, 1, 64, 4}};
    machine.write(CTLR, 1);
    machine.set_bit(ISENABLER, 40);
    machine.gic.pulse(0, 40);
    EXPECT_EQ(machine.take_all(0), Intids{40});
}

} // namespace
} // namespace vmm_test
