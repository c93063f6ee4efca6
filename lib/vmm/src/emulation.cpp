// SPDX-License-Identifier: BSD-2-Clause
// Accesses that only the instruction describes: it is read from the guest's memory and carried out.
#include "vmm/machine.hpp"

#include "arch/cache.hpp"
#include "arch/spsr.hpp"
#include "vmm/guest_exception.hpp"
#include "vmm/stage1_walk.hpp"

namespace vmm {

using base::GuestPhysical;
using base::GuestVirtual;
using microkit::Registers;
using microkit::SystemRegister;

namespace {

Stage1Registers stage1_of(microkit::Vcpu vcpu)
{
    return {.sctlr = arch::SctlrEl1{vcpu.read(SystemRegister::sctlr_el1)},
            .tcr   = arch::TcrEl1{vcpu.read(SystemRegister::tcr_el1)},
            .ttbr0 = arch::TtbrEl1{vcpu.read(SystemRegister::ttbr0_el1)},
            .ttbr1 = arch::TtbrEl1{vcpu.read(SystemRegister::ttbr1_el1)}};
}

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

/// The registers of a vCPU as an instruction names them, with the stack pointer it means.
class RegisterFile {
public:
    explicit RegisterFile(microkit::Vcpu vcpu)
        : vcpu_{vcpu}
    {
        vcpu_.read(registers_, Registers::k_count);
        const auto mode = arch::Spsr{registers_.spsr()}.get<arch::Spsr::mode>();
        own_sp_         = mode == arch::Mode::el1h;
        is_a64_         = mode == arch::Mode::el0t || mode == arch::Mode::el1t || own_sp_;
    }

    /// Whether its instructions are A64; a 32-bit program's are not.
    [[nodiscard]] bool is_a64() const { return is_a64_; }

    [[nodiscard]] Registers& general() { return registers_; }

    /// A base register: 31 is SP.
    [[nodiscard]] std::uint64_t base(RegisterNumber number) const
    {
        if (number != 31) {
            return registers_.x(number);
        }
        return own_sp_ ? vcpu_.read(SystemRegister::sp_el1) : registers_.sp_el0();
    }
    void set_base(RegisterNumber number, std::uint64_t value)
    {
        if (number != 31) {
            registers_.set_x(number, value);
        } else if (own_sp_) {
            vcpu_.write(SystemRegister::sp_el1, value);
        } else {
            registers_.sp_el0() = value;
        }
    }

    /// Writes everything back, with pc one instruction on.
    void finish()
    {
        registers_.pc() += 4;
        vcpu_.write(registers_, Registers::k_count);
    }

private:
    Registers      registers_;
    microkit::Vcpu vcpu_;
    bool           own_sp_ = false;
    bool           is_a64_ = false;
};

std::uint64_t address_of(const MemoryInstruction& instruction, RegisterFile& file)
{
    const auto offset = static_cast<std::uint64_t>(instruction.offset);
    switch (instruction.addressing) {
    case Addressing::literal:
        return file.general().pc() + offset;
    case Addressing::post_index:
        return file.base(instruction.base);
    case Addressing::reg_offset:
        return file.base(instruction.base) +
               (extended(file.general().x(instruction.index), instruction.extend)
                << instruction.shift);
    default:
        return file.base(instruction.base) + offset;
    }
}

bool writes_back(const MemoryInstruction& instruction)
{
    return instruction.addressing == Addressing::pre_index ||
           instruction.addressing == Addressing::post_index;
}

} // namespace

Machine::Step Machine::element(VcpuId id, GuestPhysical address, AccessSize size, bool write,
                               std::uint64_t& value)
{
    // Part of the access may be to memory: a pair that crosses into the device.
    std::array<std::byte, 8> raw{};
    const auto               piece = std::span{raw}.first(bytes(size));
    __builtin_memcpy(raw.data(), &value, raw.size());
    if (write ? memory_.copy_in(address, piece) : memory_.copy_out(piece, address)) {
        __builtin_memcpy(&value, raw.data(), raw.size());
        return Step::done;
    }
    if ((address.raw() & (bytes(size) - 1)) != 0) {
        return Step::unaligned;
    }
    const bool done =
        write ? device_write(id, address, size, value) : device_read(id, address, size, value);
    return done ? Step::done : Step::stray;
}

bool Machine::emulate(VcpuId id, const UndescribedAccess& access)
{
    StrayAccess stray{.kind     = AccessKind::undecodable,
                      .vcpu     = id,
                      .address  = access.address,
                      .size     = AccessSize::byte,
                      .value    = access.write,
                      .pc       = access.pc,
                      .syndrome = access.syndrome};

    const auto   face = vcpu(id);
    RegisterFile file{face};
    const auto   stage1 = stage1_of(face);
    const auto   where  = file.is_a64() ? walk_stage1(access.pc, stage1, memory_) : std::nullopt;
    const auto   word   = where ? memory_.load<std::uint32_t>(*where) : std::nullopt;
    const auto   instruction = word ? decode_memory_instruction(*word) : std::nullopt;
    if (!instruction) {
        return punish(stray, decide(stray));
    }

    if (instruction->operation == MemoryOperation::prefetch) {
        file.finish();
        return true;
    }
    const bool     zeroes = instruction->operation == MemoryOperation::zero_block;
    const bool     stores = instruction->operation != MemoryOperation::load;
    const unsigned size   = bytes(instruction->size);
    const auto     first  = zeroes ? base::align_down<std::uint64_t>(
                                    file.general().x(instruction->regs[0]), arch::zero_block_size())
                                   : address_of(*instruction, file);
    const unsigned count  = zeroes ? arch::zero_block_size() / size : instruction->count;

    std::array<std::uint64_t, 2> values{};
    for (unsigned i = 0; i < count; ++i) {
        const GuestVirtual at{first + i * size};
        const auto         target = walk_stage1(at, stage1, memory_);
        std::uint64_t&     value  = values[i & 1];
        if (stores) {
            value = zeroes ? 0 : file.general().x(instruction->regs[i & 1]);
            value &= ~std::uint64_t{0} >> (64 - 8 * size);
        }
        const auto step =
            target ? element(id, *target, instruction->size, stores, value) : Step::stray;
        if (step == Step::unaligned) {
            take_exception(
                face, stores ? GuestException::unaligned_write : GuestException::unaligned_read,
                at);
            return true;
        }
        if (step == Step::stray) {
            stray.kind        = stores ? AccessKind::write : AccessKind::read;
            stray.size        = instruction->size;
            stray.value       = stores ? value : 0;
            stray.address     = target.value_or(access.address);
            const auto policy = decide(stray);
            if (policy != StrayPolicy::ignore) {
                return punish(stray, policy);
            }
            value = 0;
        }
    }
    if (!stores) {
        for (unsigned i = 0; i < count; ++i) {
            const auto target = instruction->target(i);
            file.general().set_x(target.reg, target.extend(values[i]));
        }
    }
    if (writes_back(*instruction)) {
        file.set_base(instruction->base, file.base(instruction->base) +
                                             static_cast<std::uint64_t>(instruction->offset));
    }
    file.finish();
    return true;
}

} // namespace vmm
