// SPDX-License-Identifier: BSD-2-Clause
// Physical interrupts: of PDs, of the kernel's timer, and of the loaded vCPU.
#pragma once

#include "kernel/core.hpp"

namespace kernel {

/// Takes one pending interrupt, if there is one, and does what is due.
void handle_interrupt(Core& core);

/// A vCPU is stopped before its supervisor has received its fault. If that was an event of an
/// interrupt, and no instruction that will trap again, it comes again when the vCPU runs.
void take_event_back(Core& core, Vcpu& vcpu);

/// A PD has dealt with its interrupt; `irq` is an index into the table. One that is not waiting for
/// this stays as it is.
void acknowledge_irq(Core& core, unsigned irq);

} // namespace kernel
