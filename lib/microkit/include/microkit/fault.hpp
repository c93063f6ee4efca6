// SPDX-License-Identifier: BSD-2-Clause
// Faults of children and vCPUs: which one it is, and its words under their names.
#pragma once

#include "arch/esr.hpp"
#include "base/address.hpp"
#include "microkit/message.hpp"

#include <cstdint>

namespace microkit {

/// The label of the message that `fault` gets.
enum class FaultLabel : std::uint64_t {
    null            = 0,
    capability      = 1, ///< CapFault
    unknown_syscall = 2, ///< UnknownSyscall: of a vCPU, an HVC
    user_exception  = 3, ///< UserException
    debug_exception = 4, ///< DebugException
    timeout         = 5, ///< TimeoutFault
    memory          = 6, ///< VmFault
    gic_maintenance = 7, ///< GicMaintenance
    vcpu            = 8, ///< VcpuFault
    ppi             = 9, ///< PpiEvent
};

[[nodiscard]] inline FaultLabel fault_label(MessageInfo info)
{
    return static_cast<FaultLabel>(info.label());
}

// Each fault below is a view of the message words: valid until the next call that reaches the
// kernel. "Resumes" says what a reply does.

/// A capability was used that is not there. A vCPU raises it with an HVC whose x7 happens to be
/// the number of a kernel call. Any reply resumes at ip, the instruction itself.
struct CapFault {
    [[nodiscard]] static std::uint64_t ip() { return message_word(0); }
    [[nodiscard]] static std::uint64_t capability() { return message_word(1); }
    [[nodiscard]] static bool          in_receive_phase() { return message_word(2) != 0; }
    [[nodiscard]] static std::uint64_t lookup_failure() { return message_word(3); }
};

/// SVC of a PD, or HVC of a vCPU, with a number that the kernel does not know. A reply with label 0
/// writes its first words (up to 12) back to the registers in this order and resumes at ip.
struct UnknownSyscall {
    static constexpr unsigned k_word_ip        = 8;
    static constexpr unsigned k_word_sp        = 9;
    static constexpr unsigned k_word_spsr      = 11;
    static constexpr unsigned k_writable_words = 12;

    [[nodiscard]] static std::uint64_t x(unsigned n) { return message_word(n); } ///< n up to 7
    [[nodiscard]] static std::uint64_t ip() { return message_word(k_word_ip); }  ///< the HVC itself
    [[nodiscard]] static std::uint64_t sp_el0() { return message_word(k_word_sp); }
    [[nodiscard]] static std::uint64_t return_address() { return message_word(10); } ///< ip + 4
    [[nodiscard]] static std::uint64_t spsr() { return message_word(k_word_spsr); }
    [[nodiscard]] static std::uint64_t number() { return message_word(12); } ///< x7
};

/// An exception without a class of its own: an undefined instruction. A reply with label 0 writes
/// its first words (up to 3: ip, sp, spsr) back and resumes at ip.
struct UserException {
    static constexpr unsigned k_writable_words = 3;

    [[nodiscard]] static std::uint64_t ip() { return message_word(0); }
    [[nodiscard]] static std::uint64_t sp_el0() { return message_word(1); }
    [[nodiscard]] static std::uint64_t spsr() { return message_word(2); }
    [[nodiscard]] static arch::Esr     syndrome() { return arch::Esr{message_word(3)}; }
};

/// Breakpoint, watchpoint, step or BRK, with kernels that have the debug API. Resumes at ip if the
/// reply's label is 0.
struct DebugException {
    enum class Reason : std::uint64_t { data_breakpoint, instruction_breakpoint, step, software };

    [[nodiscard]] static std::uint64_t ip() { return message_word(0); }
    [[nodiscard]] static Reason        reason() { return static_cast<Reason>(message_word(1)); }
    [[nodiscard]] static std::uint64_t address() { return message_word(2); }
};

/// A memory access that the address space does not allow. Any reply resumes at ip.
struct VmFault {
    /// A virtual address, of a vCPU too.
    [[nodiscard]] static std::uint64_t ip() { return message_word(0); }
    /// Virtual for a PD; for a vCPU guest-physical, see guest_physical().
    [[nodiscard]] static std::uint64_t       address() { return message_word(1); }
    [[nodiscard]] static base::GuestPhysical guest_physical()
    {
        return base::GuestPhysical{message_word(1)};
    }
    [[nodiscard]] static bool      is_instruction_fetch() { return message_word(2) != 0; }
    [[nodiscard]] static arch::Esr syndrome() { return arch::Esr{message_word(3)}; }
};

/// The guest ended an interrupt. Any reply resumes.
struct GicMaintenance {
    static constexpr std::uint64_t k_unknown = ~std::uint64_t{0};

    /// The list register that is free now, or k_unknown.
    [[nodiscard]] static std::uint64_t list_register() { return message_word(0); }
};

/// Any other trap of a vCPU: SMC, WFI, WFE, system registers. Any reply resumes at the instruction
/// itself: advance pc first.
struct VcpuFault {
    [[nodiscard]] static arch::Esr syndrome() { return arch::Esr{message_word(0)}; }
};

/// A private interrupt of the vCPU (the virtual timer) fired and is masked until
/// Vcpu::acknowledge_ppi(). Any reply resumes.
struct PpiEvent {
    [[nodiscard]] static std::uint32_t intid()
    {
        return static_cast<std::uint32_t>(message_word(0));
    }
};

} // namespace microkit
