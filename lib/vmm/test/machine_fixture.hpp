// SPDX-License-Identifier: BSD-2-Clause
// A machine with two vCPUs and a few megabytes of RAM over the fakes of tests/kit.
#pragma once

#include "kit/fake_counter.hpp"
#include "kit/fake_microkit.hpp"
#include "vmm/dispatcher.hpp"
#include "vmm/machine.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace machine_test {

using base::GuestPhysical;

inline constexpr std::uint64_t k_ram         = 0x4000'0000;
inline constexpr std::uint64_t k_ram_size    = 8 << 20;
inline constexpr std::uint64_t k_distributor = 0x0800'0000;
inline constexpr std::uint64_t k_pc          = 0xffff'8000'0801'0000;
inline constexpr std::uint64_t k_code        = k_ram + 0x80000; ///< where flat kernels go

/// A program without a header: some words.
inline constexpr std::array<std::uint32_t, 4> k_kernel = {0xd503'201f, 0xd503'207f, 0x1400'0000, 7};

inline constexpr vmm::Platform k_platform = vmm::platform(
    arch::GicV2Frames{
        .distributor    = *base::HostRange::create(base::HostPhysical{k_distributor}, 0x10000),
        .cpu_interface  = *base::HostRange::create(base::HostPhysical{0x0801'0000}, 0x10000),
        .hypervisor     = {},
        .vcpu_interface = {}},
    arch::TimerInterrupts{
        .physical_secure = 29, .physical = 30, .virtual_timer = 27, .hypervisor = 26},
    "cortex-a53");

inline constexpr std::array<std::string_view, 1> k_uart_compatible = {"arm,pl011"};
inline constexpr std::array<base::HostRange, 1>  k_uart_registers  = {
      *base::HostRange::create(base::HostPhysical{0x0900'0000}, 0x1000)};
inline constexpr std::array<arch::DeviceInterrupt, 1> k_uart_interrupts = {
    arch::DeviceInterrupt{.intid = 33, .trigger = arch::Trigger::level_high}};
inline constexpr arch::Device k_uart = {.name       = "pl011@9000000",
                                        .compatible = k_uart_compatible,
                                        .registers  = k_uart_registers,
                                        .interrupts = k_uart_interrupts,
                                        .clocks     = {}};

inline base::GuestRange range(std::uint64_t start, std::uint64_t size)
{
    return *base::GuestRange::create(GuestPhysical{start}, size);
}

/// Writes down accesses; reads give `value`.
class RecordingDevice final : public vmm::MmioDevice {
public:
    std::uint64_t read(vmm::VcpuId, std::uint64_t offset, vmm::AccessSize size) override
    {
        log.push_back("read " + std::to_string(bytes(size)) + " at " + std::to_string(offset));
        return value;
    }
    void write(vmm::VcpuId, std::uint64_t offset, vmm::AccessSize size,
               std::uint64_t written) override
    {
        std::ostringstream line;
        line << "write " << bytes(size) << " at " << offset << ": " << std::hex << written;
        log.push_back(line.str());
    }

    std::uint64_t            value = 0;
    std::vector<std::string> log;
};

/// Syndromes of data aborts that the hardware describes.
inline std::uint64_t load(unsigned log2_size, unsigned reg, bool sign = false)
{
    return 0x9300'0007ULL | std::uint64_t{log2_size} << 22 | std::uint64_t{sign} << 21 |
           std::uint64_t{reg} << 16 | std::uint64_t{log2_size == 3} << 15;
}
inline std::uint64_t store(unsigned log2_size, unsigned reg)
{
    return load(log2_size, reg) | 1ULL << 6;
}

class MachineTest : public testing::Test {
protected:
    MachineTest()
        : ram(k_ram_size + 4096)
        , other_ram(k_ram_size + 4096)
    {
        current = this;
        vmm::dispatcher.reset();
        fake.reset();
        fake.add_vcpu(0);
        fake.add_vcpu(1);
        counter      = {.now = 1000, .frequency = 62'500'000, .timer = {}};
        fake.on_call = [this](unsigned, microkit::MessageInfo) {
            timeouts.push_back(microkit::message_word(0));
            return microkit::MessageInfo{};
        };
        ram_address       = aligned(ram);
        other_ram_address = aligned(other_ram);
    }
    ~MachineTest() override { current = nullptr; }

    static std::span<const std::byte> kernel_bytes() { return std::as_bytes(std::span{k_kernel}); }

    void boot() { ASSERT_TRUE(machine.boot(vmm::Image{.bytes = kernel_bytes()})); }

    bool fault(microkit::FaultLabel label, std::initializer_list<std::uint64_t> words,
               unsigned child = 0)
    {
        return vmm::dispatcher.fault(child, fake.fault(label, words), reply);
    }

    struct Answer {
        bool                  resumed;
        microkit::MessageInfo info;
        std::uint64_t         x0;
    };
    Answer hypercall(std::uint64_t function, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                     std::uint64_t x3 = 0, unsigned child = 0)
    {
        fake.vcpu(child).pc() = k_pc;
        const bool resumed =
            fault(microkit::FaultLabel::unknown_syscall,
                  {function, x1, x2, x3, 104, 105, 106, 107, k_pc, 0, k_pc + 4, 0x3c5, 107}, child);
        return {resumed, reply, microkit::message_word(0)};
    }

    bool data_abort(std::uint64_t address, std::uint64_t syndrome)
    {
        return fault(microkit::FaultLabel::memory, {k_pc, address, 0, syndrome});
    }
    /// An instruction without a syndrome faults at `address`. It stands at the kernel's start,
    /// stage 1 is off.
    bool undescribed(std::uint32_t instruction, std::uint64_t address, bool write,
                     unsigned child = 0)
    {
        fake.vcpu(child).pc() = k_code;
        EXPECT_TRUE(machine.memory().store(GuestPhysical{k_code}, instruction));
        return fault(microkit::FaultLabel::memory,
                     {k_code, address, 0, 0x9200'0007ULL | std::uint64_t{write} << 6}, child);
    }
    bool wfi() { return fault(microkit::FaultLabel::vcpu, {0x0600'0000}); }

    bool sysreg(arch::SysregId id, unsigned reg, bool read)
    {
        return fault(microkit::FaultLabel::vcpu,
                     {0x18ULL << 26 | 1ULL << 25 | std::uint64_t{id.op0} << 20 |
                      std::uint64_t{id.op2} << 17 | std::uint64_t{id.op1} << 14 |
                      std::uint64_t{id.crn} << 10 | std::uint64_t{reg} << 5 |
                      std::uint64_t{id.crm} << 1 | std::uint64_t{read}});
    }

    void notify(unsigned channel) { (void)vmm::dispatcher.notified(microkit::Channel{channel}); }

    /// As a guest enables it: distributor on, target vCPU 0, enabled.
    void enable_interrupt(std::uint32_t intid)
    {
        auto& vcpu = fake.vcpu(0);
        vcpu.set_x(1, 1);
        ASSERT_TRUE(data_abort(k_distributor, store(2, 1)));
        ASSERT_TRUE(data_abort(k_distributor + 0x800 + intid, store(0, 1)));
        vcpu.set_x(1, 1ULL << intid % 32);
        ASSERT_TRUE(data_abort(k_distributor + 0x100 + intid / 32 * 4, store(2, 1)));
    }

    kit::FakeMicrokit& fake    = kit::FakeMicrokit::instance();
    kit::FakeCounter&  counter = kit::FakeCounter::instance();

    std::vector<std::byte>      ram;
    std::vector<std::byte>      other_ram;
    std::uint64_t               ram_address       = 0;
    static inline std::uint64_t other_ram_address = 0;
    static inline std::uint64_t ram_size          = k_ram_size;
    std::vector<std::uint64_t>  timeouts; ///< asked of the timer driver, in nanoseconds
    std::vector<vmm::Event>     events;
    microkit::MessageInfo       reply{};

    std::function<void(vmm::Machine&, vmm::Event)>                          on_event;
    std::function<vmm::StrayPolicy(vmm::Machine&, const vmm::StrayAccess&)> on_stray;

    static inline MachineTest* current = nullptr;

    vmm::Machine machine{vmm::MachineConfig{
        .name     = "test",
        .ram      = {vmm::ram(&ram_address, k_ram, &ram_size)},
        .vcpus    = 2,
        .platform = k_platform,
        .on_stray =
            [](vmm::Machine& m, const vmm::StrayAccess& access) {
                return current->on_stray ? current->on_stray(m, access) : vmm::StrayPolicy::stop;
            },
        .on_event =
            [](vmm::Machine& m, vmm::Event event) {
                current->events.push_back(event);
                if (current->on_event) {
                    current->on_event(m, event);
                }
            }}};

private:
    void TearDown() override { ram_size = k_ram_size; }

    static std::uint64_t aligned(std::vector<std::byte>& bytes)
    {
        return (reinterpret_cast<std::uint64_t>(bytes.data()) + 4095) & ~4095ULL;
    }
};

} // namespace machine_test
