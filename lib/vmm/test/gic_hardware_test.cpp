// SPDX-License-Identifier: BSD-2-Clause
// Interrupts with hardware behind them: when it may interrupt again.
#include "gic_delivery.hpp"

namespace vmm_test {
namespace {

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

} // namespace
} // namespace vmm_test
