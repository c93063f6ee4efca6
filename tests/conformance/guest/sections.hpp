// SPDX-License-Identifier: BSD-2-Clause
// The parts of the program, each a file.
#pragma once

#include "guest/platform.hpp"

namespace conformance {

/// The machine that the checks find themselves on.
[[nodiscard]] const guest::Platform& platform();

void check_device_tree();
void check_psci();
void check_psci_cpus();
void check_smccc();
void check_gic_registers();
void check_gic_v2_registers();
void check_gic_v3_registers();
void check_gic_delivery();
void check_gic_sgis();
void check_gic_routing();
void check_timers();
void check_traps();
void check_mmio();
/// Late: where the entry is not checked, a CPU is lost.
void check_bad_entries();
/// The last one: on machines that support it, the whole system sleeps.
void check_system_suspend();

} // namespace conformance
