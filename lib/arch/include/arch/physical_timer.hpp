// SPDX-License-Identifier: BSD-2-Clause
// The EL1 physical timer (Arm ARM DDI 0487, D17.11): CNTP_CTL_EL0 and CNTP_CVAL_EL0, for a driver
// on a kernel that exports them to EL0. On a host a test defines the functions.
#pragma once

#include <cstdint>

namespace arch {

#if defined(__aarch64__)

/// Raises the interrupt when the physical counter reaches `compare`, and as long as it is there.
inline void start_physical_timer(std::uint64_t compare)
{
    constexpr std::uint64_t k_enable = 1;
    asm volatile("msr cntp_cval_el0, %0\n\tmsr cntp_ctl_el0, %1\n\tisb"
                 :
                 : "r"(compare), "r"(k_enable)
                 : "memory");
}

/// No interrupt from here on.
inline void stop_physical_timer() { asm volatile("msr cntp_ctl_el0, xzr\n\tisb" : : : "memory"); }

#else

void start_physical_timer(std::uint64_t compare);
void stop_physical_timer();

#endif

} // namespace arch
