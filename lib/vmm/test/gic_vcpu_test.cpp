// SPDX-License-Identifier: BSD-2-Clause
// What a vCPU and a machine go through: waiting, reset, saving, switching off and on.
#include "gic_delivery.hpp"

#include <memory>

namespace vmm_test {
namespace {

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
