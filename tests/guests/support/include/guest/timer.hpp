// SPDX-License-Identifier: BSD-2-Clause
// The virtual timer of the calling CPU.
#pragma once

#include "guest/cpu.hpp"

#include <cstdint>

namespace guest {

/// Virtual count, in ticks.
inline std::uint64_t now()
{
    instruction_barrier(); // else the counter may be read ahead of what comes before
    return GUEST_READ_SYSREG(cntvct_el0);
}
inline std::uint64_t ticks_per_second() { return GUEST_READ_SYSREG(cntfrq_el0); }

/// The interrupt line goes high when the count reaches `deadline`.
inline void start_timer(std::uint64_t deadline)
{
    GUEST_WRITE_SYSREG(cntv_cval_el0, deadline);
    GUEST_WRITE_SYSREG(cntv_ctl_el0, 1);
    instruction_barrier();
}
inline void stop_timer()
{
    GUEST_WRITE_SYSREG(cntv_ctl_el0, 0);
    instruction_barrier();
}

} // namespace guest
