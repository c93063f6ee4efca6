// SPDX-License-Identifier: BSD-2-Clause
// The monitor: gets the faults of PDs that have no parent, and tells people about them. It is a
// part of the kernel. Silent unless the configuration prints.
#pragma once

#include "kernel/thread.hpp"

namespace kernel {

/// After boot.
void report_start();
/// The thread has faulted, nobody will answer, and it stays stopped.
void report_fault(const Thread& thread);
/// The PD has become passive.
void report_passive(const Pd& pd);
/// An SError came while the thread ran, which faults for it.
void report_serror(const Thread& thread, std::uint64_t esr);

/// All registers of a thread, a line for every two. Prints in every configuration.
void print_registers(const Context& context);

} // namespace kernel
