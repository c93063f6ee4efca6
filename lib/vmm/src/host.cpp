// SPDX-License-Identifier: BSD-2-Clause
// PSCI calls to the board's firmware.
#include "vmm/host.hpp"

#include "arch/smccc.hpp"
#include "microkit/smc.hpp"

namespace vmm {

void power_off_board() { (void)microkit::smc({arch::psci::k_system_off}); }

void reset_board() { (void)microkit::smc({arch::psci::k_system_reset}); }

} // namespace vmm
