// SPDX-License-Identifier: BSD-2-Clause
// The machine itself: system registers, device registers, barriers. Nothing else in the kernel
// contains instructions; tests put test/fake/machine/machine.hpp in the place of this file.
#pragma once

#include "kernel/system_registers.hpp"

#include <array>
#include <cstdint>

namespace machine {

/// MRS of one register.
template <Register R>
[[nodiscard]] std::uint64_t read();

/// MSR to one register. Takes effect at the next context synchronisation: an exception return
/// does, so code that leaves the kernel needs no barrier of its own.
template <Register R>
void write(std::uint64_t value);

#define PICOKIT_REGISTER(name)                                                                     \
    template <>                                                                                    \
    [[nodiscard]] inline std::uint64_t read<Register::name>()                                      \
    {                                                                                              \
        std::uint64_t value;                                                                       \
        asm volatile("mrs %0, " #name : "=r"(value));                                              \
        return value;                                                                              \
    }                                                                                              \
    template <>                                                                                    \
    inline void write<Register::name>(std::uint64_t value)                                         \
    {                                                                                              \
        asm volatile("msr " #name ", %x0" : : "rZ"(value));                                        \
    }
// A register that can only be read gets both functions, too: what nobody uses is not assembled.
#include "kernel/system_registers.def"

/// Device registers; the kernel maps the frames of the board one to one.
[[nodiscard]] inline std::uint8_t read8(std::uint64_t address)
{
    return *reinterpret_cast<const volatile std::uint8_t*>(address);
}
[[nodiscard]] inline std::uint32_t read32(std::uint64_t address)
{
    return *reinterpret_cast<const volatile std::uint32_t*>(address);
}
[[nodiscard]] inline std::uint64_t read64(std::uint64_t address)
{
    return *reinterpret_cast<const volatile std::uint64_t*>(address);
}
inline void write8(std::uint64_t address, std::uint8_t value)
{
    *reinterpret_cast<volatile std::uint8_t*>(address) = value;
}
inline void write32(std::uint64_t address, std::uint32_t value)
{
    *reinterpret_cast<volatile std::uint32_t*>(address) = value;
}
inline void write64(std::uint64_t address, std::uint64_t value)
{
    *reinterpret_cast<volatile std::uint64_t*>(address) = value;
}

/// Memory that the kernel shares with a PD or finds in the image.
template <class T>
[[nodiscard]] T* pointer(std::uint64_t physical)
{
    return reinterpret_cast<T*>(physical);
}

inline void synchronise_context() { asm volatile("isb" : : : "memory"); }

/// All of it, after code was written and its lines cleaned.
inline void invalidate_instruction_cache()
{
    asm volatile("dsb ish\n\tic iallu\n\tdsb ish\n\tisb" : : : "memory");
}

/// Until a physical interrupt is pending. Masked ones count, so nothing is missed between a last
/// look and the wait. The DSB lets what was written to memory and devices arrive before we sleep.
inline void wait_for_interrupt() { asm volatile("dsb sy\n\twfi" : : : "memory"); }

/// PAR_EL1 of a guest's virtual address, translated by the guest's stage 1 only, as an EL1 read.
/// Leaves PAR_EL1 as it was: it may hold the result of the guest's own AT instruction.
[[nodiscard]] inline std::uint64_t translate_stage1_read(std::uint64_t address)
{
    std::uint64_t saved;
    std::uint64_t result;
    asm volatile("mrs %0, par_el1\n\t"
                 "at s1e1r, %2\n\t"
                 "isb\n\t" // the result is there only after a context synchronisation
                 "mrs %1, par_el1\n\t"
                 "msr par_el1, %0"
                 : "=&r"(saved), "=&r"(result)
                 : "r"(address)
                 : "memory");
    return result;
}

/// The 32 vector registers, FPSR and FPCR to and from 528 bytes, aligned to 16 (exception.S).
extern "C" void picokit_fp_save(void* to);
extern "C" void picokit_fp_load(const void* from);
inline void     fp_save(void* to) { picokit_fp_save(to); }
inline void     fp_load(const void* from) { picokit_fp_load(from); }

/// SMC #0 with x0 to x7 from and to `words`. x0 becomes -1 where the machine has no EL3 for it.
extern "C" void picokit_smc(std::uint64_t* words);
inline void     smc(std::uint64_t* words) { picokit_smc(words); }

/// Ends here, for good, without burning power.
[[noreturn]] inline void halt()
{
    for (;;) {
        asm volatile("msr daifset, #15\n\twfi");
    }
}

} // namespace machine
