// SPDX-License-Identifier: BSD-2-Clause
// A machine over a fake Microkit: waiting vCPUs, timers, interrupts.
#include "machine_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using kit::FakeVcpu;
using microkit::FaultLabel;
using microkit::SystemRegister;
using testing::HasSubstr;

TEST_F(MachineTest, AWaitingVcpuIsParkedUntilItsTimerIsDue)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    auto& vcpu                              = fake.vcpu(0);
    counter.now                             = 10'000;
    vcpu.reg(SystemRegister::cntv_cval_el0) = 10'100;
    vcpu.reg(SystemRegister::cntv_ctl_el0)  = 1;
    vcpu.run                                = FakeVcpu::Run::faulted;
    vcpu.pc()                               = k_pc;
    fake.system_calls.clear();
    EXPECT_FALSE(wfi());
    EXPECT_EQ(timeouts, std::vector<std::uint64_t>{1600});
    EXPECT_EQ(fake.total_system_calls(), 3u); // pc, the compare value, and the timer driver

    counter.now = 10'050;
    notify(2); // early
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::faulted);
    EXPECT_EQ(timeouts.back(), 800u);
    counter.now = 10'100;
    notify(2);
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::running);
    EXPECT_EQ(vcpu.pc(), k_pc + 4) << "an interrupt is taken behind the WFI that waited";
}

TEST_F(MachineTest, ADueTimerDoesNotPark)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    counter.now                                     = 10'000;
    fake.vcpu(0).reg(SystemRegister::cntv_cval_el0) = 9'000;
    fake.vcpu(0).reg(SystemRegister::cntv_ctl_el0)  = 1;
    fake.vcpu(0).pc()                               = k_pc;
    EXPECT_TRUE(wfi());
    EXPECT_EQ(fake.vcpu(0).pc(), k_pc + 4);
    fake.vcpu(0).reg(SystemRegister::cntv_ctl_el0) = 3; // masked: nothing will come
    EXPECT_FALSE(wfi());
    EXPECT_TRUE(timeouts.empty());
}

TEST_F(MachineTest, AnInterruptWakesAParkedVcpu)
{
    machine.wake_by(microkit::Channel{2});
    machine.passthrough(k_uart, microkit::Channel{1});
    boot();
    enable_interrupt(33);
    fake.vcpu(0).run = FakeVcpu::Run::faulted;
    EXPECT_FALSE(wfi());
    notify(1);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    ASSERT_EQ(fake.injections.size(), 1u);
    EXPECT_EQ(fake.injections[0].interrupt.intid, 33);
    EXPECT_TRUE(fake.acknowledgements.empty());
    // The guest handles it; only then the hardware may interrupt again.
    EXPECT_TRUE(fault(FaultLabel::gic_maintenance, {fake.injections[0].index}));
    fake.end_of_entry_point();
    EXPECT_EQ(fake.acknowledgements, std::vector{1u});
}

TEST_F(MachineTest, TheVirtualTimerIsUnmaskedWhenTheGuestIsDoneWithIt)
{
    boot();
    enable_interrupt(27);
    EXPECT_TRUE(fault(FaultLabel::ppi, {27}));
    ASSERT_EQ(fake.injections.size(), 1u);
    EXPECT_EQ(fake.injections[0].interrupt.intid, 27);
    EXPECT_TRUE(fake.ppi_acknowledgements.empty());
    EXPECT_TRUE(fault(FaultLabel::gic_maintenance, {fake.injections[0].index}));
    EXPECT_EQ(fake.ppi_acknowledgements, std::vector{27u});
    // The next tick is delivered as well.
    EXPECT_TRUE(fault(FaultLabel::ppi, {27}));
    EXPECT_EQ(fake.injections.size(), 2u);
}

TEST_F(MachineTest, ADisabledTimerInterruptWakesNobody)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    counter.now                                     = 10'000;
    fake.vcpu(0).reg(SystemRegister::cntv_cval_el0) = 9'000;
    fake.vcpu(0).reg(SystemRegister::cntv_ctl_el0)  = 1;
    EXPECT_TRUE(wfi());                        // due: the timer's event will follow
    EXPECT_TRUE(fault(FaultLabel::ppi, {27})); // and does, but the guest has it disabled
    EXPECT_TRUE(fake.injections.empty());
    EXPECT_FALSE(wfi()); // so it waits, and burns no core
}

TEST_F(MachineTest, WithoutATimerChannelItSaysSoOnceAndGoesOn)
{
    boot();
    counter.now                                     = 10'000;
    fake.vcpu(0).reg(SystemRegister::cntv_cval_el0) = 20'000;
    fake.vcpu(0).reg(SystemRegister::cntv_ctl_el0)  = 1;
    EXPECT_TRUE(wfi());
    EXPECT_TRUE(wfi());
    const auto first = fake.debug_output.find("no timer channel");
    EXPECT_NE(first, std::string::npos);
    EXPECT_EQ(fake.debug_output.find("no timer channel", first + 1), std::string::npos);
    // A guest whose timer is off waits for something else, and can be parked.
    fake.vcpu(0).reg(SystemRegister::cntv_ctl_el0) = 0;
    EXPECT_FALSE(wfi());
}

TEST_F(MachineTest, CpuSuspendReturnsAfterTheWakeUp)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    auto& vcpu                              = fake.vcpu(0);
    counter.now                             = 10'000;
    vcpu.reg(SystemRegister::cntv_cval_el0) = 20'000;
    EXPECT_FALSE(hypercall(0x8400'0001).resumed);
    EXPECT_EQ(vcpu.x(0), 0u);
    EXPECT_EQ(vcpu.pc(), k_pc + 4);
    counter.now = 20'000;
    vcpu.run    = FakeVcpu::Run::faulted;
    notify(2);
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::running);
}

TEST_F(MachineTest, SystemSuspendWakesAtItsEntryPoint)
{
    machine.wake_by(microkit::Channel{2});
    machine.passthrough(k_uart, microkit::Channel{1});
    boot();
    enable_interrupt(33);
    EXPECT_FALSE(hypercall(0xc400'000e, k_ram + 0x4000, 99).resumed);
    notify(1);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    EXPECT_EQ(fake.vcpu(0).pc(), k_ram + 0x4000);
    EXPECT_EQ(fake.vcpu(0).x(0), 99u);
}

TEST_F(MachineTest, WaitForEventGoesOn)
{
    boot();
    fake.vcpu(0).pc() = k_pc;
    EXPECT_TRUE(fault(FaultLabel::vcpu, {0x0400'0001}));
    EXPECT_EQ(fake.vcpu(0).pc(), k_pc + 4);
}

} // namespace
