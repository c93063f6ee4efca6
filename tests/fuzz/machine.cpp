// SPDX-License-Identifier: BSD-2-Clause
// Two machines of one VMM, with everything that their guests, their owner, the devices and time can
// do to them: any fault with any words, registers and memory; interrupts, deadlines, life-cycle
// calls, also out of callbacks. The fake Microkit dies of a call that a kernel would refuse, as a
// PD would.
#include "input.hpp"

#include "kit/fake_counter.hpp"
#include "kit/fake_microkit.hpp"
#include "vmm/dispatcher.hpp"
#include "vmm/machine.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

namespace {

using microkit::FaultLabel;

constexpr std::uint64_t k_ram_size       = 2 << 20;
constexpr std::uint64_t k_distributor    = 0x0800'0000;
constexpr std::uint64_t k_second         = 0x080a'0000; ///< CPU interface or redistributors
constexpr std::uint64_t k_device         = 0x0a00'0000;
constexpr std::uint64_t k_flat_offset    = 0x8'0000;
constexpr unsigned      k_vcpus          = 2;
constexpr unsigned      k_events_a_round = 400;

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

using fuzz::Input;

Input* input = nullptr; ///< for callbacks

/// A call of the owner, picked by the input.
void live(vmm::Machine& machine)
{
    switch (input->take(1) % 16) {
    case 0:
        machine.pause();
        break;
    case 1:
        machine.resume();
        break;
    case 2:
        machine.stop();
        break;
    case 3:
        (void)machine.restart();
        break;
    case 4:
        machine.pause();
        machine.resume();
        break;
    case 5:
        machine.set_interrupt(static_cast<std::uint32_t>(input->take(2)),
                              (input->take(1) & 1) != 0);
        break;
    default:
        break;
    }
}

class Device final : public vmm::MmioDevice {
public:
    std::uint64_t read(vmm::VcpuId, std::uint64_t offset, vmm::AccessSize size) override
    {
        require(offset + bytes(size) <= 0x1000 && offset % bytes(size) == 0);
        live(*machine);
        return input->take(8);
    }
    void write(vmm::VcpuId vcpu, std::uint64_t offset, vmm::AccessSize size, std::uint64_t) override
    {
        (void)read(vcpu, offset, size);
    }
    vmm::Machine* machine = nullptr;
};

vmm::StrayPolicy on_stray(vmm::Machine& machine, const vmm::StrayAccess& access)
{
    require(access.vcpu < k_vcpus);
    live(machine);
    return static_cast<vmm::StrayPolicy>(input->take(1) % 3);
}

constexpr auto k_timer = arch::TimerInterrupts{
    .physical_secure = 29, .physical = 30, .virtual_timer = 27, .hypervisor = 26};

vmm::Platform platform(bool v3)
{
    const auto range = [](std::uint64_t start, std::uint64_t size) {
        return *base::HostRange::create(base::HostPhysical{start}, size);
    };
    return {.gic                             = v3 ? vmm::GicVersion::v3 : vmm::GicVersion::v2,
            .distributor                     = range(k_distributor, 0x1'0000),
            .cpu_interface_or_redistributors = range(k_second, 0x10'0000),
            .timer                           = k_timer,
            .cpu                             = "cortex-a53"};
}

constexpr std::array<std::uint32_t, 4>         k_kernel = {0xd503'201f, 0xd503'207f, 0, 7};
constexpr std::array<arch::DeviceInterrupt, 2> k_lines  = {
     arch::DeviceInterrupt{.intid = 40, .trigger = arch::Trigger::level_high},
     arch::DeviceInterrupt{.intid = 41, .trigger = arch::Trigger::edge_rising}};
constexpr arch::Device k_two_lines = {
    .name = "two@0", .compatible = {}, .registers = {}, .interrupts = k_lines, .clocks = {}};

/// A machine, its RAM, and its first vCPU and channel.
struct Guest {
    Guest(unsigned number, std::uint8_t shape)
        : first{number * 10}
        , ram_start{0x4000'0000 + number * 0x1000'0000ULL}
        , ram{static_cast<std::byte*>(std::aligned_alloc(4096, k_ram_size))}
    {
        const auto policy = [&](unsigned shift) {
            return static_cast<vmm::StrayPolicy>((shape >> shift) % 3U);
        };
        std::fill_n(ram, k_ram_size, std::byte{0});
        machine.emplace(vmm::MachineConfig{
            .name         = "fuzz",
            .ram          = {vmm::ram(reinterpret_cast<std::uint64_t>(ram), ram_start, k_ram_size)},
            .vcpus        = k_vcpus,
            .platform     = platform(number != 0),
            .first_vcpu   = first,
            .spis         = 64,
            .kernel_calls = (shape & 1) != 0 ? vmm::KernelCalls::all : vmm::KernelCalls::portable,
            .on_stray     = on_stray,
            .stray_sysreg = policy(1),
            .stray_call   = policy(3),
            .big_endian_data   = (shape & 0x80) != 0,
            .on_event          = [](vmm::Machine& m, vmm::Event) { live(m); },
            .reset_interval_ms = (shape & 0x40) != 0 ? 1U : 0U,
            .log               = [](char) {}});
        device.machine = &*machine;
        machine->attach(device, *base::GuestRange::create(base::GuestPhysical{k_device}, 0x1000));
        machine->passthrough(
            k_two_lines, std::array{microkit::Channel{first + 1}, microkit::Channel{first + 2}});
        machine->wake_by(microkit::Channel{60});
    }
    ~Guest() { std::free(ram); }
    Guest(const Guest&)            = delete;
    Guest& operator=(const Guest&) = delete;

    unsigned                    first;
    std::uint64_t               ram_start;
    std::byte*                  ram;
    std::optional<vmm::Machine> machine;
    Device                      device;
};

kit::FakeMicrokit& kernel() { return kit::FakeMicrokit::instance(); }

/// Something that is worth a try as address, value or register.
std::uint64_t word(const Guest& guest)
{
    const auto raw = input->take(3);
    switch (input->take(1) % 10) {
    case 0:
        return raw;
    case 1:
        return guest.ram_start + raw % k_ram_size;
    case 2:
        return guest.ram_start + k_ram_size - raw % 32;
    case 3:
        return k_device + raw % 0x1010;
    case 4:
        return k_distributor + raw % 0x1'0010;
    case 5:
        return k_second + raw % 0x4'0010;
    case 6:
        return 0x8400'0000 | (raw & 0x1f) | (raw & 0x100) << 22;
    case 7:
        return 0xffff'ff80'0000'0000 | raw;
    case 8:
        return ~raw;
    default:
        return raw << 40 | input->take(5);
    }
}

std::uint64_t syndrome()
{
    constexpr std::array<std::uint64_t, 8> k_classes = {0x24, 0x24, 0x24, 0x20,
                                                        0x18, 0x01, 0x17, 0x00};
    const auto                             raw       = input->take(4);
    const auto ec = (raw & 7) == 7 ? raw >> 26 & 0x3f : k_classes[raw & 7];
    return ec << 26 | 1ULL << 25 | (raw >> 3 & 0x1ff'ffff);
}

/// Stage 1 tables that lead somewhere: a gigabyte one to one, and pages of device and RAM.
void build_tables(Guest& guest)
{
    auto&      memory = guest.machine->memory();
    const auto root   = guest.ram_start + 0x1000;
    const auto put    = [&](std::uint64_t at, std::uint64_t value) {
        (void)memory.store(base::GuestPhysical{at}, value);
    };
    put(root + 8 * (guest.ram_start >> 30), (guest.ram_start & ~0x3fff'ffffULL) | 0x441);
    put(root, (root + 0x1000) | 3);
    put(root + 0x1000, (root + 0x2000) | 3);
    for (unsigned page = 0; page < 8; ++page) {
        put(root + 0x2000 + 8 * page, (word(guest) & ~0xfffULL) | (input->take(2) & 0xffc) | 3);
    }
    auto& vcpu                                    = kernel().vcpu(guest.first);
    vcpu.reg(microkit::SystemRegister::sctlr_el1) = 1 | (input->take(1) & 3) << 24;
    vcpu.reg(microkit::SystemRegister::tcr_el1)   = 25;
    vcpu.reg(microkit::SystemRegister::ttbr0_el1) = root;
}

/// Loads and stores of all kinds; random bits fill the operands.
std::uint32_t instruction()
{
    constexpr std::array<std::uint32_t, 16> k_words = {
        0x2940'0000, 0xa980'0000, 0x3c00'0000, 0xb840'0400, 0x3dc0'0000, 0xad40'0000,
        0xd50b'7420, 0x885f'7c00, 0xb820'0000, 0x88df'fc00, 0xf980'0000, 0x1c00'0000,
        0xb840'0800, 0x3860'6800, 0x4c40'7000, 0xd900'0000};
    const auto raw = static_cast<std::uint32_t>(input->take(4));
    return k_words[raw & 15] ^ (raw >> 4 & 0x001f'ffff & (raw >> 28 != 0 ? 0x3ffU : ~0U));
}

/// What the vCPU does next: it faults, if it runs.
void fault(Guest& guest, unsigned id)
{
    const auto child = guest.first + id;
    auto&      vcpu  = kernel().vcpu(child);
    if (vcpu.run != kit::FakeVcpu::Run::running) {
        return;
    }
    const auto label = static_cast<FaultLabel>(input->take(1) % 11);
    if (label == FaultLabel::ppi && (input->take(1) & 7) != 0) {
        return; // not all the time
    }
    // A kernel passes on private interrupts, and ends of interrupts, only as they are.
    const auto word0 = label == FaultLabel::ppi ? k_timer.virtual_timer
                       : label == FaultLabel::gic_maintenance
                           ? ((input->take(1) & 0xf) == 0 ? ~0ULL : input->take(1) % 4)
                       : label == FaultLabel::vcpu ? syndrome()
                                                   : vcpu.pc();
    vcpu.run         = kit::FakeVcpu::Run::faulted;
    const auto info =
        kernel().fault(label, {word0, word(guest), input->take(1) & 1,
                               label == FaultLabel::memory ? syndrome() : word(guest), word(guest),
                               word(guest), word(guest), word(guest), vcpu.pc(), vcpu.registers[1],
                               vcpu.pc() + 4, vcpu.spsr(), 0});
    microkit::MessageInfo reply{};
    const auto            starts = vcpu.starts;
    if (vmm::dispatcher.fault(child, info, reply)) {
        require(guest.machine->state() == vmm::Machine::State::running);
        require(vcpu.starts == starts && vcpu.run == kit::FakeVcpu::Run::faulted);
        require(reply.count() <= 12 && reply.label() == 0);
        vcpu.run = kit::FakeVcpu::Run::running;
    }
    kernel().end_of_entry_point();
}

void play(std::array<std::optional<Guest>, 2>& guests)
{
    auto&      guest = *guests[input->take(1) & 1];
    const auto id    = static_cast<unsigned>(input->take(1) & 1);
    auto&      vcpu  = kernel().vcpu(guest.first + id);
    const auto what  = input->take(1) % 16;
    switch (what) {
    case 0:
    case 1:
        for (unsigned i = 0; i < 4; ++i) {
            vcpu.set_x(static_cast<unsigned>(input->take(1) % 31), word(guest));
        }
        break;
    case 2:
        vcpu.system[input->take(1) % 16] = word(guest);
        vcpu.reg(microkit::SystemRegister::cntv_cval_el0) =
            kit::FakeCounter::instance().now + input->take(2);
        vcpu.reg(microkit::SystemRegister::cntv_ctl_el0) = input->take(1) & 3;
        break;
    case 3:
        vcpu.spsr() =
            std::array<std::uint64_t, 4>{0, 4, 5, 0x10}[input->take(1) & 3] | input->take(4) << 20;
        vcpu.pc() = guest.ram_start + k_flat_offset + 4 * (input->take(1) & 0xf);
        break;
    case 4:
        (void)guest.machine->memory().store(
            base::GuestPhysical{guest.ram_start + k_flat_offset + 4 * (input->take(1) & 0xf)},
            instruction());
        break;
    case 5:
        (void)guest.machine->memory().store(base::GuestPhysical{word(guest)}, word(guest));
        break;
    case 6:
        build_tables(guest);
        break;
    case 7:
        kit::FakeCounter::instance().now += input->take(2);
        (void)vmm::dispatcher.notified(microkit::Channel{60});
        break;
    case 8:
        (void)vmm::dispatcher.notified(
            microkit::Channel{guest.first + 1 + static_cast<unsigned>(input->take(1) & 1)});
        break;
    case 9:
        live(*guest.machine);
        break;
    default:
        fault(guest, id);
    }
    kernel().end_of_entry_point();
    // What a real run would forget.
    kernel().injections.clear();
    kernel().acknowledgements.clear();
    kernel().ppi_acknowledgements.clear();
    kernel().notifications.clear();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input source{data, size};
    input = &source;
    vmm::dispatcher.reset();
    kernel().reset();
    kernel().has_picokit   = (source.take(1) & 1) != 0;
    kernel().gives_vectors = kernel().has_picokit;
    for (const unsigned id : {0U, 1U, 10U, 11U}) {
        kernel().add_vcpu(id);
    }
    kit::FakeCounter::instance() = {.now = 1000, .frequency = 62'500'000, .timer = {}};

    std::array<std::optional<Guest>, 2> guests;
    for (unsigned i = 0; i < guests.size(); ++i) {
        guests[i].emplace(i, static_cast<std::uint8_t>(source.take(1)));
        if ((source.take(1) & 7) == 0) {
            live(*guests[i]->machine); // before it exists
            (void)vmm::dispatcher.notified(microkit::Channel{i * 10 + 1});
        }
        require(guests[i]->machine->boot(vmm::Image{.bytes = std::as_bytes(std::span{k_kernel})}));
    }
    const auto probes = kernel().range_errors;
    for (unsigned event = 0; event < k_events_a_round && !source.ended(); ++event) {
        play(guests);
        require(kernel().range_errors == probes); // no list register with a number that is not
    }
    return 0;
}
