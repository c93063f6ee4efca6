// SPDX-License-Identifier: BSD-2-Clause
// Registers of a device that a driver has mapped. On a host a test defines the functions (see
// tests/kit, fake_mmio).
#pragma once

#include <cstdint>

namespace arch {

#if defined(__aarch64__)

// The instructions are written out, so that a register is accessed once, in its width, in a form
// that a hypervisor can emulate.
[[nodiscard]] inline std::uint32_t mmio_read32(std::uintptr_t address)
{
    std::uint32_t value = 0;
    asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}
inline void mmio_write32(std::uintptr_t address, std::uint32_t value)
{
    asm volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}
[[nodiscard]] inline std::uint8_t mmio_read8(std::uintptr_t address)
{
    std::uint32_t value = 0;
    asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<std::uint8_t>(value);
}

/// What was written to memory before is seen by a device that is told of it afterwards, and what
/// it wrote before it told us is read afterwards.
inline void device_barrier() { asm volatile("dmb osh" : : : "memory"); }

#else

[[nodiscard]] std::uint32_t mmio_read32(std::uintptr_t address);
void                        mmio_write32(std::uintptr_t address, std::uint32_t value);
[[nodiscard]] std::uint8_t  mmio_read8(std::uintptr_t address);
inline void                 device_barrier() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

#endif

} // namespace arch
