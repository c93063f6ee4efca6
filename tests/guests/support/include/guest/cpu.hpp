// SPDX-License-Identifier: BSD-2-Clause
// The few instructions that a bare-metal guest needs and C++ does not have.
#pragma once

#include <cstdint>

namespace guest {

/// The register is part of the instruction, so its name cannot be an argument of a function.
#define GUEST_READ_SYSREG(name)                                                                    \
    __extension__({                                                                                \
        std::uint64_t value_;                                                                      \
        asm volatile("mrs %0, " #name : "=r"(value_)::"memory");                                   \
        value_;                                                                                    \
    })
#define GUEST_WRITE_SYSREG(name, value)                                                            \
    asm volatile("msr " #name ", %0" ::"r"(static_cast<std::uint64_t>(value)) : "memory")

inline void instruction_barrier() { asm volatile("isb" ::: "memory"); }
inline void data_barrier() { asm volatile("dsb sy" ::: "memory"); }
inline void wait_for_interrupt() { asm volatile("wfi" ::: "memory"); }
inline void wait_for_event() { asm volatile("wfe" ::: "memory"); }
inline void send_event() { asm volatile("sev" ::: "memory"); }

/// PSTATE.I: interrupts are masked at entry.
inline void enable_interrupts() { asm volatile("msr daifclr, #2" ::: "memory"); }
inline void disable_interrupts() { asm volatile("msr daifset, #2" ::: "memory"); }

/// Affinity fields of MPIDR_EL1, as device trees and PSCI write them.
inline std::uint64_t own_mpidr() { return GUEST_READ_SYSREG(mpidr_el1) & 0xff'00ff'ffffULL; }

/// Device registers. One instruction of the named width each, with an immediate offset of zero:
/// what a syndrome describes.
inline std::uint32_t read32(std::uint64_t address)
{
    std::uint32_t value;
    asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}
inline void write32(std::uint64_t address, std::uint32_t value)
{
    asm volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}
inline void write64(std::uint64_t address, std::uint64_t value)
{
    asm volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
}

} // namespace guest
