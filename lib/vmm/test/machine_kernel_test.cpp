// SPDX-License-Identifier: BSD-2-Clause
// What a machine makes of calls that only some kernels have, and of doing without.
#include "machine_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using microkit::FaultLabel;
using microkit::SystemRegister;
using testing::HasSubstr;

constexpr std::uint64_t k_sgir    = 0xf00;
constexpr std::uint64_t k_ispendr = 0x200;

class KernelTest : public MachineTest {
protected:
    /// Both vCPUs run, and vCPU 1 has sent SGI 3 to vCPU 0.
    void send_from_vcpu1(vmm::Machine& to)
    {
        ASSERT_TRUE(to.boot(vmm::Image{.bytes = kernel_bytes()}));
        ASSERT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000, 7).x0, 0u);
        enable_interrupt(40);
        fake.vcpu(1).set_x(1, 1U << 16 | 3);
        ASSERT_TRUE(fault(FaultLabel::memory, {k_pc, k_distributor + k_sgir, 0, store(2, 1)}, 1));
    }
    std::uint64_t read_distributor(std::uint64_t offset)
    {
        EXPECT_TRUE(data_abort(k_distributor + offset, load(2, 2)));
        return fake.vcpu(0).x(2);
    }
};

TEST_F(KernelTest, WithPicokitTheGuestSeesWhoSentAnSgi)
{
    fake.has_picokit = true;
    send_from_vcpu1(machine);
    const auto& entry = fake.vcpu(0).list_registers[0];
    EXPECT_EQ(entry.interrupt.intid, 3u);
    EXPECT_EQ(entry.sender, 1u);
    EXPECT_EQ(fake.system_calls["vcpu_list_register"], 1u) << "at boot, to find out";

    EXPECT_EQ(read_distributor(k_ispendr), 8u);
    fake.vcpu(0).list_registers[0].pending = false;
    fake.vcpu(0).list_registers[0].active  = true;
    EXPECT_EQ(read_distributor(k_ispendr), 0u);
}

TEST_F(KernelTest, OnSeL4ItIsTheFirst)
{
    send_from_vcpu1(machine);
    EXPECT_EQ(fake.vcpu(0).list_registers[0].sender, 0u);
}

TEST_F(KernelTest, AMachineCanBeToldToDoWithout)
{
    fake.has_picokit = true;
    vmm::Machine portable{{.name         = "portable",
                           .ram          = {vmm::ram(&ram_address, k_ram, &ram_size)},
                           .vcpus        = 2,
                           .platform     = k_platform,
                           .kernel_calls = vmm::KernelCalls::portable}};
    send_from_vcpu1(portable);
    EXPECT_EQ(fake.vcpu(0).list_registers[0].sender, 0u);
    fake.vcpu(0).list_registers[0].pending = false;
    fake.vcpu(0).list_registers[0].active  = true;
    EXPECT_EQ(read_distributor(k_ispendr), 8u) << "as far as it knows";
    EXPECT_TRUE(portable.restart());
    EXPECT_EQ(fake.system_calls["vcpu_list_register"], 0u);
    EXPECT_EQ(fake.system_calls["vcpu_reset"], 0u);
    vmm::dispatcher.reset();
}

TEST_F(KernelTest, ARestartFromWithinAHandlerLeavesNothingInListRegisters)
{
    fake.has_picokit = true;
    send_from_vcpu1(machine);
    fake.vcpu(0).list_registers[0].pending     = false;
    fake.vcpu(0).list_registers[0].active      = true;
    fake.vcpu(0).reg(SystemRegister::vbar_el1) = 0x1234;
    EXPECT_FALSE(hypercall(0x8400'0009).resumed);
    EXPECT_EQ(fake.vcpu(0).resets, 1u);
    EXPECT_EQ(fake.vcpu(0).interface_resets, 1u);
    EXPECT_EQ(fake.vcpu(1).interface_resets, 1u);
    EXPECT_FALSE(fake.vcpu(0).list_registers[0].active);
    EXPECT_EQ(fake.vcpu(0).reg(SystemRegister::vbar_el1), 0u);
    EXPECT_EQ(fake.vcpu(0).reg(SystemRegister::vmpidr_el2), 0x8000'0000u);
    EXPECT_EQ(machine.gic().state().vcpus[0].stale, 0u);
}

TEST_F(KernelTest, AGicv2sCpuInterfaceOutlivesItsCpu)
{
    fake.has_picokit = true;
    boot();
    ASSERT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000).x0, 0u);
    ASSERT_FALSE(hypercall(0x8400'0002, 0, 0, 0, 1).resumed);
    ASSERT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000).x0, 0u);
    EXPECT_EQ(fake.vcpu(1).resets, 1u);
    EXPECT_EQ(fake.vcpu(1).interface_resets, 0u);
}

/// Both kernels: the timer's line goes down with the CPU's reset.
TEST_F(KernelTest, ATimerThatFiredBeforeItsCpuWentOffIsNotPendingAfterwards)
{
    constexpr std::uint64_t k_timer = 1U << 27;
    for (const bool picokit : {false, true}) {
        fake.has_picokit = picokit;
        boot();
        ASSERT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000).x0, 0u);
        fake.vcpu(1).reg(SystemRegister::cntv_ctl_el0)  = 1;
        fake.vcpu(1).reg(SystemRegister::cntv_cval_el0) = 0;
        ASSERT_TRUE(fault(FaultLabel::ppi, {27}, 1)); // disabled in the distributor
        ASSERT_FALSE(hypercall(0x8400'0002, 0, 0, 0, 1).resumed);
        ASSERT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000).x0, 0u);
        fake.injections.clear();
        enable_interrupt(40);
        fake.vcpu(1).set_x(1, k_timer);
        ASSERT_TRUE(fault(FaultLabel::memory, {k_pc, k_distributor + 0x100, 0, store(2, 1)}, 1));
        EXPECT_TRUE(fake.injections.empty());
        EXPECT_EQ(fake.ppi_acknowledgements.back(), 27u);
    }
}

TEST_F(KernelTest, VcpusAboveTheVmmArePutBelowIt)
{
    fake.priority         = 80;
    fake.vcpu(1).priority = 80; // an equal is left alone
    boot();
    EXPECT_EQ(fake.vcpu(0).priority, 79u);
    EXPECT_EQ(fake.vcpu(1).priority, 80u);
    EXPECT_THAT(fake.debug_output, HasSubstr("its vCPUs had a higher priority than the VMM that "
                                             "they wait for; now it is 79\n"));
    EXPECT_EQ(fake.vcpu(0).pc(), k_ram + 0x80000);
    EXPECT_EQ(fake.vcpu(1).run, kit::FakeVcpu::Run::stopped);
    EXPECT_NE(machine.memory().load<std::uint32_t>(GuestPhysical{k_ram}), 0xd280'0020u)
        << "nothing is left of the stub";
}

TEST_F(KernelTest, VcpusBelowTheVmmStayWhereTheyAre)
{
    boot();
    EXPECT_EQ(fake.system_calls["vcpu_set_priority"], 0u);
    EXPECT_EQ(fake.vcpu(0).priority, 100u);
}

TEST_F(KernelTest, AVmmOfTheLowestPrioritySharesItWithItsVcpus)
{
    fake.priority = 0;
    boot();
    EXPECT_EQ(fake.vcpu(0).priority, 0u);
    EXPECT_EQ(fake.vcpu(1).priority, 0u);
}

} // namespace
