// SPDX-License-Identifier: BSD-2-Clause
// What makes an interrupt reach its vCPU, and which of several comes first.
#include "gic_delivery.hpp"

#include <set>

namespace vmm_test {
namespace {

INSTANTIATE_TEST_SUITE_P(
    All, GicDelivery,
    testing::Values(Shape{GicVersion::v2, Kernel::blind}, Shape{GicVersion::v2, Kernel::seeing},
                    Shape{GicVersion::v3, Kernel::blind}, Shape{GicVersion::v3, Kernel::seeing}),
    [](const auto& shape) {
        return std::string{shape.param.version == GicVersion::v2 ? "V2" : "V3"} +
               (shape.param.kernel == Kernel::blind ? "Blind" : "Seeing");
    });

// ---- the conditions for delivery

TEST_P(GicDelivery, AnInterruptNeedsItselfAndItsGroupEnabled)
{
    machine.start();
    machine.write(CTLR, 0);
    machine.set_bit(ICENABLER, 40);
    gic.set_line(0, 40, true);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    machine.write(CTLR, 3);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    machine.set_bit(ISENABLER, 40);
    EXPECT_EQ(machine.acknowledge(), 40U);
}

TEST_P(GicDelivery, WhatComesWhileDisabledIsKept)
{
    machine.start();
    machine.write(CTLR, 0);
    for (const std::uint32_t intid : {16U, 27U, 33U, 63U, 95U}) {
        machine.set_bit(ICENABLER, intid);
        gic.pulse(0, intid);
        EXPECT_TRUE(machine.get_bit(ISPENDR, intid));
    }
    machine.write(CTLR, 3);
    EXPECT_EQ(machine.loads, 0U);
    for (const std::uint32_t intid : {16U, 27U, 33U, 63U, 95U}) {
        machine.set_bit(ISENABLER, intid);
    }
    auto taken = machine.take_all();
    std::sort(taken.begin(), taken.end());
    EXPECT_EQ(taken, (Intids{16, 27, 33, 63, 95}));
}

TEST_P(GicDelivery, EachGroupHasItsOwnEnableAndReachesTheListRegister)
{
    machine.start();
    const auto flip = GetParam().version == GicVersion::v2 ? 0U : 2U; // 34 in group 1, rest in 0
    machine.write(IGROUPR + 4, 1U << flip);
    if (GetParam().version == GicVersion::v2) {
        machine.write(IGROUPR + 4, 1U << 2);
    }
    machine.write(CTLR, 1);
    gic.pulse(0, 33);
    gic.pulse(0, 34);
    ASSERT_EQ(machine.in_use(0), 1U);
    EXPECT_EQ(machine.cpus[0].list[0].entry.group, 0);
    machine.write(CTLR, 2);
    // The enabled group follows; the other one is taken back where that is possible.
    EXPECT_EQ(machine.in_use(0), sees() ? 1U : 2U);
    machine.cpus[0].group_enabled = {false, true};
    EXPECT_EQ(machine.acknowledge(), 34U);
}

TEST_P(GicDelivery, InterruptsThatDoNotExistAreIgnored)
{
    machine.start();
    for (const std::uint32_t intid : {0U, 15U, 96U, 97U, 1019U, 1020U, 1023U, 1024U, 8192U, ~0U}) {
        gic.set_line(0, intid, true);
        gic.pulse(0, intid);
        gic.hardware_interrupt(0, intid);
    }
    EXPECT_EQ(machine.loads, 0U);
}

// ---- level and edge

TEST_P(GicDelivery, ALevelIsSampledAgainAtEndOfInterrupt)
{
    machine.start();
    gic.set_line(0, 40, true);
    for (int i = 0; i < 3; ++i) {
        const auto iar = machine.acknowledge();
        ASSERT_EQ(iar, 40U);
        EXPECT_TRUE(machine.get_bit(ISPENDR, 40)); // active and pending: the line is high
        machine.end(iar);
    }
    const auto iar = machine.acknowledge();
    gic.set_line(0, 40, false);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 40));
    machine.end(iar);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    EXPECT_EQ(machine.in_use(0), 0U);
}

TEST_P(GicDelivery, ALineThatStaysHighWhileInFlightLoadsOnce)
{
    machine.start();
    gic.set_line(0, 40, true);
    gic.set_line(0, 40, false);
    gic.set_line(0, 40, true);
    gic.set_line(0, 40, true);
    EXPECT_EQ(machine.loads, sees() ? 2U : 1U); // taken back in between
}

TEST_P(GicDelivery, ALineThatDropsBeforeDeliveryTakesTheInterruptWithIt)
{
    machine.start();
    machine.set_bit(ICENABLER, 40);
    gic.set_line(0, 40, true);
    gic.set_line(0, 40, false);
    machine.set_bit(ISENABLER, 40);
    EXPECT_EQ(machine.loads, 0U);
}

TEST_P(GicDelivery, AnEdgeIsRememberedAfterTheLineDropped)
{
    machine.start();
    machine.set_edge(40);
    machine.set_bit(ICENABLER, 40);
    gic.set_line(0, 40, true);
    gic.set_line(0, 40, false);
    machine.set_bit(ISENABLER, 40);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, AnEdgeHighLineIsTakenOncePerRise)
{
    machine.start();
    machine.set_edge(40);
    gic.set_line(0, 40, true);
    gic.set_line(0, 40, true);
    EXPECT_EQ(machine.take_all(), Intids{40});
    gic.set_line(0, 40, false);
    gic.set_line(0, 40, true);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, AnEdgeDuringTheHandlerIsDeliveredAgain)
{
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    const auto iar = machine.acknowledge();
    gic.pulse(0, 40);
    gic.pulse(0, 40);
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    machine.end(iar);
    EXPECT_EQ(machine.take_all(), Intids{40}); // the two merged
}

TEST_P(GicDelivery, AnEdgeBeforeTheFirstWasTakenMergesWhereWeCanTell)
{
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.take_all(), sees() ? Intids{40} : (Intids{40, 40}));
}

TEST_P(GicDelivery, SoftwarePendingOutlivesALevelLine)
{
    machine.start();
    machine.set_bit(ICENABLER, 40);
    gic.set_line(0, 40, true);
    machine.set_bit(ISPENDR, 40);
    gic.set_line(0, 40, false);
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
    machine.set_bit(ISENABLER, 40);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, ClearingPendingDoesNotLowerALine)
{
    machine.start();
    machine.set_bit(ICENABLER, 40);
    gic.set_line(0, 40, true);
    machine.set_bit(ICPENDR, 40);
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
}

TEST_P(GicDelivery, ChangingTheConfigurationKeepsBothStates)
{
    machine.start();
    machine.set_bit(ICENABLER, 40);
    gic.set_line(0, 40, true);
    machine.set_edge(40);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 40)); // no edge was seen
    machine.write(ICFGR + 8, 0);
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
}

// ---- more pending than list registers, and order

TEST_P(GicDelivery, AnyNumberPendingIsDeliveredInPriorityOrder)
{
    FakeMachine big{config(1, 988, 4), GetParam().kernel};
    big.start();
    big.write(CTLR, 0);
    Intids order;
    for (std::uint32_t intid = 32; intid < 1020; ++intid) {
        big.set_priority(intid, static_cast<std::uint8_t>(intid * 8));
        big.gic.pulse(0, intid);
        order.push_back(intid);
    }
    const auto priority = [](std::uint32_t intid) { return intid * 8 % 256; };
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return priority(a) < priority(b); });
    std::erase_if(order, [&](auto intid) { return priority(intid) == 0xf8; }); // idle: never taken
    big.write(CTLR, 3);
    const auto taken = big.take_all();
    ASSERT_EQ(taken.size(), order.size());
    for (std::size_t i = 0; i < taken.size(); ++i) {
        ASSERT_EQ(priority(taken[i]), priority(order[i])) << i;
    }
    EXPECT_EQ(Intids(std::set<std::uint32_t>(taken.begin(), taken.end()).size()).size(),
              order.size());
}

TEST_P(GicDelivery, AllListRegistersThereAreAreUsed)
{
    for (const unsigned list_registers : {1U, 2U, 3U, 4U, 16U}) {
        FakeMachine other{config(1, 64, list_registers), GetParam().kernel};
        other.start();
        for (std::uint32_t intid = 32; intid < 64; ++intid) {
            other.set_priority(intid, static_cast<std::uint8_t>(0xf0 - 8 * (intid - 32)));
            other.gic.pulse(0, intid); // each more urgent than those before
        }
        EXPECT_EQ(other.in_use(0), list_registers) << "each preempts all before";
        EXPECT_EQ(other.take_all().size(), 31U); // the last one has priority 0xf8: never
    }
}

TEST_P(GicDelivery, AMoreUrgentInterruptFindsARegisterAmongLowerOnes)
{
    machine.start();
    for (std::uint32_t intid = 32; intid < 48; ++intid) {
        gic.pulse(0, intid);
    }
    machine.set_priority(60, 0x20);
    gic.pulse(0, 60);
    EXPECT_EQ(machine.acknowledge(), 60U);
    // And one more urgent still, while the first is being handled.
    machine.set_priority(61, 0x10);
    gic.pulse(0, 61);
    EXPECT_EQ(machine.acknowledge(), sees() ? 61U : k_spurious);
}

TEST_P(GicDelivery, EqualPrioritiesTakeTurns)
{
    machine.start();
    Intids counts(96, 0);
    for (std::uint32_t intid = 32; intid < 44; ++intid) {
        gic.set_line(0, intid, true); // stuck lines, three for each list register
    }
    for (int i = 0; i < 600; ++i) {
        const auto iar = machine.acknowledge();
        ASSERT_NE(iar, k_spurious);
        ++counts[iar];
        machine.end(iar);
    }
    for (std::uint32_t intid = 32; intid < 44; ++intid) {
        EXPECT_GE(counts[intid], 40U) << intid;
    }
}

TEST_P(GicDelivery, PreemptionNestsAndUnwinds)
{
    machine.start();
    machine.set_priority(50, 0x40);
    machine.set_priority(51, 0x20);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.acknowledge(), 40U);
    gic.pulse(0, 41);
    EXPECT_EQ(machine.acknowledge(), k_spurious); // equal priority does not preempt
    gic.pulse(0, 50);
    EXPECT_EQ(machine.acknowledge(), 50U);
    gic.pulse(0, 51);
    EXPECT_EQ(machine.acknowledge(), 51U);
    machine.end(51);
    machine.end(50);
    machine.end(40);
    EXPECT_EQ(machine.take_all(), Intids{41});
}

} // namespace
} // namespace vmm_test
