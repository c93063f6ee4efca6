// SPDX-License-Identifier: BSD-2-Clause
// A machine over a fake Microkit: pause, resume, stop and restart, from everywhere.
#include "machine_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using namespace machine_test;
using kit::FakeVcpu;
using microkit::FaultLabel;
using microkit::SystemRegister;
using State = vmm::Machine::State;
using testing::HasSubstr;

class LifeCycle : public MachineTest {
protected:
    /// A vCPU waits with its timer armed for `deadline` (of its own clock).
    void wait_until(std::uint64_t deadline, unsigned child = 0)
    {
        auto& vcpu                              = fake.vcpu(child);
        vcpu.reg(SystemRegister::cntv_cval_el0) = deadline;
        vcpu.reg(SystemRegister::cntv_ctl_el0)  = 1;
        vcpu.run                                = FakeVcpu::Run::faulted;
        vcpu.pc()                               = k_pc;
        EXPECT_FALSE(fault(FaultLabel::vcpu, {0x0600'0000}, child));
    }
    std::uint64_t virtual_count(unsigned child = 0)
    {
        return counter.now - fake.vcpu(child).reg(SystemRegister::cntvoff_el2);
    }
};

TEST_F(LifeCycle, ARestartFindsZeroedRam)
{
    boot();
    ASSERT_TRUE(machine.memory().store(GuestPhysical{k_ram + 0x10'0000}, 0x1234));
    ASSERT_TRUE(machine.memory().store(GuestPhysical{k_ram + k_ram_size - 4}, 0x1234));
    ASSERT_TRUE(machine.restart());
    EXPECT_EQ(machine.memory().load<int>(GuestPhysical{k_ram + 0x10'0000}), 0);
    EXPECT_EQ(machine.memory().load<int>(GuestPhysical{k_ram + k_ram_size - 4}), 0);
    EXPECT_EQ(machine.memory().load<std::uint32_t>(GuestPhysical{k_code}), k_kernel[0]);
}

TEST_F(LifeCycle, EveryRegisterIsAsAtTheFirstStart)
{
    boot();
    auto&      vcpu    = fake.vcpu(0);
    const auto general = vcpu.registers;
    auto       system  = vcpu.system;
    system[0]          = 0x34d5'8820; // what a kernel gives a fresh vCPU
    vcpu.registers.fill(77);
    vcpu.system.fill(77);
    ASSERT_TRUE(machine.restart());
    EXPECT_EQ(vcpu.registers, general);
    EXPECT_EQ(vcpu.system, system);
}

TEST_F(LifeCycle, EveryRegisterIsSoWhenTheDomainItselfIsRestarted)
{
    boot();
    auto&      vcpu    = fake.vcpu(0);
    const auto general = vcpu.registers;
    auto       system  = vcpu.system;
    system[0]          = 0x34d5'8820;
    vcpu.registers.fill(77);
    vcpu.system.fill(77);
    // What a parent's restart leaves of the domain: nothing. The vCPU runs on.
    vmm::dispatcher.reset();
    vmm::Machine next{vmm::MachineConfig{.name     = "next",
                                         .ram      = {vmm::ram(&ram_address, k_ram, &ram_size)},
                                         .vcpus    = 2,
                                         .platform = k_platform,
                                         .may_be_restarted = true}};
    ASSERT_TRUE(next.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_EQ(vcpu.registers, general);
    EXPECT_EQ(vcpu.system, system);
}

TEST_F(LifeCycle, AThousandRestartsFromAnEvent)
{
    on_event = [](vmm::Machine& m, vmm::Event) { EXPECT_TRUE(m.restart()); };
    boot();
    for (unsigned i = 0; i < 250; ++i) {
        EXPECT_FALSE(hypercall(0x8400'0008).resumed);      // off
        EXPECT_FALSE(hypercall(0x8400'0009).resumed);      // reset
        EXPECT_FALSE(data_abort(0x0c00'0004, load(2, 0))); // a crash
        fake.vcpu(0).set_x(0, 0x8400'0008);
        EXPECT_FALSE(fault(FaultLabel::vcpu, {0x17ULL << 26}));
        EXPECT_EQ(machine.state(), State::running);
        EXPECT_EQ(fake.vcpu(0).pc(), k_code);
        EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
        fake.debug_output.clear();
    }
    EXPECT_GE(machine.restarts(), 1000u);
}

TEST_F(LifeCycle, NothingButABootStartsAMachineThatNeverBooted)
{
    EXPECT_FALSE(machine.restart());
    EXPECT_THAT(fake.debug_output, HasSubstr("error: a machine that never booted cannot restart"));
    machine.pause();
    machine.resume();
    machine.stop();
    EXPECT_EQ(machine.state(), State::off);
    EXPECT_EQ(fake.total_system_calls(), 0u);
    boot();
    EXPECT_EQ(machine.state(), State::running);
}

TEST_F(LifeCycle, AnyCallInAnyState)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    machine.pause();
    machine.pause();
    EXPECT_EQ(machine.state(), State::paused);
    ASSERT_TRUE(machine.restart());
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    machine.pause();
    machine.stop();
    machine.resume();
    EXPECT_EQ(machine.state(), State::off);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::stopped);
    ASSERT_TRUE(machine.restart());
    machine.resume();
    EXPECT_EQ(machine.state(), State::running);
}

TEST_F(LifeCycle, DevicesAreReset)
{
    class Device final : public vmm::MmioDevice {
    public:
        std::uint64_t read(vmm::VcpuId, std::uint64_t, vmm::AccessSize) override { return 0; }
        void          write(vmm::VcpuId, std::uint64_t, vmm::AccessSize, std::uint64_t) override {}
        void          reset() override { ++resets; }
        unsigned      resets = 0;
    } device;
    machine.attach(device, range(0x0a00'0000, 0x1000));
    boot();
    EXPECT_EQ(device.resets, 1u);
    ASSERT_TRUE(machine.restart());
    EXPECT_EQ(device.resets, 2u);
}

TEST_F(LifeCycle, ImagesInGuestRamNeedSpareMemoryToRestart)
{
    // Where the image tool would put a flat image, so that nothing is copied.
    auto* const in_ram = reinterpret_cast<std::byte*>(ram_address + 0x80000);
    std::ranges::copy(kernel_bytes(), in_ram);
    const vmm::Image image{.bytes = {in_ram, kernel_bytes().size()}};
    ASSERT_TRUE(machine.boot(image));
    EXPECT_FALSE(machine.restart());
    EXPECT_THAT(fake.debug_output, HasSubstr("error: an image lies in guest RAM"));

    static std::array<std::uint64_t, 16> spare{};
    static const auto   spare_address = reinterpret_cast<std::uint64_t>(spare.data());
    static vmm::Machine other{
        vmm::MachineConfig{.name       = "other",
                           .ram        = {vmm::ram(&other_ram_address, 0x8000'0000, &ram_size)},
                           .vcpus      = 1,
                           .platform   = k_platform,
                           .first_vcpu = 10,
                           .spare      = {.mapping = &spare_address, .size = sizeof(spare)}}};
    fake.add_vcpu(10);
    auto* const there = reinterpret_cast<std::byte*>(other_ram_address + 0x80000);
    std::ranges::copy(kernel_bytes(), there);
    ASSERT_TRUE(other.boot(vmm::Image{.bytes = {there, kernel_bytes().size()}}));
    for (unsigned i = 0; i < 3; ++i) {
        std::fill_n(there, 16, std::byte{0xee}); // the guest writes over it
        ASSERT_TRUE(other.restart());
        EXPECT_EQ(other.memory().load<std::uint32_t>(GuestPhysical{0x8008'0000}), k_kernel[0]);
    }
}

TEST_F(LifeCycle, InterruptsWhileThereIsNoGuestAreNotLost)
{
    static constexpr std::array<arch::DeviceInterrupt, 2> k_lines = {
        arch::DeviceInterrupt{.intid = 40, .trigger = arch::Trigger::level_high},
        arch::DeviceInterrupt{.intid = 41, .trigger = arch::Trigger::edge_rising}};
    static constexpr arch::Device k_device = {.name       = "two@9000000",
                                              .compatible = k_uart_compatible,
                                              .registers  = k_uart_registers,
                                              .interrupts = k_lines,
                                              .clocks     = {}};
    const std::array              channels = {microkit::Channel{4}, microkit::Channel{5}};
    machine.passthrough(k_device, channels);
    notify(4);
    notify(5);
    EXPECT_TRUE(fake.acknowledgements.empty());
    boot();
    // A level comes again if it is still there. The edge waits for the guest.
    EXPECT_EQ(fake.acknowledgements, std::vector{4u});
    enable_interrupt(41);
    ASSERT_EQ(fake.injections.size(), 1u);
    EXPECT_EQ(fake.injections[0].interrupt.intid, 41);
    // One in the guest's hands at a stop, and one after it.
    machine.stop();
    notify(4);
    fake.acknowledgements.clear();
    ASSERT_TRUE(machine.restart());
    fake.end_of_entry_point();
    EXPECT_THAT(fake.acknowledgements, testing::UnorderedElementsAre(4u, 5u));
}

TEST_F(LifeCycle, AGuestThatResetsItselfTooOftenRests)
{
    static vmm::Machine other{
        vmm::MachineConfig{.name       = "other",
                           .ram        = {vmm::ram(&other_ram_address, 0x8000'0000, &ram_size)},
                           .vcpus      = 1,
                           .platform   = k_platform,
                           .first_vcpu = 10,
                           .reset_interval_ms = 10}};
    fake.add_vcpu(10);
    other.wake_by(microkit::Channel{2});
    counter.now = 1'000'000;
    ASSERT_TRUE(other.boot(vmm::Image{.bytes = kernel_bytes()}));
    EXPECT_FALSE(hypercall(0x8400'0009, 0, 0, 0, 10).resumed);
    EXPECT_EQ(other.state(), State::off);
    EXPECT_EQ(other.restarts(), 0u);
    counter.now = 1'625'000; // 10 ms of 62.5 MHz
    notify(2);
    EXPECT_EQ(other.state(), State::running);
    EXPECT_EQ(other.restarts(), 1u);
    counter.now = 3'000'000;
    EXPECT_FALSE(hypercall(0x8400'0009, 0, 0, 0, 10).resumed);
    EXPECT_EQ(other.restarts(), 2u) << "late enough";
    // A stop while it rests is one.
    EXPECT_FALSE(hypercall(0x8400'0009, 0, 0, 0, 10).resumed);
    other.stop();
    counter.now = 9'000'000;
    notify(2);
    EXPECT_EQ(other.state(), State::off);
}

TEST_F(LifeCycle, PausedTimeDoesNotPassForWaitingVcpus)
{
    machine.wake_by(microkit::Channel{2});
    boot();
    ASSERT_EQ(hypercall(0xc400'0003, 1, k_ram + 0x1000).x0, 0u);
    counter.now = 10'000;
    wait_until(20'000, 0);
    wait_until(30'000, 1);
    for (unsigned round = 0; round < 5; ++round) {
        const auto before = virtual_count();
        machine.pause();
        counter.now += 100'000;
        notify(2); // the alarm that was set before
        EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::faulted);
        machine.resume();
        EXPECT_EQ(virtual_count(0), before);
        EXPECT_EQ(virtual_count(1), before);
        counter.now += 100;
        notify(2);
        EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::faulted);
    }
    counter.now += 20'000 - virtual_count();
    notify(2);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    EXPECT_EQ(fake.vcpu(1).run, FakeVcpu::Run::faulted);
    counter.now += 10'000;
    notify(2);
    EXPECT_EQ(fake.vcpu(1).run, FakeVcpu::Run::running);
}

TEST_F(LifeCycle, AnInterruptWhilePausedWakesAtTheResume)
{
    machine.passthrough(k_uart, microkit::Channel{1});
    machine.wake_by(microkit::Channel{2});
    boot();
    enable_interrupt(33);
    wait_until(1'000'000);
    machine.pause();
    notify(1);
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::faulted);
    machine.resume();
    EXPECT_EQ(fake.vcpu(0).run, FakeVcpu::Run::running);
    EXPECT_EQ(fake.vcpu(0).pc(), k_pc + 4);
}

TEST_F(LifeCycle, ADeviceMayPauseAndResumeWithinAnAccess)
{
    class Device final : public vmm::MmioDevice {
    public:
        explicit Device(vmm::Machine& m)
            : machine{m}
        {
        }
        std::uint64_t read(vmm::VcpuId, std::uint64_t offset, vmm::AccessSize) override
        {
            machine.pause();
            if (offset != 0) {
                machine.resume();
            }
            return 42;
        }
        void          write(vmm::VcpuId, std::uint64_t, vmm::AccessSize, std::uint64_t) override {}
        vmm::Machine& machine;
    } device{machine};
    machine.attach(device, range(0x0a00'0000, 0x1000));
    boot();
    auto& vcpu = fake.vcpu(0);
    vcpu.pc()  = k_pc;
    EXPECT_TRUE(data_abort(0x0a00'0004, load(2, 3)));
    EXPECT_EQ(vcpu.x(3), 42u);
    EXPECT_EQ(vcpu.pc(), k_pc + 4);
    // Paused, with its answer.
    vcpu.set_x(3, 0);
    EXPECT_FALSE(data_abort(0x0a00'0000, load(2, 3)));
    EXPECT_EQ(vcpu.x(3), 42u);
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::stopped);
    machine.resume();
    EXPECT_EQ(vcpu.run, FakeVcpu::Run::running);
    EXPECT_EQ(vcpu.pc(), k_pc + 4);
}

} // namespace
