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
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1),
              0x9600'0450u); // external abort, FnV (its code is not in RAM), WnR
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

TEST_F(MachineTest, AnAbortNamesTheVirtualAddress)
{
    on_stray = [](vmm::Machine&, const vmm::StrayAccess&) { return vmm::StrayPolicy::abort; };
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = k_code;
    vcpu.set_x(1, 0x0c00'0000);
    ASSERT_TRUE(machine.memory().store<std::uint32_t>(GuestPhysical{k_code},
                                                      0xb940'0420)); // ldr w0, [x1, #4]
    EXPECT_TRUE(fault(FaultLabel::memory, {k_code, 0x0c00'0004, 0, load(2, 0)}));
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 0x9600'0010u);
    EXPECT_EQ(vcpu.reg(SystemRegister::far_el1), 0x0c00'0004u);
}

TEST_F(MachineTest, TablesThatAreNowhereAbortTheWalk)
{
    on_stray = [](vmm::Machine&, const vmm::StrayAccess&) { return vmm::StrayPolicy::abort; };
    boot();
    // The code is mapped; what it reads has a level 2 table at 0x0c00'0000, where nothing is.
    auto& vcpu                          = fake.vcpu(0);
    vcpu.reg(SystemRegister::sctlr_el1) = 1;
    vcpu.reg(SystemRegister::tcr_el1)   = 32;
    vcpu.reg(SystemRegister::ttbr0_el1) = k_ram;
    ASSERT_TRUE(machine.memory().store<std::uint64_t>(GuestPhysical{k_ram + 8}, k_ram | 0x401));
    ASSERT_TRUE(machine.memory().store<std::uint64_t>(GuestPhysical{k_ram + 16}, 0x0c00'0003));
    ASSERT_TRUE(machine.memory().store<std::uint32_t>(GuestPhysical{k_code},
                                                      0xb940'0420)); // ldr w0, [x1, #4]
    vcpu.pc() = k_code;
    vcpu.set_x(1, 0x8000'0010);
    EXPECT_TRUE(fault(FaultLabel::memory, {k_code, 0x0c00'0000, 0, 0x9200'0087}));
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 0x9600'0016u); // external abort on a walk, level 2
    EXPECT_EQ(vcpu.reg(SystemRegister::far_el1), 0x8000'0014u);
    // The same for a fetch.
    vcpu.pc()   = 0x8000'0000;
    vcpu.spsr() = 0x3c5;
    EXPECT_TRUE(fault(FaultLabel::memory, {0x8000'0000, 0x0c00'0000, 1, 0x8200'0087}));
    EXPECT_EQ(vcpu.reg(SystemRegister::esr_el1), 0x8600'0016u);
    EXPECT_EQ(vcpu.reg(SystemRegister::far_el1), 0x8000'0000u);
}

TEST_F(MachineTest, StateAtAVectorIsWhatTheArchitectureSays)
{
    boot();
    auto&      vcpu      = fake.vcpu(0);
    const auto at_vector = [&](std::uint64_t sctlr, std::uint64_t before) {
        vcpu.reg(SystemRegister::sctlr_el1) = sctlr;
        vcpu.reg(SystemRegister::vbar_el1)  = 0x4000'0fff; // its low bits are reserved
        vcpu.spsr()                         = before;
        EXPECT_TRUE(sysreg({3, 0, 15, 2, 0}, 3, true));
        EXPECT_EQ(vcpu.reg(SystemRegister::spsr_el1), before);
        return vcpu.spsr();
    };
    constexpr std::uint64_t k_span = 1 << 23;
    EXPECT_EQ(at_vector(k_span, 0xf000'0005), 0xf000'03c5u); // NZCV stay
    EXPECT_EQ(vcpu.pc(), 0x4000'0a00u);
    EXPECT_EQ(at_vector(k_span, 0x0040'0005), 0x0040'03c5u); // PAN stays
    EXPECT_EQ(at_vector(0, 0x0000'0005), 0x0040'03c5u);      // PAN set, for want of SPAN
    EXPECT_EQ(at_vector(k_span, 0x0380'1c04), 0x0100'03c5u); // DIT stays; UAO, TCO, SSBS, BTYPE go
    EXPECT_EQ(vcpu.pc(), 0x4000'0800u);                      // from EL1 with SP_EL0
    EXPECT_EQ(at_vector(k_span | 1ULL << 44, 0x0030'0000),
              0x0000'13c5u);            // SSBS as DSSBS; IL, SS go
    EXPECT_EQ(vcpu.pc(), 0x4000'0c00u); // from EL0
}

TEST_F(MachineTest, DataOfABigEndianGuest)
{
    static RecordingDevice device;
    static vmm::Machine    other{
        vmm::MachineConfig{.name       = "big",
                              .ram        = {vmm::ram(&other_ram_address, 0x8000'0000, &ram_size)},
                              .vcpus      = 1,
                              .platform   = k_platform,
                              .first_vcpu = 10,
                              .big_endian_data = true}};
    fake.add_vcpu(10);
    other.attach(device, range(0x0a00'0000, 0x1000));
    ASSERT_TRUE(other.boot(vmm::Image{.bytes = kernel_bytes()}));
    auto&      vcpu   = fake.vcpu(10);
    const auto access = [&](std::uint64_t syndrome) {
        EXPECT_TRUE(fault(FaultLabel::memory, {k_pc, 0x0a00'0000, 0, syndrome}, 10));
    };
    vcpu.set_x(2, 0x1122'3344'5566'7788);
    vcpu.reg(SystemRegister::sctlr_el1) = 1 << 25; // EE
    access(store(1, 2));
    access(store(3, 2));
    EXPECT_EQ(device.log,
              (std::vector<std::string>{"write 2 at 0: 8877", "write 8 at 0: 8877665544332211"}));
    device.value = 0x1234'5678;
    access(load(2, 3));
    EXPECT_EQ(vcpu.x(3), 0x7856'3412u);
    vcpu.spsr() = 0; // EL0, of which E0E speaks
    access(load(2, 3));
    EXPECT_EQ(vcpu.x(3), 0x1234'5678u);
    vcpu.reg(SystemRegister::sctlr_el1) = 1 << 24;
    access(load(1, 3));
    EXPECT_EQ(vcpu.x(3), 0x7856u);
}

} // namespace
