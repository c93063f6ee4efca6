// SPDX-License-Identifier: BSD-2-Clause
// A vCPU that stopped at a memory access, as its instruction sees it: registers, rights, byte
// order, translation. What it reads of guest memory may have changed since the CPU read it, so
// nothing here does more than the guest may do by itself, and culprit() tells whether it still
// fits.
#pragma once

#include "arch/spsr.hpp"
#include "microkit/vcpu.hpp"
#include "vmm/instruction.hpp"
#include "vmm/memory.hpp"
#include "vmm/stage1_walk.hpp"

#include <expected>
#include <optional>

namespace vmm {

class GuestCpu {
public:
    /// Why there is no instruction to look at.
    enum class Failure : std::uint8_t {
        not_mapped, ///< any more: the guest's tables are not what they were
        unreadable, ///< it is not in RAM, is no A64, or one that the decoder does not know
    };

    GuestCpu(microkit::Vcpu vcpu, const GuestMemory& memory);

    [[nodiscard]] microkit::Registers& general() { return registers_; }

    /// At EL1.
    [[nodiscard]] bool is_privileged() const { return privileged_; }
    /// Whether its data is big-endian.
    [[nodiscard]] bool is_big_endian() const;

    /// The instruction at pc.
    [[nodiscard]] std::expected<MemoryInstruction, Failure> instruction() const;

    /// The first byte that an instruction accesses, and how many there are.
    [[nodiscard]] base::GuestVirtual   first_byte(const MemoryInstruction& instruction) const;
    [[nodiscard]] static std::uint64_t byte_count(const MemoryInstruction& instruction);

    /// Translates an address of one of its accesses.
    [[nodiscard]] Stage1Result translate(base::GuestVirtual       address,
                                         const MemoryInstruction& instruction) const;

    /// The byte of the access that is at guest-physical `fault`, if the instruction can have caused
    /// a fault there with that direction: then it is the one that the CPU was executing.
    [[nodiscard]] std::optional<base::GuestVirtual>
    culprit(const MemoryInstruction& instruction, base::GuestPhysical fault, bool write) const;

    /// Where the guest's own tables are where nothing is: the fault status of a walk that ends
    /// there.
    struct WalkError {
        std::uint8_t       status;
        base::GuestVirtual address;
    };
    /// Of the data access that the instruction makes; nothing if that is not the trouble.
    [[nodiscard]] std::optional<WalkError> walk_error() const;
    /// Of the instruction's fetch: the status.
    [[nodiscard]] std::optional<std::uint8_t> walk_error_at_pc() const;

    /// Updates the base register as the addressing mode wants it, and goes on behind the
    /// instruction.
    void finish(const MemoryInstruction& instruction);

private:
    [[nodiscard]] Stage1Result  place_of_pc() const;
    [[nodiscard]] std::uint64_t base(RegisterNumber number) const;
    void                        set_base(RegisterNumber number, std::uint64_t value);

    microkit::Registers registers_;
    microkit::Vcpu      vcpu_;
    const GuestMemory&  memory_;
    Stage1Registers     stage1_{};
    arch::Spsr          state_{};
    bool                is_a64_     = false;
    bool                privileged_ = false;
    bool                own_sp_     = false; ///< SP_EL1, else SP_EL0
};

} // namespace vmm
