// SPDX-License-Identifier: BSD-2-Clause
// What both versions must do with interrupts, on kernels that see list registers and that do not.
#include "gic_fake.hpp"

#include <memory>
#include <set>

namespace vmm_test {
namespace {

using Intids = std::vector<std::uint32_t>;

struct Shape {
    GicVersion version;
    Kernel     kernel;
};

class GicDelivery : public testing::TestWithParam<Shape> {
protected:
    static GicConfig config(unsigned vcpus = 1, unsigned spis = 64, unsigned list_registers = 4)
    {
        return {GetParam().version, vcpus, spis, list_registers};
    }
    static bool sees() { return GetParam().kernel == Kernel::seeing; }

    FakeMachine machine{config(), GetParam().kernel};
    vmm::Gic&   gic = machine.gic;
};

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

// ---- accesses while in flight

TEST_P(GicDelivery, InFlightReadsAsPendingThenActive)
{
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
    EXPECT_FALSE(machine.get_bit(ISACTIVER, 40));
    const auto iar = machine.acknowledge();
    // A blind kernel cannot tell; then it counts as pending all the time.
    EXPECT_EQ(machine.get_bit(ISPENDR, 40), !sees());
    EXPECT_EQ(machine.get_bit(ISACTIVER, 40), sees());
    machine.end(iar);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 40));
    EXPECT_FALSE(machine.get_bit(ISACTIVER, 40));
}

TEST_P(GicDelivery, ClearingPendingTakesItOutOfTheListRegister)
{
    machine.start();
    gic.pulse(0, 40);
    machine.set_bit(ICPENDR, 40);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 40));
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, ClearingPendingInTheHandlerForgetsOnlyTheNextOne)
{
    machine.start();
    gic.pulse(0, 40);
    const auto iar = machine.acknowledge();
    gic.pulse(0, 40);
    machine.set_bit(ICPENDR, 40);
    machine.end(iar);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, DisablingInFlightKeepsItPending)
{
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    machine.set_bit(ICENABLER, 40);
    if (sees()) {
        EXPECT_EQ(machine.acknowledge(), k_spurious);
        EXPECT_TRUE(machine.get_bit(ISPENDR, 40));
    }
    machine.set_bit(ISENABLER, 40);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, MaskingInTheHandlerIsNoStorm)
{
    // What Linux does for threaded one-shot handlers: mask in the handler, unmask later.
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    const auto iar = machine.acknowledge();
    machine.set_bit(ICENABLER, 40);
    machine.end(iar);
    machine.set_bit(ISENABLER, 40);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
}

TEST_P(GicDelivery, ANewPriorityCountsFromTheNextDelivery)
{
    machine.start();
    gic.pulse(0, 40);
    gic.pulse(0, 41);
    machine.set_priority(41, 0x20);
    EXPECT_EQ(machine.acknowledge(), sees() ? 41U : 40U);
    machine.end(sees() ? 41U : 40U);
    EXPECT_EQ(machine.take_all(), Intids{sees() ? 40U : 41U});
    gic.pulse(0, 40);
    gic.pulse(0, 41);
    EXPECT_EQ(machine.take_all(), (Intids{41, 40}));
}

TEST_P(GicDelivery, MoreUrgentWhileWaiting)
{
    machine.start();
    for (std::uint32_t intid = 32; intid < 48; ++intid) {
        gic.pulse(0, intid);
    }
    machine.set_priority(47, 0x20);
    EXPECT_EQ(machine.acknowledge(), 47U); // the register that was kept for this
}

TEST_P(GicDelivery, ActiveByRegisterHoldsDeliveryBack)
{
    machine.start();
    machine.set_bit(ISACTIVER, 40);
    EXPECT_TRUE(machine.get_bit(ISACTIVER, 40));
    gic.pulse(0, 40);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    machine.set_bit(ICACTIVER, 40);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, DeactivatingByRegisterInsteadOfEnding)
{
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    ASSERT_EQ(machine.acknowledge(), 40U);
    machine.set_bit(ICACTIVER, 40);
    EXPECT_FALSE(machine.get_bit(ISACTIVER, 40));
    machine.cpus[0].running.clear(); // the guest drops the priority by itself
    gic.pulse(0, 40);
    EXPECT_EQ(machine.acknowledge(), 40U);
}

TEST_P(GicDelivery, AHandlerThatDeactivatesInsteadOfEndingSeesItsInterruptOnce)
{
    machine.start();
    gic.pulse(0, 40);
    ASSERT_EQ(machine.acknowledge(), 40U);
    machine.masked = true; // it stands in its handler
    machine.set_bit(ICACTIVER, 40);
    machine.masked = false;
    machine.cpus[0].running.clear();
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.acknowledge(), 40U);
}

TEST_P(GicDelivery, DeactivatingEverythingAtTheStartLosesNothing)
{
    machine.start();
    gic.pulse(0, 40);
    gic.pulse(0, 41);
    machine.masked = true; // as a guest does before it wants interrupts
    machine.write(ICACTIVER + 4, ~0U);
    machine.masked = false;
    EXPECT_EQ(machine.take_all(), (Intids{40, 41}));
}

TEST_P(GicDelivery, DeactivatingByRegisterWhatTheKernelKnowsToBeActive)
{
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    ASSERT_EQ(machine.acknowledge(), 40U);
    machine.refuses_active = true;
    machine.set_bit(ICACTIVER, 40);
    EXPECT_EQ(machine.refusals, sees() ? 0U : 1U); // a refusal is how a blind kernel tells
    // There the old entry stays behind; the interrupt works on, and the guest's next end frees one.
    machine.cpus[0].running.clear();
    machine.allow_twins = true;
    for (int i = 0; i < 3; ++i) {
        gic.pulse(0, 40);
        EXPECT_EQ(machine.take_all(), Intids{40});
    }
}

// ---- hardware behind

TEST_P(GicDelivery, HardwareIsAcknowledgedAtEndOfInterruptAndOnlyThen)
{
    machine.start();
    gic.hardware_interrupt(0, 27);
    gic.hardware_interrupt(0, 33);
    gic.pulse(0, 34);
    EXPECT_TRUE(machine.ended.empty());
    machine.take_all();
    ASSERT_EQ(machine.ended.size(), 2U);
    EXPECT_EQ(machine.ended[0], (std::pair{0U, 27U}));
    EXPECT_EQ(machine.ended[1], (std::pair{0U, 33U}));
}

TEST_P(GicDelivery, HardwareInterruptsOfADisabledInterruptWait)
{
    machine.start();
    machine.set_bit(ICENABLER, 33);
    gic.hardware_interrupt(0, 33);
    EXPECT_TRUE(machine.ended.empty());
    machine.set_bit(ISENABLER, 33);
    EXPECT_EQ(machine.take_all(), Intids{33});
    EXPECT_EQ(machine.ended.size(), 1U);
}

TEST_P(GicDelivery, HardwareWhoseInterruptIsClearedIsAcknowledged)
{
    machine.start();
    machine.set_bit(ICENABLER, 33);
    gic.hardware_interrupt(0, 33);
    machine.set_bit(ICPENDR, 33);
    EXPECT_EQ(machine.ended.size(), 1U);
    gic.hardware_interrupt(0, 34);
    machine.set_bit(ICPENDR, 34); // in flight
    EXPECT_EQ(machine.ended.size(), 2U);
}

TEST_P(GicDelivery, AHandlerThatDeactivatesHardwareAcknowledgesIt)
{
    machine.start();
    gic.hardware_interrupt(0, 27);
    ASSERT_EQ(machine.acknowledge(), 27U);
    machine.masked = true;
    machine.set_bit(ICACTIVER, 27);
    EXPECT_EQ(machine.ended.size(), 1U);
    machine.cpus[0].running.clear();
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    gic.hardware_interrupt(0, 27);
    EXPECT_EQ(machine.acknowledge(), 27U);
}

TEST_P(GicDelivery, ATimerThatIsQuietedBeforeItsInterruptIsTaken)
{
    machine.start();
    gic.hardware_interrupt(0, 27);
    machine.lines[{0, 27}] = vmm::GicHost::Line::high;
    EXPECT_TRUE(machine.get_bit(ISPENDR, 27));
    machine.lines[{0, 27}] = vmm::GicHost::Line::low;
    EXPECT_FALSE(machine.get_bit(ISPENDR, 27));
    if (sees()) {
        EXPECT_EQ(machine.acknowledge(), k_spurious);
        EXPECT_EQ(machine.ended.size(), 1U) << "may interrupt again";
    } else {
        EXPECT_EQ(machine.take_all(), Intids{27});
        EXPECT_EQ(machine.ended.size(), 1U);
    }
    gic.hardware_interrupt(0, 27);
    EXPECT_EQ(machine.take_all(), Intids{27});
}

TEST_P(GicDelivery, ATimerThatIsQuietedWhileItsInterruptIsDisabled)
{
    machine.start();
    machine.set_bit(ICENABLER, 27);
    gic.hardware_interrupt(0, 27);
    machine.lines[{0, 27}] = vmm::GicHost::Line::low;
    machine.set_bit(ISENABLER, 27);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    EXPECT_EQ(machine.ended.size(), 1U);
}

TEST_P(GicDelivery, ATimerIsPendingAndActiveWhileItsLineIsHigh)
{
    machine.start();
    gic.hardware_interrupt(0, 27);
    ASSERT_EQ(machine.acknowledge(), 27U);
    machine.lines[{0, 27}] = vmm::GicHost::Line::high;
    EXPECT_TRUE(machine.get_bit(ISPENDR, 27));
    machine.lines[{0, 27}] = vmm::GicHost::Line::low;
    EXPECT_FALSE(machine.get_bit(ISPENDR, 27));
    machine.lines[{0, 27}] = vmm::GicHost::Line::high; // fires again, held back by the kernel
    EXPECT_TRUE(machine.get_bit(ISPENDR, 27));
    EXPECT_TRUE(machine.ended.empty());
    machine.end(27);
    EXPECT_EQ(machine.ended.size(), 1U);
    EXPECT_EQ(machine.acknowledge(), k_spurious) << "the kernel reports it anew";
}

TEST_P(GicDelivery, ATimerPendedByTheGuestTooIsTakenOnce)
{
    machine.start();
    machine.set_bit(ICENABLER, 27);
    gic.hardware_interrupt(0, 27);
    machine.lines[{0, 27}] = vmm::GicHost::Line::high;
    machine.set_bit(ISPENDR, 27);
    machine.set_bit(ISENABLER, 27);
    ASSERT_EQ(machine.acknowledge(), 27U);
    machine.lines[{0, 27}] = vmm::GicHost::Line::low; // the handler quiets it
    machine.end(27);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    EXPECT_EQ(machine.ended.size(), 1U);
}

TEST_P(GicDelivery, ALineThatDropsBeforeItIsTakenVanishesWhereWeCanTell)
{
    machine.start();
    gic.set_line(0, 40, true);
    gic.set_line(0, 40, false);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 40));
    EXPECT_EQ(machine.acknowledge(), sees() ? k_spurious : 40U);
}

TEST_P(GicDelivery, HardwareThatFiresWhileASoftwareCopyIsInFlight)
{
    machine.start();
    machine.set_bit(ISPENDR, 33);
    ASSERT_EQ(machine.acknowledge(), 33U);
    gic.hardware_interrupt(0, 33);
    machine.end(33);
    EXPECT_TRUE(machine.ended.empty()); // its own turn has not come yet
    EXPECT_EQ(machine.take_all(), Intids{33});
    EXPECT_EQ(machine.ended.size(), 1U);
}

// ---- maintenance, waiting, reset

TEST_P(GicDelivery, MaintenanceThatNamesNothingIsCounted)
{
    machine.start();
    gic.pulse(0, 40);
    for (const std::uint64_t index : {std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{63},
                                      std::uint64_t{64}, vmm::k_gic_maintenance_unknown}) {
        gic.maintenance(0, index);
    }
    EXPECT_EQ(gic.counters().maintenances_unknown, 5U);
    EXPECT_EQ(machine.take_all(), Intids{40});
}

TEST_P(GicDelivery, AWaitingVcpuIsWokenByWhatCanBeDelivered)
{
    machine.start();
    EXPECT_TRUE(gic.may_park(0));
    machine.set_bit(ICENABLER, 40);
    gic.set_line(0, 40, true);
    EXPECT_EQ(machine.cpus[0].wakes, 0U);
    machine.set_bit(ISENABLER, 40);
    EXPECT_EQ(machine.cpus[0].wakes, 1U);
    EXPECT_TRUE(gic.has_deliverable(0));
    EXPECT_FALSE(gic.may_park(0)); // it came after WFI trapped, perhaps
    EXPECT_TRUE(gic.may_park(0));  // WFI trapped again: the guest cannot take it
    gic.pulse(0, 41);
    EXPECT_FALSE(gic.may_park(0));
}

TEST_P(GicDelivery, AfterTheHandlerAWaitMayPark)
{
    machine.start();
    gic.pulse(0, 40);
    machine.take_all();
    EXPECT_TRUE(gic.may_park(0));
}

TEST_P(GicDelivery, ResetGivesResetValuesAndIdleListRegisters)
{
    machine.start();
    gic.set_line(0, 40, true);
    gic.hardware_interrupt(0, 27);
    gic.hardware_interrupt(0, 33);
    machine.set_bit(ICENABLER, 34);
    gic.hardware_interrupt(0, 34);
    ASSERT_EQ(machine.acknowledge(), 40U);
    gic.reset();
    EXPECT_EQ(machine.ended.size(), 3U);
    EXPECT_EQ(machine.read(CTLR) & 3, 0U);
    EXPECT_FALSE(machine.get_bit(ISPENDR, 40));
    EXPECT_FALSE(machine.get_bit(ISENABLER, 40));
    machine.cpus[0].running.clear(); // the new guest starts with an idle CPU interface
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    gic.set_online(0, true);
    machine.start();
    for (const std::uint32_t intid : {27U, 33U, 34U, 40U, 41U}) {
        gic.pulse(0, intid);
    }
    auto taken = machine.take_all();
    std::sort(taken.begin(), taken.end());
    EXPECT_EQ(taken, (Intids{27, 33, 34, 40, 41}));
}

TEST_P(GicDelivery, ResetInTheMiddleOfAHandlerThatTheKernelKnowsOf)
{
    machine.start();
    machine.refuses_active = true;
    gic.hardware_interrupt(0, 27);
    ASSERT_EQ(machine.acknowledge(), 27U);
    gic.reset();
    EXPECT_EQ(machine.refusals, sees() ? 0U : 1U);
    gic.set_online(0, true);
    machine.start();
    machine.cpus[0].running.clear();
    machine.allow_twins = true;
    // The timer still ticks, and everything else works with the registers that are left.
    for (int i = 0; i < 5; ++i) {
        gic.hardware_interrupt(0, 27);
        for (std::uint32_t intid = 40; intid < 50; ++intid) {
            gic.pulse(0, intid);
        }
        EXPECT_EQ(machine.take_all().size(), 11U);
    }
    EXPECT_EQ(machine.ended.size(), 6U);
}

TEST_P(GicDelivery, AThousandResetsLeakNothing)
{
    machine.refuses_active = true;
    for (int i = 0; i < 1000; ++i) {
        machine.start();
        for (std::uint32_t intid = 32; intid < 40; ++intid) {
            gic.pulse(0, intid + static_cast<std::uint32_t>(i % 8));
        }
        machine.take_all();
        gic.pulse(0, 50);
        gic.reset();
        gic.set_online(0, true);
        ASSERT_EQ(machine.acknowledge(), k_spurious);
    }
}

TEST_P(GicDelivery, SavedStateGoesOnInAnotherObject)
{
    machine.start();
    machine.set_edge(41);
    gic.set_line(0, 40, true);
    gic.pulse(0, 41);
    for (std::uint32_t intid = 50; intid < 60; ++intid) {
        gic.pulse(0, intid);
    }
    const auto  saved = std::make_unique<vmm::GicState>(gic.state());
    FakeMachine other{config(), GetParam().kernel};
    other.gic.restore(*saved);
    auto taken = Intids{other.acknowledge()};
    while (taken.back() != 40) {
        other.end(taken.back());
        taken.push_back(other.acknowledge());
    }
    other.gic.set_line(0, 40, false);
    other.end(40);
    const auto rest = other.take_all();
    taken.insert(taken.end(), rest.begin(), rest.end());
    std::sort(taken.begin(), taken.end());
    Intids expected{40, 41, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59};
    EXPECT_EQ(taken, expected);
    EXPECT_EQ(other.read(CTLR) & 3, 3U);
}

// ---- vCPUs that stop and start

TEST_P(GicDelivery, WhatIsInFlightAtAVcpuThatStopsIsNotLost)
{
    FakeMachine smp{config(2), GetParam().kernel};
    smp.start();
    smp.set_edge(40);
    smp.gic.pulse(0, 40);
    smp.gic.pulse(0, 27);
    smp.gic.set_online(0, false);
    EXPECT_EQ(smp.acknowledge(0), k_spurious);
    smp.gic.pulse(0, 41);
    EXPECT_EQ(smp.acknowledge(0), k_spurious); // nothing is loaded while off
    smp.gic.set_online(0, true);
    auto taken = smp.take_all(0);
    std::sort(taken.begin(), taken.end());
    EXPECT_EQ(taken, (Intids{27, 40, 41}));
}

TEST_P(GicDelivery, AMessageThatASuspensionSwallowedStopsNothing)
{
    machine.start();
    machine.set_edge(40);
    gic.pulse(0, 40);
    gic.hardware_interrupt(0, 27);
    machine.holds_messages = true;
    machine.end(machine.acknowledge());
    machine.cpus[0].message = std::nullopt; // suspended now, and resumed later
    gic.message_lost(0);
    machine.holds_messages = false;
    auto taken             = machine.take_all();
    EXPECT_EQ(taken.size(), sees() ? 1U : 2U);
    gic.pulse(0, 40);
    EXPECT_EQ(machine.take_all(), Intids{40});
    EXPECT_EQ(machine.ended.size(), 1U);
}

TEST_P(GicDelivery, SuspendedInsideAHandlerAndResumed)
{
    for (const bool refuses : {false, true}) {
        machine.start();
        machine.refuses_active = refuses;
        machine.allow_twins    = refuses;
        gic.set_line(0, 40, true);
        ASSERT_EQ(machine.acknowledge(), 40U);
        gic.message_lost(0);
        EXPECT_EQ(machine.acknowledge(), k_spurious) << "its priority is still the running one";
        gic.set_line(0, 40, false);
        machine.end(40);
        machine.take_all();
        gic.set_line(0, 40, true);
        EXPECT_EQ(machine.acknowledge(), 40U);
        gic.set_line(0, 40, false);
        machine.end(40);
    }
}

TEST_P(GicDelivery, StoppingInsideAHandlerLeavesTheInterruptActive)
{
    machine.start();
    machine.refuses_active = true;
    gic.pulse(0, 27);
    ASSERT_EQ(machine.acknowledge(), 27U);
    gic.set_online(0, false);
    EXPECT_TRUE(machine.get_bit(ISACTIVER, 27));
    gic.set_online(0, true);
    machine.cpus[0].running.clear();
    machine.allow_twins = true;
    gic.pulse(0, 27);
    EXPECT_EQ(machine.acknowledge(), k_spurious);
    machine.set_bit(ICACTIVER, 27);
    EXPECT_EQ(machine.take_all(), Intids{27});
}

} // namespace
} // namespace vmm_test
