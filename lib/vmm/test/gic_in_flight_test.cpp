// SPDX-License-Identifier: BSD-2-Clause
// What the guest reads and writes of interrupts that are in list registers.
#include "gic_delivery.hpp"

namespace vmm_test {
namespace {

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

} // namespace
} // namespace vmm_test
