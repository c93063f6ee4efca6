// SPDX-License-Identifier: BSD-2-Clause
// The kernel's clock: the system counter, and the EL2 physical timer that interrupts at a deadline.
#pragma once

#include "kernel/core.hpp"
#include "machine/machine.hpp"

namespace kernel {

[[nodiscard]] inline Ticks clock_now() { return machine::read<machine::Register::cntpct_el0>(); }

/// Interrupts at or after `deadline`; k_never: not at all. The timer is not touched when it is set
/// that way already, which is the usual case.
inline void clock_arm(Core& core, Ticks deadline)
{
    if (deadline == core.armed) {
        return;
    }
    core.armed = deadline;
    machine::write<machine::Register::cnthp_cval_el2>(deadline);
    machine::write<machine::Register::cnthp_ctl_el2>(deadline == k_never ? 0 : 1);
}

} // namespace kernel
