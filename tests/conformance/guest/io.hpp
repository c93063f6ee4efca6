// SPDX-License-Identifier: BSD-2-Clause
// Device registers in every width, one instruction each; time that passes.
#pragma once

#include "guest/cpu.hpp"
#include "guest/timer.hpp"

#include <cstdint>

namespace conformance {

inline std::uint8_t read8(std::uint64_t address)
{
    std::uint32_t value;
    asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<std::uint8_t>(value);
}
inline void write8(std::uint64_t address, std::uint8_t value)
{
    asm volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}
inline std::uint16_t read16(std::uint64_t address)
{
    std::uint32_t value;
    asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<std::uint16_t>(value);
}
inline void write16(std::uint64_t address, std::uint16_t value)
{
    asm volatile("strh %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}
using guest::read32;
using guest::write32;
using guest::write64;
inline std::uint64_t read64(std::uint64_t address)
{
    std::uint64_t value;
    asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

/// Ticks of the counter in so many microseconds.
inline std::uint64_t microseconds(std::uint64_t count)
{
    return guest::ticks_per_second() / 1000 * count / 1000;
}

/// Calls `done` until it is true; false after so many microseconds without.
template <class Done>
bool wait_until(std::uint64_t limit, Done&& done)
{
    const auto end = guest::now() + microseconds(limit);
    while (!done()) {
        if (guest::now() > end) {
            return done();
        }
    }
    return true;
}

/// How long to wait for what must happen at once, and for what must not happen at all.
inline constexpr std::uint64_t k_soon = 5'000'000, k_never = 500;
/// How long a CPU waits that many others keep from running.
inline constexpr std::uint64_t k_patient = 6 * k_soon;

} // namespace conformance
