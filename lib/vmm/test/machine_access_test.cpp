// SPDX-License-Identifier: BSD-2-Clause
// A machine over a fake Microkit: memory accesses, emulated instructions, system registers.
#include "machine_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using kit::FakeVcpu;
using microkit::FaultLabel;
using microkit::SystemRegister;
using testing::HasSubstr;

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

TEST_F(MachineTest, InstructionsOf32BitProgramsAreNotTakenForOthers)
{
    boot();
    fake.vcpu(0).pc()   = k_ram + 0x80000;
    fake.vcpu(0).spsr() = 0x10; // AArch32 User mode
    ASSERT_TRUE(machine.memory().store<std::uint32_t>(GuestPhysical{k_ram + 0x80000}, 0xa940'0440));
    EXPECT_FALSE(fault(FaultLabel::memory, {k_ram + 0x80000, 0x0c00'0000, 0, 0x9200'0007}));
    EXPECT_THAT(fake.debug_output, HasSubstr("an instruction that cannot be emulated"));
}

TEST_F(MachineTest, WhatCannotBeEmulatedIsReported)
{
    boot();
    fake.vcpu(0).pc() = k_ram + 0x80000;
    ASSERT_TRUE(machine.memory().store<std::uint32_t>(GuestPhysical{k_ram + 0x80000}, 0x3dc0'0020));
    EXPECT_FALSE(fault(FaultLabel::memory, {k_ram + 0x80000, 0x0c00'0000, 0, 0x9200'0007}));
    EXPECT_THAT(fake.debug_output, HasSubstr("an instruction that cannot be emulated"));
}

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

} // namespace
