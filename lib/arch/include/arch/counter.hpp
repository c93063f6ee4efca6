// SPDX-License-Identifier: BSD-2-Clause
// The system counter (Arm ARM DDI 0487, D11.1), which kernels export to EL0. On a host the numbers
// come from whoever defines the two functions: a test.
#pragma once

#include <cstdint>

namespace arch {

#if defined(__aarch64__)

/// CNTPCT_EL0.
[[nodiscard]] inline std::uint64_t physical_count()
{
    std::uint64_t count = 0;
    asm volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(count) : : "memory");
    return count;
}

/// The same, a few instructions early or late: for notes of when something happened.
[[nodiscard]] inline std::uint64_t about_physical_count()
{
    std::uint64_t count = 0;
    asm volatile("mrs %0, cntpct_el0" : "=r"(count));
    return count;
}

/// CNTFRQ_EL0, in Hz.
[[nodiscard]] inline std::uint64_t counter_frequency()
{
    std::uint64_t frequency = 0;
    asm("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency;
}

#else

[[nodiscard]] std::uint64_t        physical_count();
[[nodiscard]] std::uint64_t        counter_frequency();
[[nodiscard]] inline std::uint64_t about_physical_count() { return physical_count(); }

#endif

/// Ticks of the counter in so many milliseconds.
[[nodiscard]] inline std::uint64_t counter_ticks(std::uint64_t milliseconds)
{
    return counter_frequency() * milliseconds / 1000;
}

} // namespace arch
