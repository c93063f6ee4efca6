// SPDX-License-Identifier: BSD-2-Clause
// What a vCPU that stopped shows: registers, instruction, stack.
#include "black_box.hpp"

#include "vmm/instruction_text.hpp"

namespace vmm {

using base::GuestVirtual;
using base::Hex;
using base::print;
using microkit::Registers;
using microkit::SystemRegister;

namespace {

constexpr unsigned      k_frame_pointer = 29;
constexpr unsigned      k_link          = 30;
constexpr unsigned      k_most_frames   = 32;
constexpr unsigned      k_most_stacks   = 4; ///< of an interrupt, of an overflow, of the task
constexpr std::uint64_t k_alignment     = 8;
constexpr std::uint64_t k_instruction   = 4;

std::string_view mode_name(arch::Mode mode)
{
    switch (mode) {
    case arch::Mode::el0t:
        return "EL0, a program";
    case arch::Mode::el1t:
        return "EL1 on the stack of EL0";
    case arch::Mode::el1h:
        return "EL1, the kernel";
    case arch::Mode::user32:
        return "EL0, a 32-bit program";
    default:
        return "an unknown mode";
    }
}

/// A return address without the signature that a CPU may have put into its upper bits.
std::uint64_t without_signature(std::uint64_t address, unsigned bits)
{
    const std::uint64_t above = bits < 64 ? ~std::uint64_t{0} << bits : 0;
    return (address >> 55 & 1) != 0 ? address | above : address & ~above;
}

} // namespace

StoppedCpu::StoppedCpu(microkit::Vcpu vcpu)
    : sp_el1{vcpu.read(SystemRegister::sp_el1)}
    , vbar{vcpu.read(SystemRegister::vbar_el1)}
    , esr{vcpu.read(SystemRegister::esr_el1)}
    , far{vcpu.read(SystemRegister::far_el1)}
    , elr{vcpu.read(SystemRegister::elr_el1)}
{
    vcpu.read(general, Registers::k_count);
    state = arch::Spsr{general.spsr()};
}

bool StoppedCpu::is_privileged() const
{
    const auto mode = state.get<arch::Spsr::mode>();
    return mode == arch::Mode::el1h || mode == arch::Mode::el1t;
}

std::uint64_t StoppedCpu::stack() const
{
    return state.get<arch::Spsr::mode>() == arch::Mode::el1h ? sp_el1 : general.sp_el0();
}

Stage1Registers stage1_of(microkit::Vcpu vcpu)
{
    return {.sctlr = arch::SctlrEl1{vcpu.read(SystemRegister::sctlr_el1)},
            .tcr   = arch::TcrEl1{vcpu.read(SystemRegister::tcr_el1)},
            .ttbr0 = arch::TtbrEl1{vcpu.read(SystemRegister::ttbr0_el1)},
            .ttbr1 = arch::TtbrEl1{vcpu.read(SystemRegister::ttbr1_el1)}};
}

void print_cpu(base::Sink sink, const StoppedCpu& cpu, KernelView& kernel)
{
    const auto& registers = cpu.general;
    print(sink, "    pc ");
    kernel.print_place(sink, registers.pc());
    if (const auto word = kernel.space().load<std::uint32_t>(GuestVirtual{registers.pc()})) {
        print(sink, ":  ");
        print_instruction(sink, *word);
    }
    print(sink, "\n    lr ");
    kernel.print_place(sink, registers.x(k_link));
    print(sink, "\n    ", mode_name(cpu.state.get<arch::Spsr::mode>()), ", interrupts ",
          cpu.state.get<arch::Spsr::i>() ? "masked" : "unmasked", ", PSTATE ",
          Hex{cpu.state.raw(), 8}, ", sp ", Hex{cpu.stack()});
    constexpr unsigned k_in_line = 4;
    for (unsigned i = 0; i < k_link; ++i) {
        print(sink, i % k_in_line == 0 ? "\n    " : "  ", i < 10 ? " x" : "x", i, ' ',
              Hex{registers.x(i), 16});
    }
    print(sink, "\n    its last exception at EL1: ESR ", Hex{cpu.esr, 8}, ", FAR ", Hex{cpu.far},
          ", ELR ", Hex{cpu.elr}, "; VBAR ", Hex{cpu.vbar}, '\n');
}

void print_calls(base::Sink sink, const StoppedCpu& cpu, KernelView& kernel)
{
    auto&          space = kernel.space();
    const unsigned bits  = space.is_translated() ? space.upper_bits() : 64;
    std::uint64_t  frame = cpu.general.x(k_frame_pointer);
    unsigned       jumps = 0;
    unsigned       count = 0;
    for (; count < k_most_frames; ++count) {
        if (frame == 0 || frame % k_alignment != 0) {
            break;
        }
        const auto next = space.load<std::uint64_t>(GuestVirtual{frame});
        const auto link = space.load<std::uint64_t>(GuestVirtual{frame + k_alignment});
        if (!next || !link || *link == 0) {
            break;
        }
        print(sink, "    ");
        // What called is the instruction before: it may be the last one of its function.
        kernel.print_place(sink, without_signature(*link, bits) - k_instruction);
        print(sink, '\n');
        // A stack grows downwards, so callers are above; another stack may be anywhere.
        if (*next <= frame && ++jumps == k_most_stacks) {
            break;
        }
        frame = *next;
    }
    if (count == 0) {
        print(sink, "    x29 leads to no frame\n");
    }
}

} // namespace vmm
