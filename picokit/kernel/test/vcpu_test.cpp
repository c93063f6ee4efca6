// SPDX-License-Identifier: BSD-2-Clause
// Guests and PDs on one processor: what is exchanged when, and whose interrupts are whose.
#include "kit/world.hpp"

#include "kernel/native.hpp"

#include <gtest/gtest.h>

namespace kernel::test {
namespace {

constexpr std::uint64_t k_smc_trap    = 0x17u << 26;
constexpr std::uint32_t k_vtimer      = board::timer.virtual_timer;
constexpr std::uint32_t k_maintenance = board::maintenance_intid;

struct TwoGuests : testing::Test {
    World    world;
    unsigned vmm   = world.add_pd("vmm", {.priority = 150});
    unsigned other = world.add_pd("other", {.priority = 160});
    unsigned one   = world.add_vcpu(vmm, 0, 100);
    unsigned two   = world.add_vcpu(vmm, 1, 90);

    void SetUp() override
    {
        world.add_irq(other, 0, 30);
        world.boot();
        world.core->guest_cnthctl = k_cnthctl_counter;
        world.receive(other);
        world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_VM_TCB);
        world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_VM_TCB + 1);
        world.receive(vmm);
        ASSERT_EQ(world.current(), &world.vcpu(one));
    }
    [[nodiscard]] bool vtimer_enabled() const
    {
        const std::uint64_t frame = 0x1'0000; // the fake's redistributor is at 0
        for (auto write = machine::fake.device_writes.rbegin();
             write != machine::fake.device_writes.rend(); ++write) {
            if (write->first == frame + 0x100 && write->second == 1u << k_vtimer) {
                return true;
            }
            if (write->first == frame + 0x180 && write->second == 1u << k_vtimer) {
                return false;
            }
        }
        return false;
    }
    void expect_event(std::uint64_t label, std::uint64_t value)
    {
        ASSERT_EQ(world.current(), &world.pd(vmm));
        EXPECT_EQ(world.x1(vmm), info(label, 1));
        EXPECT_EQ(world.word(vmm, 0), value);
    }
};

TEST_F(TwoGuests, AnExitExchangesOnlyWhatAPdWouldSee)
{
    machine::fake[Register::ttbr0_el1] = 0x1234;
    machine::fake.writes.clear();
    world.trap(k_smc_trap);
    world.reply_and_receive(vmm);
    EXPECT_EQ(machine::fake.count_writes(Register::ttbr0_el1), 0u);
    EXPECT_EQ(machine::fake.count_writes(Register::ich_lr0_el2), 0u);
    EXPECT_EQ(machine::fake.count_writes(Register::ich_hcr_el2), 0u);
    EXPECT_EQ(machine::fake.count_writes(Register::cntkctl_el1), 0u);
    EXPECT_EQ(machine::fake.count_writes(Register::cptr_el2), 0u);
    EXPECT_EQ(machine::fake.count_writes(Register::sctlr_el1), 2u);
    EXPECT_EQ(machine::fake.count_writes(Register::hcr_el2), 2u);
    EXPECT_EQ(machine::fake[Register::hcr_el2], k_guest_hcr);
}

TEST_F(TwoGuests, AGuestThatForbidsItselfFpForbidsNoPd)
{
    constexpr std::uint64_t k_unknown  = 0x0200'0000; // what CPACR_EL1's trap becomes under TGE
    machine::fake[Register::cpacr_el1] = 0;
    world.trap(k_smc_trap);
    ASSERT_EQ(world.current(), &world.pd(vmm));
    world.trap(k_unknown);
    ASSERT_EQ(world.current(), &world.pd(vmm)) << "the instruction is tried again";
    EXPECT_EQ(machine::fake[Register::cpacr_el1], k_native_cpacr);
    world.reply_and_receive(vmm);
    ASSERT_EQ(world.current(), &world.vcpu(one));
    EXPECT_EQ(machine::fake[Register::cpacr_el1], 0u);
    world.trap(k_smc_trap);
    world.trap(k_unknown);
    world.trap(k_unknown); // undefined in earnest
    EXPECT_NE(world.current(), &world.pd(vmm));
}

TEST_F(TwoGuests, RegistersWrittenForAGuestDoNotBindItsVmm)
{
    world.trap(k_smc_trap);
    const auto write = [&](VcpuField field, std::uint64_t value) {
        world.syscall(vmm, PICOKIT_SYS_VCPU_WRITE_REG, PICOKIT_CAP_BASE_VCPU,
                      static_cast<std::uint64_t>(field), value);
    };
    write(VcpuField::cpacr, 0);
    write(VcpuField::cntkctl, 0x300);
    EXPECT_EQ(machine::fake[Register::cpacr_el1], k_native_cpacr);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], k_native_cntkctl);
    world.reply_and_receive(vmm);
    ASSERT_EQ(world.current(), &world.vcpu(one));
    EXPECT_EQ(machine::fake[Register::cpacr_el1], 0u);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], 0x300u);
}

TEST_F(TwoGuests, AnotherVcpuGetsTheHardware)
{
    machine::fake[Register::ttbr0_el1]    = 0x1234;
    machine::fake[Register::cntv_ctl_el0] = 1;
    machine::fake[Register::ich_lr0_el2]  = 0x77;
    world.trap(k_smc_trap);
    world.receive(vmm); // forgets the first
    ASSERT_EQ(world.current(), &world.vcpu(two));
    EXPECT_EQ(machine::fake[Register::ttbr0_el1], 0u);
    EXPECT_EQ(machine::fake[Register::sctlr_el1], k_fresh_sctlr);
    EXPECT_EQ(machine::fake[Register::cntv_ctl_el0], 0u) << "a blocked vCPU's timer is off";
    EXPECT_EQ(machine::fake[Register::ich_lr0_el2], 0u);
    EXPECT_EQ(world.vcpu(one)[VcpuField::ttbr0], 0x1234u);
    EXPECT_EQ(world.vcpu(one)[VcpuField::cntv_ctl], 1u);
    EXPECT_EQ(world.vcpu(one).interface.lr[0], 0x77u);
    world.trap(k_smc_trap);
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_VM_TCB);
    world.receive(vmm);
    ASSERT_EQ(world.current(), &world.vcpu(one));
    EXPECT_EQ(machine::fake[Register::ttbr0_el1], 0x1234u);
    EXPECT_EQ(machine::fake[Register::cntv_ctl_el0], 1u);
    EXPECT_EQ(machine::fake[Register::ich_lr0_el2], 0x77u);
}

TEST_F(TwoGuests, AGuestsDebugAndTimerSwitchesDoNotReachPds)
{
    machine::fake[Register::mdscr_el1]   = 1u << 15 | 1;
    machine::fake[Register::cntkctl_el1] = 0x3ff;
    world.trap(k_smc_trap);
    EXPECT_EQ(machine::fake[Register::mdscr_el1], 0u);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], k_native_cntkctl);
    world.reply_and_receive(vmm);
    EXPECT_EQ(machine::fake[Register::mdscr_el1], 1u << 15 | 1);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], 0x3ffu);
}

TEST_F(TwoGuests, APdsTimerRegistersAppearWhenItTouchesThem)
{
    EXPECT_EQ(machine::fake[Register::cnthctl_el2], k_cnthctl_counter);
    machine::fake[Register::cntkctl_el1] = 0;
    world.trap(k_smc_trap);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], 0u);
    // MRS CNTPCT_EL0 at EL0: op0 3, op1 3, CRn 14.
    world.trap(0x18u << 26 | 1u << 25 | 3u << 20 | 1u << 17 | 3u << 14 | 14u << 10);
    ASSERT_EQ(world.current(), &world.pd(vmm)) << "tries again";
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], k_native_cntkctl);
    EXPECT_EQ(machine::fake[Register::cnthctl_el2], k_native_cnthctl);
    world.reply_and_receive(vmm);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], 0u);
    EXPECT_EQ(machine::fake[Register::cnthctl_el2], k_cnthctl_counter);
    world.trap(k_smc_trap);
    EXPECT_EQ(machine::fake[Register::cntkctl_el1], k_native_cntkctl) << "it has them at once now";
}

TEST_F(TwoGuests, TheVirtualTimerIsAnEventAndStaysMaskedUntilItsAck)
{
    EXPECT_TRUE(vtimer_enabled());
    world.interrupt(k_vtimer);
    expect_event(9, k_vtimer);
    EXPECT_FALSE(vtimer_enabled());
    world.reply_and_receive(vmm);
    EXPECT_FALSE(vtimer_enabled()) << "not acknowledged";
    world.trap(k_smc_trap);
    EXPECT_EQ(world.ask(vmm, PICOKIT_SYS_VCPU_ACK_VPPI, PICOKIT_CAP_BASE_VCPU, k_vtimer), 0u);
    EXPECT_FALSE(vtimer_enabled()) << "effective at entry only";
    world.reply_and_receive(vmm);
    EXPECT_TRUE(vtimer_enabled());
}

TEST_F(TwoGuests, TheVirtualTimerWaitsWhileAPdRuns)
{
    world.trap(k_smc_trap);
    world.interrupt(k_vtimer);
    ASSERT_EQ(world.current(), &world.pd(vmm));
    EXPECT_EQ(world.x1(vmm), info(8, 1)) << "no event of a vCPU that is blocked";
    EXPECT_FALSE(vtimer_enabled());
    world.reply_and_receive(vmm);
    EXPECT_TRUE(vtimer_enabled()) << "it fires now, if it is still due";
}

TEST_F(TwoGuests, TheMaskBelongsToTheVcpu)
{
    world.interrupt(k_vtimer);
    world.receive(vmm); // the first stays blocked
    ASSERT_EQ(world.current(), &world.vcpu(two));
    EXPECT_TRUE(vtimer_enabled());
}

TEST_F(TwoGuests, MaintenanceTellsTheLowestEndedListRegister)
{
    machine::fake[Register::ich_eisr_el2] = 0b1010;
    machine::fake[Register::ich_lr1_el2]  = 0x55;
    world.interrupt(k_maintenance);
    expect_event(7, 1);
    EXPECT_EQ(machine::fake[Register::ich_lr1_el2], 0u);
}

TEST_F(TwoGuests, MaintenanceWithoutEndedOnesIsUnknownOrNothing)
{
    machine::fake[Register::ich_misr_el2] = 2;
    world.interrupt(k_maintenance);
    expect_event(7, ~std::uint64_t{0});
    world.reply_and_receive(vmm);
    machine::fake[Register::ich_misr_el2] = 0;
    world.interrupt(k_maintenance);
    EXPECT_EQ(world.current(), &world.vcpu(one));
}

/// The VMM's priority is low here, so that a vCPU can fault while it is busy.
TEST_F(TwoGuests, AnEventThatNobodyHasReceivedIsNotLostByAStop)
{
    world.pd(vmm).priority = 95;
    world.trap(k_smc_trap);
    for (const std::uint32_t intid : {k_vtimer, k_maintenance}) {
        ASSERT_EQ(world.current(), &world.pd(vmm));
        world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_VM_TCB);
        ASSERT_EQ(world.current(), &world.vcpu(one));
        machine::fake[Register::ich_eisr_el2] = 0b100;
        world.interrupt(intid);
        ASSERT_EQ(world.vcpu(one).state, State::faulting);
        ASSERT_EQ(world.current(), &world.pd(vmm));
        world.syscall(vmm, PICOKIT_SYS_TCB_SUSPEND, PICOKIT_CAP_BASE_VM_TCB);
        EXPECT_TRUE(world.pd(vmm).callers.empty());
    }
    EXPECT_EQ(machine::fake[Register::ich_lr2_el2], std::uint64_t{1} << 41) << "ended, once more";
    world.syscall(vmm, PICOKIT_SYS_TCB_RESUME, PICOKIT_CAP_BASE_VM_TCB);
    ASSERT_EQ(world.current(), &world.vcpu(one));
    EXPECT_TRUE(vtimer_enabled());
}

TEST_F(TwoGuests, MaintenanceWaitsWhileAPdRuns)
{
    world.trap(k_smc_trap);
    machine::fake[Register::ich_eisr_el2] = 1;
    world.interrupt(k_maintenance);
    ASSERT_EQ(world.current(), &world.pd(vmm));
    EXPECT_EQ(machine::fake[Register::ich_hcr_el2], 0u);
    world.reply_and_receive(vmm);
    EXPECT_EQ(machine::fake[Register::ich_hcr_el2], 1u);
}

TEST_F(TwoGuests, ADeviceInterruptGoesToItsPdOnceUntilAcknowledged)
{
    machine::fake.writes.clear();
    world.interrupt(30);
    ASSERT_EQ(world.current(), &world.pd(other));
    EXPECT_EQ(world.x0(other), 1u);
    EXPECT_EQ(machine::fake.count_writes(Register::icc_eoir1_el1), 1u);
    EXPECT_EQ(machine::fake.count_writes(Register::icc_dir_el1), 0u);
    EXPECT_EQ(world.ask(other, PICOKIT_SYS_IRQ_ACK, PICOKIT_CAP_BASE_IRQ), 0u);
    EXPECT_EQ(machine::fake[Register::icc_dir_el1], 30u);
    EXPECT_EQ(world.ask(other, PICOKIT_SYS_IRQ_ACK, PICOKIT_CAP_BASE_IRQ), 0u);
    EXPECT_EQ(machine::fake.count_writes(Register::icc_dir_el1), 1u) << "nothing to acknowledge";
}

TEST_F(TwoGuests, AnInterruptOfNobodyIsMasked)
{
    world.interrupt(99);
    EXPECT_EQ(world.current(), &world.vcpu(one));
    EXPECT_EQ(machine::fake.device_writes.back().second, 1u << 99 % 32);
    world.interrupt(1023); // none at all
    EXPECT_EQ(world.current(), &world.vcpu(one));
}

constexpr std::uint64_t k_fp_trap = 0x07u << 26 | 1u << 25;

TEST_F(TwoGuests, FpRegistersMoveOnlyWhenAnotherThreadWantsThem)
{
    world.trap(k_fp_trap);
    ASSERT_EQ(world.current(), &world.vcpu(one));
    EXPECT_EQ(machine::fake[Register::cptr_el2], k_cptr_fp_enabled);
    machine::fake.fp[0] = 111;
    world.trap(k_smc_trap);
    EXPECT_EQ(machine::fake[Register::cptr_el2], k_cptr_fp_trapped);
    EXPECT_EQ(machine::fake.fp[0], 111u);
    world.reply_and_receive(vmm);
    EXPECT_EQ(machine::fake[Register::cptr_el2], k_cptr_fp_enabled) << "no trap, it owns them";
    world.trap(k_smc_trap);
    machine::fake[Register::cpacr_el1] = 0; // the guest's
    world.trap(k_fp_trap);                  // the VMM's
    ASSERT_EQ(world.current(), &world.pd(vmm));
    EXPECT_EQ(machine::fake.fp[0], 0u) << "nobody sees another's";
    EXPECT_EQ(machine::fake[Register::cpacr_el1], k_native_cpacr);
    world.reply_and_receive(vmm);
    EXPECT_EQ(machine::fake[Register::cpacr_el1], 0u);
    world.trap(k_fp_trap);
    EXPECT_EQ(machine::fake.fp[0], 111u);
}

} // namespace
} // namespace kernel::test
