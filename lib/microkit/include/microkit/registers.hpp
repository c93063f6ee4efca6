// SPDX-License-Identifier: BSD-2-Clause
// The registers of a vCPU: the general ones in the kernel's order, the system ones by number.
#pragma once

#include "microkit/seam.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace microkit {

/// General registers of a thread. The kernel transfers a prefix of its own order (pc, sp_el0, spsr,
/// x0..x8, x16..x18, x29, x30, x9..x15, x19..x28, tpidr_el0, tpidrro_el0), so a caller that needs
/// few registers asks for a prefix() that holds them.
class Registers {
public:
    static constexpr unsigned k_count = SEAM_REGISTERS;

    /// Words up to and including pc, spsr, x8 (the common case) and all.
    static constexpr unsigned k_prefix_pc   = 1;
    static constexpr unsigned k_prefix_spsr = 3;
    static constexpr unsigned k_prefix_x8   = 12;

    [[nodiscard]] constexpr std::uint64_t  pc() const { return words_[0]; }
    [[nodiscard]] constexpr std::uint64_t& pc() { return words_[0]; }
    [[nodiscard]] constexpr std::uint64_t  sp_el0() const { return words_[1]; }
    [[nodiscard]] constexpr std::uint64_t& sp_el0() { return words_[1]; }
    [[nodiscard]] constexpr std::uint64_t  spsr() const { return words_[2]; }
    [[nodiscard]] constexpr std::uint64_t& spsr() { return words_[2]; }
    [[nodiscard]] constexpr std::uint64_t& tpidr_el0() { return words_[34]; }
    [[nodiscard]] constexpr std::uint64_t& tpidrro_el0() { return words_[35]; }

    /// The value of Xn as an operand, n up to 31; x(31) is XZR.
    [[nodiscard]] constexpr std::uint64_t x(unsigned n) const
    {
        return n >= 31 ? 0 : words_[k_index_of_x[n]];
    }
    /// Writes Xn, n up to 31; a write to XZR is dropped.
    constexpr void set_x(unsigned n, std::uint64_t value)
    {
        if (n < 31) {
            words_[k_index_of_x[n]] = value;
        }
    }

    /// How many leading words include Xn (n up to 31; XZR needs only pc).
    [[nodiscard]] static constexpr unsigned prefix_of_x(unsigned n)
    {
        return n >= 31 ? k_prefix_pc : k_index_of_x[n] + 1U;
    }

    [[nodiscard]] constexpr std::span<std::uint64_t, k_count>       words() { return words_; }
    [[nodiscard]] constexpr std::span<const std::uint64_t, k_count> words() const { return words_; }

private:
    static constexpr std::array<std::uint8_t, 31> k_index_of_x = {
        3,  4,  5,  6,  7,  8,  9,  10, 11,     // x0..x8
        17, 18, 19, 20, 21, 22, 23,             // x9..x15
        12, 13, 14,                             // x16..x18
        24, 25, 26, 27, 28, 29, 30, 31, 32, 33, // x19..x28
        15, 16,                                 // x29, x30
    };

    // Not initialised: a read overwrites it, and clearing 288 bytes an exit would be waste.
    std::array<std::uint64_t, k_count> words_;
};

/// The registers of EL1 that the kernel keeps for a vCPU, numbered as it does.
enum class SystemRegister : unsigned {
    sctlr_el1      = 0,
    cpacr_el1      = 1,
    ttbr0_el1      = 2,
    ttbr1_el1      = 3,
    tcr_el1        = 4,
    mair_el1       = 5,
    amair_el1      = 6,
    contextidr_el1 = 7,
    actlr_el1      = 8,
    afsr0_el1      = 9,
    afsr1_el1      = 10,
    esr_el1        = 11,
    far_el1        = 12,
    par_el1        = 13,
    vbar_el1       = 14,
    tpidr_el1      = 15,
    vmpidr_el2     = 16,
    sp_el1         = 17,
    elr_el1        = 18,
    spsr_el1       = 19,
    cntv_ctl_el0   = 20,
    cntv_cval_el0  = 21,
    cntvoff_el2    = 22,
    cntkctl_el1    = 23,
};
inline constexpr unsigned k_system_registers = 24;

} // namespace microkit
