// SPDX-License-Identifier: BSD-2-Clause
// Birth and death of a machine over a fake Microkit, its hypercalls, and hostile guests.
#include "machine_fixture.hpp"
#include "vmm/device_tree.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using kit::FakeVcpu;
using microkit::FaultLabel;
using microkit::SystemRegister;
using testing::HasSubstr;

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

/// A tree of the user's for the machine of the fixture, which keeps a range for others.
std::vector<std::byte> tree_that_reserves(base::GuestRange kept)
{
    const std::array<vmm::MemoryRegion, 1>   ram{{{range(k_ram, k_ram_size), {}}}};
    const std::array<std::uint64_t, 2>       cpus{0, 1};
    const std::array<vmm::ReservedMemory, 1> reserved{
        {{.name = "kept", .range = kept, .compatible = {}}}};
    vmm::DeviceTreeInputs inputs;
    inputs.ram                                 = ram;
    inputs.vcpus                               = cpus;
    inputs.reserved                            = reserved;
    inputs.cpu_compatible                      = "arm,cortex-a53";
    inputs.gic.distributor                     = range(k_distributor, 0x10000);
    inputs.gic.cpu_interface_or_redistributors = range(0x0801'0000, 0x10000);
    std::vector<std::byte> blob(vmm::k_device_tree_room);
    blob.resize(vmm::write_device_tree(blob, inputs).value());
    return blob;
}

TEST_F(MachineTest, ImagesStayOutOfWhatTheUsersTreeReserves)
{
    const std::array<std::byte, 256> initrd{std::byte{0x1f}};
    // Without the tree the initrd would be at the end of RAM.
    const auto kept = range(k_ram + k_ram_size - 0x10'0000, 0x10'0000);
    const auto tree = tree_that_reserves(kept);
    ASSERT_TRUE(machine.boot(
        vmm::Linux{.kernel = kernel_bytes(), .initrd = initrd, .dtb = tree, .cmdline = {}}))
        << fake.debug_output;
    const auto byte_at = [&](std::uint64_t at) {
        return machine.memory().load<std::uint8_t>(GuestPhysical{at});
    };
    EXPECT_EQ(byte_at(kept.end().raw() - 0x10000), 0);
    EXPECT_EQ(byte_at(kept.start().raw() - 0x10000), 0x1f);

    const auto over_kernel = tree_that_reserves(range(k_code, 0x1000));
    EXPECT_FALSE(machine.boot(
        vmm::Linux{.kernel = kernel_bytes(), .initrd = initrd, .dtb = over_kernel, .cmdline = {}}));
    EXPECT_THAT(fake.debug_output,
                HasSubstr("error: the kernel overlaps a reserved range of RAM (0x40080000): move "
                          "the reserved range or the kernel\n"));
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
    fake.vcpu(1).starts = 0;
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
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::stopped);
}

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
