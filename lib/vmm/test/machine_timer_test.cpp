// SPDX-License-Identifier: BSD-2-Clause
// The physical timer that a machine gives its guest where the kernel traps its registers.
#include "machine_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using arch::sysreg::k_cntp_ctl_el0;
using arch::sysreg::k_cntp_cval_el0;
using arch::sysreg::k_cntp_tval_el0;
using kit::FakeVcpu;
using microkit::FaultLabel;
using microkit::SystemRegister;
using vmm::PhysicalTimer;

constexpr std::uint32_t k_intid = 30;

TEST(PhysicalTimer, RegistersAreThoseOfTheArchitecture)
{
    PhysicalTimer timer;
    EXPECT_EQ(timer.read(k_cntp_ctl_el0, 1000), 0u);
    timer.write(k_cntp_cval_el0, 2000, 1000);
    EXPECT_EQ(timer.read(k_cntp_cval_el0, 1000), 2000u);
    EXPECT_EQ(timer.read(k_cntp_tval_el0, 1500), 500u);
    EXPECT_EQ(timer.read(k_cntp_tval_el0, 2001), 0xffff'ffffu); // 32 bits, the upper half is zero
    timer.write(k_cntp_tval_el0, 0xffff'ffff'0000'0010, 1000);
    EXPECT_EQ(timer.read(k_cntp_cval_el0, 0), 1016u);
    timer.write(k_cntp_tval_el0, 0xffff'fff0, 1000);
    EXPECT_EQ(timer.read(k_cntp_cval_el0, 0), 984u);

    timer.write(k_cntp_cval_el0, 2000, 0);
    timer.write(k_cntp_ctl_el0, 7, 0); // ISTATUS is read-only
    EXPECT_EQ(timer.read(k_cntp_ctl_el0, 1999), 3u);
    EXPECT_EQ(timer.read(k_cntp_ctl_el0, 2000), 7u);
    EXPECT_FALSE(timer.is_high(2000));
    EXPECT_EQ(timer.deadline(1000), std::nullopt);
    timer.write(k_cntp_ctl_el0, 1, 0);
    EXPECT_TRUE(timer.is_high(2000));
    EXPECT_FALSE(timer.is_high(1999));
    EXPECT_EQ(timer.deadline(1999), 2000u);
    EXPECT_EQ(timer.deadline(2000), std::nullopt);
    timer.reset();
    EXPECT_EQ(timer.read(k_cntp_ctl_el0, 5000), 0u);
}

class PhysicalTimerOfAMachine : public MachineTest {
protected:
    void start()
    {
        machine.wake_by(microkit::Channel{2});
        boot();
        enable_interrupt(k_intid);
        counter.now = 10'000;
    }
    void write(arch::SysregId reg, std::uint64_t value)
    {
        auto& vcpu = fake.vcpu(0);
        vcpu.pc()  = k_pc;
        vcpu.set_x(3, value);
        ASSERT_TRUE(sysreg(reg, 3, false));
        EXPECT_EQ(vcpu.pc(), k_pc + 4);
    }
    std::uint64_t read(arch::SysregId reg)
    {
        EXPECT_TRUE(sysreg(reg, 4, true));
        return fake.vcpu(0).x(4);
    }
};

TEST_F(PhysicalTimerOfAMachine, InterruptsAVcpuThatRuns)
{
    start();
    write(k_cntp_cval_el0, 10'100);
    EXPECT_TRUE(timeouts.empty());
    write(k_cntp_ctl_el0, 1);
    EXPECT_EQ(timeouts, std::vector<std::uint64_t>{1600});
    EXPECT_EQ(read(k_cntp_ctl_el0), 1u);
    counter.now = 10'050;
    notify(2); // early
    EXPECT_TRUE(fake.injections.empty());
    counter.now = 10'100;
    notify(2);
    ASSERT_EQ(fake.injections.size(), 1u);
    EXPECT_EQ(fake.injections[0].interrupt.intid, k_intid);
    EXPECT_EQ(read(k_cntp_ctl_el0), 5u);
    // A level: it comes again at its end, until the guest quiets it.
    EXPECT_TRUE(fault(FaultLabel::gic_maintenance, {fake.injections[0].index}));
    ASSERT_EQ(fake.injections.size(), 2u);
    write(k_cntp_ctl_el0, 3);
    EXPECT_TRUE(fault(FaultLabel::gic_maintenance, {fake.injections[1].index}));
    EXPECT_EQ(fake.injections.size(), 2u);
}

TEST_F(PhysicalTimerOfAMachine, WakesAVcpuThatWaitsAndTheEarlierTimerIsAskedFor)
{
    start();
    auto& vcpu                              = fake.vcpu(0);
    vcpu.reg(SystemRegister::cntv_cval_el0) = 10'500;
    vcpu.reg(SystemRegister::cntv_ctl_el0)  = 1;
    write(k_cntp_cval_el0, 10'100);
    write(k_cntp_ctl_el0, 1);
    vcpu.run = FakeVcpu::Run::faulted;
    EXPECT_FALSE(wfi());
    EXPECT_EQ(timeouts.back(), 1600u);
    counter.now = 10'100;
    notify(2);
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::running);
    ASSERT_EQ(fake.injections.size(), 1u);
    EXPECT_EQ(fake.injections[0].interrupt.intid, k_intid);
}

TEST_F(PhysicalTimerOfAMachine, IsStillAskedForWhenSomethingElseWakes)
{
    start();
    machine.set_interrupt(40, false);
    enable_interrupt(40);
    fake.vcpu(0).reg(SystemRegister::cntv_cval_el0) = 10'050;
    write(k_cntp_cval_el0, 10'100);
    write(k_cntp_ctl_el0, 1);
    fake.vcpu(0).run = FakeVcpu::Run::faulted;
    EXPECT_FALSE(wfi());
    machine.set_interrupt(40, true);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    counter.now = 10'050;
    notify(2);
    EXPECT_EQ(fake.injections.size(), 1u);
    counter.now = 10'100;
    notify(2);
    ASSERT_EQ(fake.injections.size(), 2u);
    EXPECT_EQ(fake.injections[1].interrupt.intid, k_intid);
}

TEST_F(PhysicalTimerOfAMachine, IsOffAfterAReset)
{
    start();
    write(k_cntp_cval_el0, 10'100);
    write(k_cntp_ctl_el0, 1);
    ASSERT_TRUE(machine.restart());
    enable_interrupt(k_intid);
    counter.now = 10'200;
    notify(2);
    EXPECT_TRUE(fake.injections.empty());
    EXPECT_EQ(read(k_cntp_ctl_el0), 0u);
}

TEST_F(PhysicalTimerOfAMachine, IsUndefinedWhereNobodyKeepsTheTime)
{
    boot();
    for (const auto reg : {k_cntp_ctl_el0, k_cntp_cval_el0, k_cntp_tval_el0}) {
        for (const bool read : {true, false}) {
            auto& vcpu                        = fake.vcpu(0);
            vcpu.pc()                         = k_pc;
            vcpu.reg(SystemRegister::esr_el1) = ~0ULL;
            EXPECT_TRUE(sysreg(reg, 3, read));
            EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 1u << 25);
            EXPECT_EQ(vcpu.reg(SystemRegister::elr_el1), k_pc);
        }
    }
}

} // namespace
