// SPDX-License-Identifier: BSD-2-Clause
// A vCPU at a memory access.
#include "guest_cpu.hpp"

#include "arch/cache.hpp"

namespace vmm {

using base::GuestPhysical;
using base::GuestVirtual;
using microkit::Registers;
using microkit::SystemRegister;

namespace {

constexpr std::uint64_t k_page = 4096;

std::uint64_t extended(std::uint64_t value, Extend extend)
{
    switch (extend) {
    case Extend::uxtw:
        return static_cast<std::uint32_t>(value);
    case Extend::sxtw:
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(
            static_cast<std::int32_t>(static_cast<std::uint32_t>(value))));
    default:
        return value;
    }
}

/// An external abort on a walk: 0b0101 and the level.
bool is_external(Stage1Fault fault) { return (fault.status & 0b111100) == 0b010100; }

bool is_block(const MemoryInstruction& instruction)
{
    return instruction.operation == MemoryOperation::zero_block;
}

bool writes_back(const MemoryInstruction& instruction)
{
    return instruction.addressing == Addressing::pre_index ||
           instruction.addressing == Addressing::post_index;
}

} // namespace

GuestCpu::GuestCpu(microkit::Vcpu vcpu, const GuestMemory& memory)
    : vcpu_{vcpu}
    , memory_{memory}
{
    vcpu_.read(registers_, Registers::k_count);
    stage1_         = {.sctlr = arch::SctlrEl1{vcpu.read(SystemRegister::sctlr_el1)},
                       .tcr   = arch::TcrEl1{vcpu.read(SystemRegister::tcr_el1)},
                       .ttbr0 = arch::TtbrEl1{vcpu.read(SystemRegister::ttbr0_el1)},
                       .ttbr1 = arch::TtbrEl1{vcpu.read(SystemRegister::ttbr1_el1)}};
    state_          = arch::Spsr{registers_.spsr()};
    const auto mode = state_.get<arch::Spsr::mode>();
    own_sp_         = mode == arch::Mode::el1h;
    privileged_     = own_sp_ || mode == arch::Mode::el1t;
    is_a64_         = privileged_ || mode == arch::Mode::el0t;
}

bool GuestCpu::is_big_endian() const
{
    return privileged_ ? stage1_.sctlr.get<arch::SctlrEl1::ee>()
                       : stage1_.sctlr.get<arch::SctlrEl1::e0e>();
}

Stage1Result GuestCpu::place_of_pc() const
{
    return walk_stage1(
        GuestVirtual{registers_.pc()}, stage1_, memory_,
        {.kind = Stage1Access::Kind::fetch, .privileged = privileged_, .pan = false});
}

std::expected<MemoryInstruction, GuestCpu::Failure> GuestCpu::instruction() const
{
    if (!is_a64_) {
        return std::unexpected{Failure::unreadable};
    }
    const auto where = place_of_pc();
    if (!where) {
        return std::unexpected{Failure::not_mapped};
    }
    const auto word    = memory_.load<std::uint32_t>(*where);
    const auto decoded = word ? decode_memory_instruction(*word) : std::nullopt;
    if (!decoded) {
        return std::unexpected{Failure::unreadable};
    }
    return *decoded;
}

GuestVirtual GuestCpu::first_byte(const MemoryInstruction& instruction) const
{
    const auto offset = static_cast<std::uint64_t>(instruction.offset);
    if (is_block(instruction)) {
        return GuestVirtual{base::align_down<std::uint64_t>(registers_.x(instruction.regs[0]),
                                                            arch::zero_block_size())};
    }
    switch (instruction.addressing) {
    case Addressing::literal:
        return GuestVirtual{registers_.pc() + offset};
    case Addressing::post_index:
        return GuestVirtual{base(instruction.base)};
    case Addressing::reg_offset:
        return GuestVirtual{
            base(instruction.base) +
            (extended(registers_.x(instruction.index), instruction.extend) << instruction.shift)};
    default:
        return GuestVirtual{base(instruction.base) + offset};
    }
}

std::uint64_t GuestCpu::byte_count(const MemoryInstruction& instruction)
{
    return is_block(instruction) ? arch::zero_block_size()
                                 : std::uint64_t{instruction.unit} * instruction.count;
}

Stage1Result GuestCpu::translate(GuestVirtual address, const MemoryInstruction& instruction) const
{
    using Kind       = Stage1Access::Kind;
    const bool lower = instruction.unprivileged && !state_.get<arch::Spsr::uao>();
    return walk_stage1(address, stage1_, memory_,
                       {.kind       = instruction.stores ? Kind::write : Kind::read,
                        .privileged = privileged_ && !lower,
                        .pan        = state_.get<arch::Spsr::pan>()});
}

std::optional<GuestVirtual> GuestCpu::culprit(const MemoryInstruction& instruction,
                                              GuestPhysical fault, bool write) const
{
    // Which half of an exclusive or atomic access faults first is the CPU's choice.
    const bool either = instruction.operation == MemoryOperation::exclusive && instruction.stores;
    if (instruction.operation == MemoryOperation::prefetch ||
        (instruction.stores != write && !either)) {
        return std::nullopt;
    }
    // Translation keeps the offset in a page, and no access is as long as a page.
    const auto first = first_byte(instruction);
    const auto delta = (fault.raw() - first.raw()) & (k_page - 1);
    if (delta >= byte_count(instruction)) {
        return std::nullopt;
    }
    const GuestVirtual address{first.raw() + delta};
    const auto         place = translate(address, instruction);
    return place && *place == fault ? std::optional{address} : std::nullopt;
}

std::optional<GuestCpu::WalkError> GuestCpu::walk_error() const
{
    const auto found = instruction();
    if (!found || found->operation == MemoryOperation::prefetch) {
        return std::nullopt;
    }
    const auto address = first_byte(*found);
    const auto place   = translate(address, *found);
    if (place || !is_external(place.error())) {
        return std::nullopt;
    }
    return WalkError{.status = place.error().status, .address = address};
}

std::optional<std::uint8_t> GuestCpu::walk_error_at_pc() const
{
    const auto place = place_of_pc();
    return place || !is_external(place.error()) ? std::nullopt
                                                : std::optional{place.error().status};
}

void GuestCpu::finish(const MemoryInstruction& instruction)
{
    if (writes_back(instruction)) {
        set_base(instruction.base,
                 base(instruction.base) + static_cast<std::uint64_t>(instruction.offset));
    }
    registers_.pc() += k_instruction_size;
    vcpu_.write(registers_, Registers::k_count);
}

std::uint64_t GuestCpu::base(RegisterNumber number) const
{
    if (number != 31) {
        return registers_.x(number);
    }
    return own_sp_ ? vcpu_.read(SystemRegister::sp_el1) : registers_.sp_el0();
}

void GuestCpu::set_base(RegisterNumber number, std::uint64_t value)
{
    if (number != 31) {
        registers_.set_x(number, value);
    } else if (own_sp_) {
        vcpu_.write(SystemRegister::sp_el1, value);
    } else {
        registers_.sp_el0() = value;
    }
}

} // namespace vmm
