// SPDX-License-Identifier: BSD-2-Clause
// A whole machine over a fake Microkit: what it answers to exits, and at how many system calls.
#include "machine_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using kit::FakeVcpu;
using microkit::FaultLabel;
using microkit::SystemRegister;
using testing::HasSubstr;

// --- Boot and life cycle -------------------------------------------------------------------------

TEST_F(MachineTest, BootsAFlatImage)
{
    boot();
    auto& vcpu = fake.vcpu(0);
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::running);
    EXPECT_EQ(vcpu.pc(), k_ram + 0x80000);
    EXPECT_EQ(vcpu.spsr(), 0x3c5u);
    EXPECT_EQ(vcpu.reg(SystemRegister::vmpidr_el2), 0x8000'0000u);
    EXPECT_EQ(machine.memory().load<std::uint32_t>(GuestPhysical{k_ram + 0x80000}), k_kernel[0]);
    // x0: a device tree.
    EXPECT_EQ(machine.memory().load<std::uint32_t>(GuestPhysical{vcpu.x(0)}), 0xedfe0dd0u);
    EXPECT_EQ(machine.state(), vmm::Machine::State::running);
}

TEST_F(MachineTest, PowerOffStopsEverythingAndTellsTheOwner)
{
    boot();
    EXPECT_FALSE(hypercall(0x8400'0008).resumed);
    EXPECT_EQ(events, std::vector{vmm::Event::powered_off});
    EXPECT_EQ(machine.state(), vmm::Machine::State::off);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::stopped);
    EXPECT_THAT(fake.debug_output, HasSubstr("vmm: guest \"test\" powered off\n"));
}

TEST_F(MachineTest, ResetStartsFromPristineImagesAnyNumberOfTimes)
{
    boot();
    for (unsigned i = 1; i <= 20; ++i) {
        ASSERT_TRUE(machine.memory().store<std::uint32_t>(GuestPhysical{k_ram + 0x80000}, 0));
        fake.vcpu(0).set_x(5, 12345);
        fake.vcpu(0).reg(SystemRegister::sctlr_el1) = 0x30d0'198d;
        EXPECT_FALSE(hypercall(0x8400'0009).resumed);
        EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
        EXPECT_EQ(fake.vcpu(0).pc(), k_ram + 0x80000);
        EXPECT_EQ(fake.vcpu(0).x(5), 0u);
        EXPECT_EQ(fake.vcpu(0).reg(SystemRegister::sctlr_el1) & 1, 0u);
        EXPECT_EQ(machine.memory().load<std::uint32_t>(GuestPhysical{k_ram + 0x80000}),
                  k_kernel[0]);
        EXPECT_EQ(machine.restarts(), i);
    }
}

TEST_F(MachineTest, SecondaryCpusComeAndGo)
{
    boot();
    EXPECT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000, 7).x0, 0u);
    EXPECT_EQ(fake.vcpu(1).run, FakeVcpu::Run::running);
    EXPECT_EQ(fake.vcpu(1).pc(), k_ram + 0x1000);
    EXPECT_EQ(fake.vcpu(1).x(0), 7u);
    EXPECT_EQ(fake.vcpu(1).reg(SystemRegister::vmpidr_el2), 0x8000'0001u);
    EXPECT_FALSE(hypercall(0x8400'0002, 0, 0, 0, 1).resumed);
    EXPECT_EQ(hypercall(0xc400'0004, 1).x0, 1u);
    EXPECT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000).x0, 0u);
    EXPECT_EQ(fake.vcpu(1).starts, 2u);
}

TEST_F(MachineTest, APausedGuestSeesNoJumpOfItsClock)
{
    boot();
    counter.now = 5000;
    machine.pause();
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::stopped);
    counter.now = 9000;
    machine.resume();
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    EXPECT_EQ(fake.vcpu(0).reg(SystemRegister::cntvoff_el2), 4000u);
}

TEST_F(MachineTest, APauseInsideAHypercallLosesNoAnswer)
{
    boot();
    on_event = [](vmm::Machine& m, vmm::Event) { m.stop(); };
    EXPECT_FALSE(hypercall(0x8400'0009).resumed); // stopped instead of reset
    EXPECT_EQ(machine.state(), vmm::Machine::State::off);
    EXPECT_EQ(machine.restarts(), 0u);
}

TEST_F(MachineTest, ConfigurationErrorsAreOneMessageEach)
{
    ram_size = 0;
    EXPECT_FALSE(machine.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_THAT(fake.debug_output, HasSubstr("error: a region of guest RAM is empty"));
}

TEST_F(MachineTest, AVcpuThatTheDescriptionLacksIsFoundAtBoot)
{
    fake.reset();
    fake.add_vcpu(0);
    EXPECT_FALSE(machine.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_THAT(fake.debug_output,
                HasSubstr("error: the system description has no such vCPU (0x1): add a <vcpu>"));
}

TEST_F(MachineTest, AKernelThatIsTooLargeIsRefused)
{
    const std::vector<std::byte> huge(9 << 20);
    EXPECT_FALSE(machine.boot(vmm::Image{.bytes = huge}));
    EXPECT_THAT(fake.debug_output, HasSubstr("vmm: guest \"test\": error: "));
    EXPECT_EQ(fake.vcpu(0).starts, 0u);
}

// --- Hypercalls ----------------------------------------------------------------------------------

TEST_F(MachineTest, AHypercallCostsNoSystemCall)
{
    boot();
    fake.system_calls.clear();
    const auto answer = hypercall(0x8400'0000);
    EXPECT_TRUE(answer.resumed);
    EXPECT_EQ(answer.info.label(), 0u);
    EXPECT_EQ(answer.info.count(), 9u);
    EXPECT_EQ(answer.x0, 0x1'0001u);
    EXPECT_EQ(microkit::message_word(7), 107u); // x4..x7 are preserved
    EXPECT_EQ(microkit::message_word(8), k_pc + 4);
    EXPECT_EQ(fake.total_system_calls(), 0u);
}

TEST_F(MachineTest, TheOtherConduitGivesTheSameAnswers)
{
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = k_pc;
    vcpu.set_x(0, 0x8400'0000);
    vcpu.set_x(4, 44);
    fake.system_calls.clear();
    EXPECT_TRUE(fault(FaultLabel::vcpu, {0x17ULL << 26}));
    EXPECT_EQ(vcpu.x(0), 0x1'0001u);
    EXPECT_EQ(vcpu.x(4), 44u);
    EXPECT_EQ(vcpu.pc(), k_pc + 4);
    EXPECT_EQ(vcpu.spsr(), 0x3c5u);
    EXPECT_EQ(fake.total_system_calls(), 2u);
}

TEST_F(MachineTest, AnUnluckyHypercallIsAnsweredThroughTheRegisters)
{
    // On seL4 x7 = -1 is the number of a kernel call, which fails for want of a capability.
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = k_pc;
    vcpu.set_x(0, 0x8400'0000);
    vcpu.set_x(7, ~0ULL);
    EXPECT_TRUE(fault(FaultLabel::capability, {k_pc, 0, 0, 2}));
    EXPECT_EQ(vcpu.x(0), 0x1'0001u);
    EXPECT_EQ(vcpu.x(7), ~0ULL);
    EXPECT_EQ(vcpu.pc(), k_pc + 4);
}

// --- Memory accesses -----------------------------------------------------------------------------

TEST_F(MachineTest, ADistributorReadCostsTwoSystemCalls)
{
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = k_pc;
    fake.system_calls.clear();
    EXPECT_TRUE(data_abort(k_distributor + 4, load(2, 3))); // GICD_TYPER
    EXPECT_EQ(vcpu.x(3) & 0x1f, 4u);                        // (4 + 1) * 32 interrupts
    EXPECT_EQ(vcpu.pc(), k_pc + 4);
    EXPECT_EQ(fake.total_system_calls(), 2u);
}

TEST_F(MachineTest, AWriteOfZeroRegisterNeedsNoRead)
{
    boot();
    fake.vcpu(0).pc() = k_pc;
    fake.system_calls.clear();
    EXPECT_TRUE(data_abort(k_distributor, store(2, 31)));
    EXPECT_EQ(fake.system_calls["vcpu_read_registers"], 0u);
    EXPECT_EQ(fake.total_system_calls(), 1u);
    EXPECT_TRUE(data_abort(k_distributor + 4, load(2, 31))); // to XZR: nothing to keep
    EXPECT_EQ(fake.total_system_calls(), 2u);
}

TEST_F(MachineTest, DevicesSeeOffsetSizeAndValue)
{
    RecordingDevice device;
    machine.attach(device, range(0x0a00'0000, 0x1000));
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.set_x(20, 0x1122'3344'5566'7788);
    EXPECT_TRUE(data_abort(0x0a00'0010, store(0, 20)));
    EXPECT_TRUE(data_abort(0x0a00'0018, store(3, 20)));
    EXPECT_EQ(device.log,
              (std::vector<std::string>{"write 1 at 16: 88", "write 8 at 24: 1122334455667788"}));
    device.value = 0x8001;
    EXPECT_TRUE(data_abort(0x0a00'0020, load(1, 9, true)));
    EXPECT_EQ(vcpu.x(9), 0xffff'8001u);
    // Beyond the end, and across it.
    EXPECT_FALSE(data_abort(0x0a00'1000, load(2, 0)));
}

TEST_F(MachineTest, IgnoredRangesReadZero)
{
    machine.ignore(range(0x0b00'0000, 0x1000));
    boot();
    fake.vcpu(0).set_x(1, 99);
    EXPECT_TRUE(data_abort(0x0b00'0000, load(3, 1)));
    EXPECT_EQ(fake.vcpu(0).x(1), 0u);
    EXPECT_TRUE(data_abort(0x0b00'0000, store(3, 1)));
}

TEST_F(MachineTest, AStrayAccessStopsTheGuestWithAReport)
{
    boot();
    EXPECT_FALSE(data_abort(0x0c00'0004, load(2, 0)));
    EXPECT_EQ(machine.state(), vmm::Machine::State::off);
    EXPECT_EQ(events, std::vector{vmm::Event::stopped});
    EXPECT_THAT(fake.debug_output,
                HasSubstr("vmm: guest \"test\" stopped: vCPU 0 read 4 bytes at 0x0c000004"));
    EXPECT_THAT(fake.debug_output, HasSubstr("guest PC 0xffff800008010000"));
    EXPECT_THAT(fake.debug_output, HasSubstr("no node of its device tree covers the address"));
    EXPECT_THAT(fake.debug_output, HasSubstr("ways out: map the device"));
}

TEST_F(MachineTest, TheReportNamesTheDeviceTreeNode)
{
    machine.describe({.name       = "serial",
                      .compatible = {"arm,pl011"},
                      .registers  = {range(0x0900'0000, 0x1000)},
                      .interrupts = {},
                      .clocks     = {},
                      .properties = {},
                      .alias      = {}});
    boot();
    EXPECT_FALSE(data_abort(0x0900'0018, load(2, 0)));
    EXPECT_THAT(fake.debug_output, HasSubstr("serial@9000000"));
}

TEST_F(MachineTest, AStrayAccessCanBeIgnoredOrAborted)
{
    on_stray = [](vmm::Machine&, const vmm::StrayAccess&) { return vmm::StrayPolicy::ignore; };
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = k_pc;
    EXPECT_TRUE(data_abort(0x0c00'0004, load(2, 0)));
    EXPECT_EQ(vcpu.x(0), 0u);
    EXPECT_EQ(vcpu.pc(), k_pc + 4);

    on_stray  = [](vmm::Machine&, const vmm::StrayAccess&) { return vmm::StrayPolicy::abort; };
    vcpu.pc() = k_pc;
    vcpu.reg(SystemRegister::vbar_el1) = 0xffff'8000'0802'0000;
    EXPECT_TRUE(data_abort(0x0c00'0004, store(2, 0)));
    EXPECT_EQ(vcpu.pc(), 0xffff'8000'0802'0200u); // current EL with SPx, synchronous
    EXPECT_EQ(vcpu.reg(SystemRegister::elr_el1), k_pc);
    EXPECT_EQ(vcpu.reg(SystemRegister::spsr_el1), 0x3c5u);
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 0x9600'0450u); // external abort, FnV, WnR
}

TEST_F(MachineTest, AFetchFromNowhereAborts)
{
    on_stray = [](vmm::Machine&, const vmm::StrayAccess&) { return vmm::StrayPolicy::abort; };
    boot();
    auto& vcpu                         = fake.vcpu(0);
    vcpu.pc()                          = 0x0c00'0000;
    vcpu.spsr()                        = 0; // EL0
    vcpu.reg(SystemRegister::vbar_el1) = 0x4000'0800;
    EXPECT_TRUE(fault(FaultLabel::memory, {0x0c00'0000, 0x0c00'0000, 1, 0x8200'0007}));
    EXPECT_EQ(vcpu.pc(), 0x4000'0c00u);
    EXPECT_EQ(vcpu.reg(SystemRegister::far_el1), 0x0c00'0000u);
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 0x8200'0010u);
}

// --- Accesses that only the instruction describes
// --------------------------------------------------

TEST_F(MachineTest, PairsAreCarriedOutByTheirInstruction)
{
    RecordingDevice device;
    machine.attach(device, range(0x0a00'0000, 0x1000));
    boot();
    auto& vcpu   = fake.vcpu(0);
    device.value = 0x55;
    vcpu.set_x(2, 0x0a00'0040);
    run_undescribed(0x28c1'0444); // ldp w4, w1, [x2], #8
    EXPECT_EQ(vcpu.x(4), 0x55u);
    EXPECT_EQ(vcpu.x(1), 0x55u);
    EXPECT_EQ(vcpu.x(2), 0x0a00'0048u);
    EXPECT_EQ(vcpu.pc(), k_ram + 0x80004);
    EXPECT_EQ(device.log, (std::vector<std::string>{"read 4 at 64", "read 4 at 68"}));
}

TEST_F(MachineTest, StoresThroughTheStackPointer)
{
    RecordingDevice device;
    machine.attach(device, range(0x0a00'0000, 0x1000));
    boot();
    auto& vcpu                       = fake.vcpu(0);
    vcpu.reg(SystemRegister::sp_el1) = 0x0a00'0110;
    vcpu.set_x(29, 0xaa);
    vcpu.set_x(30, 0xbb);
    run_undescribed(0xa9bf'7bfd); // stp x29, x30, [sp, #-16]!
    EXPECT_EQ(device.log, (std::vector<std::string>{"write 8 at 256: aa", "write 8 at 264: bb"}));
    EXPECT_EQ(vcpu.reg(SystemRegister::sp_el1), 0x0a00'0100u);
}

TEST_F(MachineTest, BlocksAreZeroed)
{
    RecordingDevice device;
    machine.attach(device, range(0x0a00'0000, 0x1000));
    boot();
    fake.vcpu(0).set_x(3, 0x0a00'0077);
    run_undescribed(0xd50b'7423); // dc zva, x3
    ASSERT_EQ(device.log.size(), 8u);
    EXPECT_EQ(device.log.front(), "write 8 at 64: 0");
    EXPECT_EQ(device.log.back(), "write 8 at 120: 0");
}

TEST_F(MachineTest, APairMayBeginInMemory)
{
    RecordingDevice device;
    machine.attach(device, range(k_ram + k_ram_size, 0x1000));
    boot();
    device.value = 7;
    ASSERT_TRUE(machine.memory().store<std::uint64_t>(GuestPhysical{k_ram + k_ram_size - 8}, 5));
    fake.vcpu(0).set_x(2, k_ram + k_ram_size - 8);
    run_undescribed(0xa940'0440); // ldp x0, x1, [x2]
    EXPECT_EQ(fake.vcpu(0).x(0), 5u);
    EXPECT_EQ(fake.vcpu(0).x(1), 7u);
}

TEST_F(MachineTest, AnUnalignedDeviceAccessIsTheGuestsFault)
{
    RecordingDevice device;
    machine.attach(device, range(0x0a00'0000, 0x1000));
    boot();
    auto& vcpu                         = fake.vcpu(0);
    vcpu.reg(SystemRegister::vbar_el1) = 0x4000'0800;
    vcpu.set_x(1, 0x0a00'0002);
    vcpu.pc() = k_ram + 0x80000;
    ASSERT_TRUE(machine.memory().store<std::uint32_t>(GuestPhysical{k_ram + 0x80000},
                                                      0xb940'0020)); // ldr w0, [x1]
    EXPECT_TRUE(fault(FaultLabel::memory, {k_ram + 0x80000, 0x0a00'0002, 0, load(2, 0)}));
    EXPECT_TRUE(device.log.empty());
    EXPECT_EQ(vcpu.pc(), 0x4000'0a00u);
    EXPECT_EQ(vcpu.reg(SystemRegister::far_el1), 0x0a00'0002u);
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 0x9600'0021u);
}

TEST_F(MachineTest, WhatCannotBeEmulatedIsReported)
{
    boot();
    fake.vcpu(0).pc() = k_ram + 0x80000;
    ASSERT_TRUE(machine.memory().store<std::uint32_t>(GuestPhysical{k_ram + 0x80000}, 0x3dc0'0020));
    EXPECT_FALSE(fault(FaultLabel::memory, {k_ram + 0x80000, 0x0c00'0000, 0, 0x9200'0007}));
    EXPECT_THAT(fake.debug_output, HasSubstr("an instruction that cannot be emulated"));
}

// --- Waiting -------------------------------------------------------------------------------------

TEST_F(MachineTest, AWaitingVcpuIsParkedUntilItsTimerIsDue)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    auto& vcpu                              = fake.vcpu(0);
    counter.now                             = 10'000;
    vcpu.reg(SystemRegister::cntv_cval_el0) = 10'100;
    vcpu.reg(SystemRegister::cntv_ctl_el0)  = 1;
    vcpu.run                                = FakeVcpu::Run::faulted;
    fake.system_calls.clear();
    EXPECT_FALSE(wfi());
    EXPECT_EQ(timeouts, std::vector<std::uint64_t>{1600});
    EXPECT_EQ(fake.total_system_calls(), 2u); // the compare value, and the timer driver

    counter.now = 10'050;
    notify(2); // early
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::faulted);
    EXPECT_EQ(timeouts.back(), 800u);
    counter.now = 10'100;
    notify(2);
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::running); // the WFI runs again and finds its interrupt
}

TEST_F(MachineTest, ADueTimerDoesNotPark)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    counter.now                                     = 10'000;
    fake.vcpu(0).reg(SystemRegister::cntv_cval_el0) = 9'000;
    fake.vcpu(0).reg(SystemRegister::cntv_ctl_el0)  = 1;
    EXPECT_TRUE(wfi());
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

// --- System registers ----------------------------------------------------------------------------

TEST_F(MachineTest, DebugAndPmuRegistersAreHollow)
{
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = k_pc;
    vcpu.set_x(3, 77);
    EXPECT_TRUE(sysreg({3, 3, 9, 12, 0}, 3, true)); // mrs x3, pmcr_el0
    EXPECT_EQ(vcpu.x(3), 0u);
    EXPECT_EQ(vcpu.pc(), k_pc + 4);
    EXPECT_TRUE(sysreg({2, 0, 0, 2, 2}, 3, false)); // msr mdscr_el1, x3
    EXPECT_EQ(vcpu.pc(), k_pc + 8);
    EXPECT_TRUE(sysreg({2, 0, 1, 1, 4}, 31, true)); // mrs xzr, oslsr_el1
    EXPECT_EQ(vcpu.pc(), k_pc + 12);
}

TEST_F(MachineTest, UnknownRegistersAreUndefined)
{
    boot();
    auto& vcpu                         = fake.vcpu(0);
    vcpu.pc()                          = k_pc;
    vcpu.reg(SystemRegister::vbar_el1) = 0x4000'0800;
    EXPECT_TRUE(sysreg({3, 0, 15, 2, 0}, 3, true));
    EXPECT_EQ(vcpu.pc(), 0x4000'0a00u);
    EXPECT_EQ(vcpu.reg(SystemRegister::elr_el1), k_pc);
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 0x0200'0000u);
}

// --- Several machines, hostile exits -------------------------------------------------------------

TEST_F(MachineTest, TwoMachinesLiveSideBySide)
{
    boot();
    static vmm::Machine other{
        vmm::MachineConfig{.name       = "other",
                           .ram        = {vmm::ram(&other_ram_address, 0x8000'0000, &ram_size)},
                           .vcpus      = 1,
                           .platform   = k_platform,
                           .first_vcpu = 10}};
    fake.add_vcpu(10);
    ASSERT_TRUE(other.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_FALSE(hypercall(0x8400'0008, 0, 0, 0, 10).resumed);
    EXPECT_EQ(other.state(), vmm::Machine::State::off);
    EXPECT_EQ(machine.state(), vmm::Machine::State::running);
    EXPECT_EQ(hypercall(0x8400'0000).x0, 0x1'0001u);
}

TEST_F(MachineTest, NothingAGuestDoesStopsTheVmm)
{
    RecordingDevice device;
    machine.attach(device, range(0x0a00'0000, 0x1000));
    machine.wake_by(microkit::Channel{2});
    on_stray = [](vmm::Machine& m, const vmm::StrayAccess& access) {
        (void)m;
        return access.address.raw() % 2 == 0 ? vmm::StrayPolicy::abort : vmm::StrayPolicy::ignore;
    };
    fake.debug_output.clear();
    boot();
    std::uint64_t seed = 7;
    const auto    next = [&] { return seed = seed * 6364136223846793005 + 1442695040888963407; };
    const auto    pick = [&](std::initializer_list<std::uint64_t> values) {
        return values.begin()[(next() >> 33) % values.size()];
    };
    for (unsigned i = 0; i < 200'000; ++i) {
        const unsigned id   = (next() >> 40) & 1;
        auto&          vcpu = fake.vcpu(id);
        for (auto& word : vcpu.registers) {
            word = pick({next(), next() & 0xffff'ffff, k_ram + (next() & 0xff'ffff), 0x0a00'0000,
                         k_distributor, 0x8400'0000 + (next() & 0x1f), 0xc400'0003, 1});
        }
        vcpu.reg(SystemRegister::sctlr_el1) = next() & 1;
        vcpu.reg(SystemRegister::tcr_el1)   = next();
        vcpu.reg(SystemRegister::ttbr0_el1) = k_ram + (next() & 0x7f'f000);
        const auto    address = pick({k_distributor + (next() >> 52), 0x0a00'0000 + (next() >> 52),
                                      next(), k_ram + (next() >> 40)});
        const auto    label   = (next() >> 40) % 11;
        std::uint64_t word0   = pick({k_ram + 0x80000 + (next() >> 58), next(), 27, 3, ~0ULL,
                                      0x5e00'0000, 0x0400'0000, (0x18ULL << 26) | (next() >> 39)});
        (void)fault(static_cast<FaultLabel>(label),
                    {word0, address, next() & 1,
                     pick({(0x24ULL << 26) | (next() >> 39), load(2, 3), store(3, 9)}), next(),
                     next(), next(), next(), next(), next(), next(), next(), next()},
                    id);
        fake.end_of_entry_point();
        counter.now += next() >> 54;
        notify(2);
        if (machine.state() == vmm::Machine::State::off) {
            ASSERT_TRUE(machine.restart());
        }
        fake.injections.clear();
        fake.debug_output.clear();
        device.log.clear();
    }
}

} // namespace
