// SPDX-License-Identifier: BSD-2-Clause
// Drives a vCPU with nothing but what the kernel offers: each exit is said and answered.
#include "board/board.hpp"
#include "microkit/microkit.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

/// Where this program has the guest's RAM; the tool writes it.
extern "C" std::uint64_t guest_ram;
std::uint64_t            guest_ram;

extern "C" const std::uint8_t guest_start[];
extern "C" const std::uint8_t guest_again[];
extern "C" const std::uint8_t guest_end[];

namespace {

using microkit::MessageInfo;
using microkit::Registers;
using microkit::SystemRegister;

constexpr microkit::Vcpu k_vcpu{2};
constexpr std::uint64_t  k_guest_base  = 0x4000'0000;
constexpr std::uint64_t  k_el1h_masked = 0x3c5; // SPSR: EL1h; D, A, I, F masked
constexpr std::uint64_t  k_instruction = 4;
constexpr std::uint16_t  k_interrupt   = 40;
constexpr std::uint16_t  k_timer       = 27;
// What the guest enables: a GICv2 has group 0 for it, a GICv3 group 1.
constexpr std::uint8_t k_group    = board::gic_version == 3 ? 1 : 0;
std::uint16_t          injected   = 0;
unsigned               last_steps = 0;

base::GuestVirtual guest_address(const std::uint8_t* symbol)
{
    return base::GuestVirtual{k_guest_base + static_cast<std::uint64_t>(symbol - guest_start)};
}

void load()
{
    auto* const ram = reinterpret_cast<volatile std::uint8_t*>(guest_ram);
    std::copy(guest_start, guest_end, ram);
    // The guest runs with its caches off: to memory with it.
    constexpr std::uint64_t k_least_line = 16;
    const auto              size         = static_cast<std::uint64_t>(guest_end - guest_start);
    for (std::uint64_t done = 0; done < size; done += k_least_line) {
        __asm__ volatile("dc cvac, %0" : : "r"(guest_ram + done) : "memory");
    }
    __asm__ volatile("dsb sy" : : : "memory");
}

void inject(std::uint16_t intid)
{
    injected = intid;
    if (k_vcpu.inject({.intid = intid, .priority = 0, .group = k_group}, 0) !=
        microkit::InjectError::none) {
        microkit::panic("the list register is not free");
    }
}

/// Answers an HVC with a value in x0; the guest goes on behind it.
MessageInfo answer_hvc(std::uint64_t value)
{
    using microkit::UnknownSyscall;
    const auto ip = UnknownSyscall::ip();
    // x1 to x7 go back as they came: nothing in between has overwritten the words.
    microkit::set_message_word(0, value);
    microkit::set_message_word(UnknownSyscall::k_word_ip, ip + k_instruction);
    return MessageInfo::create(0, UnknownSyscall::k_word_ip + 1);
}

void skip_instruction()
{
    Registers registers;
    k_vcpu.read(registers, Registers::k_prefix_pc);
    registers.pc() += k_instruction;
    k_vcpu.write(registers, Registers::k_prefix_pc);
}

/// False: the guest is not to go on.
bool hvc(MessageInfo* reply)
{
    using microkit::UnknownSyscall;
    std::array<std::uint64_t, UnknownSyscall::k_word_ip + 1> words{};
    for (unsigned i = 0; i < words.size(); ++i) {
        words[i] = microkit::message_word(i);
    }
    const auto step     = words[0];
    const auto argument = words[1];
    switch (step) {
    case 1:
        microkit::debug_print("vmm: hvc, x7 ", base::Hex{UnknownSyscall::number()}, ", MPIDR ",
                              base::Hex{argument}, '\n');
        break;
    case 4:
        // seL4 gives a capability fault instead: see cap_fault().
        microkit::debug_print("vmm: hvc with x7 = -1\n");
        break;
    case 7:
        if (++last_steps == 1) {
            microkit::debug_print("vmm: restarted, x19 is ", base::Hex{argument}, '\n');
            k_vcpu.stop();
            k_vcpu.resume(); // at the hvc, which was not answered
            return false;
        }
        microkit::debug_print("vmm: stopped and resumed; done\n");
        k_vcpu.stop();
        return false;
    default:
        microkit::debug_print("vmm: the guest took interrupt ", argument, '\n');
        break;
    }
    for (unsigned i = 0; i < words.size(); ++i) {
        microkit::set_message_word(i, words[i]);
    }
    *reply = answer_hvc(100);
    return true;
}

void smc(arch::Esr syndrome)
{
    Registers registers;
    k_vcpu.read(registers, Registers::prefix_of_x(0));
    microkit::debug_print("vmm: smc #", syndrome.get<arch::Esr::iss>(), ", x0 ", registers.x(0),
                          '\n');
    registers.set_x(0, 200);
    registers.pc() += k_instruction;
    k_vcpu.write(registers, Registers::prefix_of_x(0));
}

void vcpu_fault()
{
    const auto syndrome = microkit::VcpuFault::syndrome();
    switch (syndrome.get<arch::Esr::ec>()) {
    case arch::Ec::smc64:
        smc(syndrome);
        break;
    case arch::Ec::wf:
        // Not past it: with an interrupt pending it ends by itself.
        microkit::debug_print("vmm: wfi\n");
        inject(k_interrupt);
        break;
    default:
        microkit::panic("vcpu fault ", base::Hex{syndrome.raw()});
    }
}

/// The emulated device: reads give 0x55.
void data_abort()
{
    const arch::DataAbortIss iss{microkit::VmFault::syndrome().raw()};
    const auto               address = microkit::VmFault::guest_physical();
    const auto               srt     = iss.get<arch::DataAbortIss::srt>();
    Registers                registers;
    k_vcpu.read(registers, Registers::prefix_of_x(srt));
    if (iss.get<arch::DataAbortIss::wnr>()) {
        microkit::debug_print("vmm: write of ", 1U << iss.get<arch::DataAbortIss::sas>(),
                              " bytes to ", base::Hex{address.raw()}, ": ",
                              base::Hex{registers.x(srt)}, '\n');
    } else {
        microkit::debug_print("vmm: read of ", 1U << iss.get<arch::DataAbortIss::sas>(),
                              " bytes from ", base::Hex{address.raw()}, '\n');
        registers.set_x(srt, 0x55);
    }
    registers.pc() += k_instruction;
    k_vcpu.write(registers, Registers::prefix_of_x(srt));
}

void maintenance()
{
    microkit::debug_print("vmm: list register ", microkit::GicMaintenance::list_register(),
                          " is free\n");
    if (injected == k_timer) {
        k_vcpu.acknowledge_ppi(k_timer);
    }
}

void ppi()
{
    const auto intid      = microkit::PpiEvent::intid();
    const bool is_enabled = (k_vcpu.read(SystemRegister::cntv_ctl_el0) & 1) != 0;
    microkit::debug_print("vmm: private interrupt ", intid, ", its timer is ",
                          is_enabled ? "on\n" : "off\n");
    inject(k_timer);
}

} // namespace

void init()
{
    load();
    const auto count = k_vcpu.list_registers();
    microkit::debug_print("vmm: ", count >= 4 ? "enough" : "few", " list registers\n");
    if (k_vcpu.inject({.intid = k_interrupt, .priority = 0, .group = 0}, count) !=
            microkit::InjectError::out_of_range ||
        k_vcpu.inject({.intid = 1024, .priority = 0, .group = 0}, 0) !=
            microkit::InjectError::out_of_range) {
        microkit::panic("the kernel takes what does not exist");
    }

    microkit::debug_print("vmm: SCTLR is ", base::Hex{k_vcpu.read(SystemRegister::sctlr_el1)},
                          '\n');
    k_vcpu.write(SystemRegister::vmpidr_el2, 0x8000'0003);

    Registers registers;
    k_vcpu.read(registers, Registers::k_count);
    registers.spsr() = k_el1h_masked;
    k_vcpu.write(registers, Registers::k_prefix_spsr);
    k_vcpu.start(guest_address(guest_start));
}

void notified(microkit::Channel) {}

bool fault(unsigned child, MessageInfo message, MessageInfo* reply)
{
    if (child != k_vcpu.id()) {
        microkit::panic("a fault of ", child);
    }
    *reply = MessageInfo{};
    switch (microkit::fault_label(message)) {
    case microkit::FaultLabel::unknown_syscall:
        return hvc(reply);
    case microkit::FaultLabel::capability:
        microkit::debug_print("vmm: hvc with x7 = -1\n");
        skip_instruction();
        return true;
    case microkit::FaultLabel::vcpu:
        vcpu_fault();
        return true;
    case microkit::FaultLabel::gic_maintenance:
        maintenance();
        return true;
    case microkit::FaultLabel::ppi:
        ppi();
        return true;
    case microkit::FaultLabel::memory:
        if (!microkit::VmFault::is_instruction_fetch()) {
            data_abort();
            return true;
        }
        microkit::debug_print("vmm: fetch from ", base::Hex{microkit::VmFault::address()}, '\n');
        k_vcpu.start(guest_address(guest_again));
        return false;
    default:
        microkit::panic("fault label ", message.label());
    }
}
