// SPDX-License-Identifier: BSD-2-Clause
// Physical interrupts: of PDs, of the kernel's timer, and of the loaded vCPU.
#pragma once

#include "kernel/core.hpp"

namespace kernel {

/// Takes one pending interrupt, if there is one, and does what is due.
void handle_interrupt(Core& core);

/// A PD has dealt with its interrupt; `irq` is an index into the table. One that is not waiting for
/// this stays as it is.
void acknowledge_irq(Core& core, unsigned irq);

} // namespace kernel
