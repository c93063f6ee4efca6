// SPDX-License-Identifier: BSD-2-Clause
// Accesses that only the instruction describes: it is read from the guest's memory and carried out.
//
// The instruction in memory need not be the one that trapped: another CPU of the guest may have
// written over it or changed the tables. So it is carried out only if it fits the fault; if not,
// the vCPU runs on where it was, and the CPU finds out what is there now.
#include "vmm/machine.hpp"

#include "guest_cpu.hpp"

#include "arch/cache.hpp"

#include <bit>

namespace vmm {

using base::GuestPhysical;
using base::GuestVirtual;

namespace {

constexpr std::uint64_t k_page = 4096;

/// How often a vCPU may come back with an instruction that does not fit its fault. Changing code
/// while another CPU runs it takes a moment; for ever it is a guest's bug, or ours.
constexpr unsigned k_retries = 8;

std::uint64_t low_bytes(std::uint64_t value, unsigned count)
{
    return value & (~std::uint64_t{0} >> (64 - 8 * count));
}

/// The value as memory has it, read as a little-endian number; and back.
std::uint64_t in_memory_order(std::uint64_t value, unsigned size, bool big_endian)
{
    return big_endian ? std::byteswap(value) >> (64 - 8 * size) : low_bytes(value, size);
}

/// The registers that an instruction transfers, as pieces of at most 8 bytes in the order of their
/// addresses.
class Pieces {
public:
    Pieces(const MemoryInstruction& instruction, bool big_endian)
        : instruction_{instruction}
        , size_{bytes(instruction.size)}
        , halves_{instruction.unit / size_}
        , big_endian_{big_endian}
    {
    }

    [[nodiscard]] unsigned count() const { return instruction_.count * halves_; }

    /// From the registers. False: nobody gives us the vector registers.
    [[nodiscard]] bool fetch(microkit::Vcpu vcpu, const microkit::Registers& general)
    {
        for (unsigned i = 0; i < instruction_.count; ++i) {
            microkit::VectorRegister value{general.x(instruction_.regs[i])};
            if (instruction_.bank == RegisterBank::vector &&
                !vcpu.read_vector(instruction_.regs[i], value)) {
                return false;
            }
            for (unsigned half = 0; half < halves_; ++half) {
                at(i, half) = in_memory_order(value[half], size_, big_endian_);
            }
        }
        return true;
    }

    /// Into the registers. False: as fetch().
    [[nodiscard]] bool put(microkit::Vcpu vcpu, microkit::Registers& general)
    {
        for (unsigned i = 0; i < instruction_.count; ++i) {
            microkit::VectorRegister value{};
            for (unsigned half = 0; half < halves_; ++half) {
                value[half] = in_memory_order(at(i, half), size_, big_endian_);
            }
            if (instruction_.bank == RegisterBank::general) {
                const auto target = instruction_.target(i);
                general.set_x(target.reg, target.extend(value[0]));
            } else if (!vcpu.write_vector(instruction_.regs[i], value)) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] std::uint64_t& operator[](unsigned index) { return values_[index]; }

private:
    /// A big-endian register has its upper half at the lower address.
    [[nodiscard]] std::uint64_t& at(unsigned reg, unsigned half)
    {
        return values_[reg * halves_ + (big_endian_ ? halves_ - 1 - half : half)];
    }

    const MemoryInstruction&     instruction_;
    unsigned                     size_;
    unsigned                     halves_; ///< pieces of one register
    bool                         big_endian_;
    std::array<std::uint64_t, 4> values_{};
};

} // namespace

bool Machine::may_retry(VcpuId id, GuestVirtual pc)
{
    VcpuRecord& record = records_[id];
    if (record.suspect != pc) {
        record.suspect = pc;
        record.retries = 0;
    }
    return ++record.retries <= k_retries;
}

Machine::Step Machine::piece(VcpuId id, const PiecePlace& place, AccessSize size, bool write,
                             std::uint64_t& value)
{
    // Part of the access may be to memory: a pair that crosses into the device.
    std::array<std::byte, 8> raw{};
    const auto               whole = std::span{raw}.first(bytes(size));
    const auto               lower = whole.first(place.size_at_start);
    const auto               upper = whole.subspan(place.size_at_start);
    __builtin_memcpy(raw.data(), &value, raw.size());
    if (memory_.contains(place.start, lower.size()) && memory_.contains(place.rest, upper.size())) {
        // Only the description knows what RAM a guest may write: we do not do it in its place.
        const bool done =
            !write && memory_.copy_out(lower, place.start) && memory_.copy_out(upper, place.rest);
        __builtin_memcpy(&value, raw.data(), raw.size());
        return done ? Step::done : Step::stray;
    }
    if ((place.start.raw() & (bytes(size) - 1)) != 0) {
        return Step::unaligned;
    }
    const bool done = write ? device_write(id, place.start, size, value)
                            : device_read(id, place.start, size, value);
    return done ? Step::done : Step::stray;
}

std::expected<Machine::PiecePlace, Stage1Fault>
Machine::place_of(const GuestCpu& cpu, const MemoryInstruction& instruction, GuestVirtual at) const
{
    const auto size  = bytes(instruction.size);
    const auto start = cpu.translate(at, instruction);
    if (!start) {
        return std::unexpected{start.error()};
    }
    const auto to_end = static_cast<unsigned>(k_page - (at.raw() & (k_page - 1)));
    if (to_end >= size) {
        return PiecePlace{.start = *start, .rest = *start, .size_at_start = size};
    }
    const auto rest = cpu.translate(GuestVirtual{at.raw() + to_end}, instruction);
    if (!rest) {
        return std::unexpected{rest.error()};
    }
    return PiecePlace{.start = *start, .rest = *rest, .size_at_start = to_end};
}

bool Machine::emulate(VcpuId id, const UndescribedAccess& access)
{
    StrayAccess stray{.kind            = AccessKind::undecodable,
                      .vcpu            = id,
                      .address         = access.address,
                      .size            = AccessSize::byte,
                      .value           = access.write,
                      .pc              = access.pc,
                      .syndrome        = access.syndrome,
                      .virtual_address = {}};

    GuestCpu   cpu{vcpu(id), memory_};
    const auto found = cpu.instruction();
    if (found) {
        stray.virtual_address = cpu.culprit(*found, access.address, access.write);
    }
    if (!stray.virtual_address) {
        const bool changed = found || found.error() == GuestCpu::Failure::not_mapped;
        return (changed && may_retry(id, access.pc)) || answer_stray(stray);
    }
    records_[id].suspect = {};
    if (memory_.contains(access.address, 1)) {
        stray.kind  = access.write ? AccessKind::write : AccessKind::read;
        stray.value = 0;
        return answer_stray(stray); // RAM that the description does not let the guest have
    }
    return found->operation == MemoryOperation::exclusive ? refuse_exclusive(stray)
                                                          : carry_out(stray, cpu, *found);
}

bool Machine::refuse_exclusive(const StrayAccess& stray)
{
    if (!is_device(stray.address)) {
        const auto policy = decide(stray);
        if (is_obsolete() || policy == StrayPolicy::stop) {
            return punish(stray, policy);
        }
    }
    take_exception(vcpu(stray.vcpu),
                   GuestException::data_abort(k_unsupported_exclusive, stray.value != 0,
                                              stray.virtual_address));
    return true;
}

bool Machine::carry_out(StrayAccess& stray, GuestCpu& cpu, const MemoryInstruction& instruction)
{
    const VcpuId   id     = stray.vcpu;
    const bool     zeroes = instruction.operation == MemoryOperation::zero_block;
    const bool     stores = instruction.stores;
    const unsigned size   = bytes(instruction.size);
    const auto     first  = cpu.first_byte(instruction);

    Pieces pieces{instruction, cpu.is_big_endian()};
    if (!zeroes && !pieces.fetch(vcpu(id), cpu.general())) {
        return answer_stray(stray); // vector registers, which the kernel keeps to itself
    }
    // All translations first: an instruction that the guest's own tables stop does nothing.
    std::array<PiecePlace, 4> places{};
    const unsigned            count = zeroes ? arch::zero_block_size() / size : pieces.count();
    for (unsigned i = 0; i < (zeroes ? 1 : count); ++i) {
        const GuestVirtual at{first.raw() + std::uint64_t{i} * size};
        const auto         place = place_of(cpu, instruction, at);
        if (!place) {
            take_exception(vcpu(id), GuestException::data_abort(place.error().status, stores, at));
            return true;
        }
        places[i] = *place;
    }

    std::optional<StrayPolicy> policy; // one decision for an instruction
    for (unsigned i = 0; i < count; ++i) {
        const GuestVirtual at{first.raw() + std::uint64_t{i} * size};
        std::uint64_t      zero  = 0;
        std::uint64_t&     value = zeroes ? zero : pieces[i];
        PiecePlace         place = places[zeroes ? 0 : i];
        if (zeroes) {
            place.start = GuestPhysical{place.start.raw() + std::uint64_t{i} * size};
        }
        const auto step = piece(id, place, instruction.size, stores, value);
        if (is_obsolete()) {
            return false;
        }
        if (step == Step::unaligned) {
            take_exception(vcpu(id), GuestException::data_abort(k_alignment_fault, stores, at));
            return true;
        }
        if (step == Step::stray) {
            stray.kind            = stores ? AccessKind::write : AccessKind::read;
            stray.size            = instruction.size;
            stray.value           = stores ? value : 0;
            stray.address         = place.start;
            stray.virtual_address = at;
            policy                = policy ? policy : decide(stray);
            if (is_obsolete() || *policy != StrayPolicy::ignore) {
                return punish(stray, *policy);
            }
            value = 0;
        }
    }
    if (!stores && !pieces.put(vcpu(id), cpu.general())) {
        return answer_stray(stray);
    }
    cpu.finish(instruction);
    return true;
}

} // namespace vmm
